/** The language of the swap path. */
import type { Language } from "../program.ts";
import { parseSwapStep, simplerSwapStep } from "./parse.ts";
import { randomSwapProgram } from "./random.ts";
import { SWAP_OPS, type SwapStep } from "./steps.ts";

/** Programs of processes whose pages are paged out and come back. */
export const SWAP_LANGUAGE: Language<SwapStep> = {
  name: "swap",
  ops: SWAP_OPS,
  parse: parseSwapStep,
  random: randomSwapProgram,
  simpler: simplerSwapStep,
};
