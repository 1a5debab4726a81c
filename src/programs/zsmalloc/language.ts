/** The language of the programs for an allocator. */
import type { Language } from "../program.ts";
import { parseZsmallocStep, ZSMALLOC_OPS } from "./parse.ts";
import { randomZsmallocProgram } from "./random_program.ts";
import { renamedObjects, simplerZsmallocSteps } from "./simpler.ts";
import type { ZsmallocStep } from "./steps.ts";

/**
 * The programs for an allocator: pools from one object to a hundred thousand,
 * of few sizes, which fill, are thinned, age and compact.
 */
export const ZSMALLOC_LANGUAGE: Language<ZsmallocStep> = {
  name: "zsmalloc",
  ops: ZSMALLOC_OPS,
  parse: parseZsmallocStep,
  random: randomZsmallocProgram,
  simpler: simplerZsmallocSteps,
  renamed: renamedObjects,
};
