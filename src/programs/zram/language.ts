/** The language of programs for a compressed block device. */
import type { Language } from "../program.ts";
import { parseZramStep } from "./parse.ts";
import { randomZramProgram } from "./random.ts";
import { simplerZramSteps } from "./simpler.ts";
import { ZRAM_OPS, type ZramStep } from "./steps.ts";

/** Programs for a compressed block device. */
export const ZRAM_LANGUAGE: Language<ZramStep> = {
  name: "zram",
  ops: ZRAM_OPS,
  parse: parseZramStep,
  random: randomZramProgram,
  simpler: simplerZramSteps,
};
