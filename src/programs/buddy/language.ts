/** The languages of zbud's and z3fold's programs, which are one. */
import {
  COUNT,
  DATA,
  type Grammar,
  languageOf,
  oneOf,
  optional,
  POSITIVE,
  renamedObjects,
  SMALL,
  TRUTH,
  WHOLE,
} from "../grammar.ts";
import type { Language } from "../program.ts";
import { ZONES } from "../zones.ts";
import { randomBuddyProgram } from "./random.ts";
import type { BuddyStep } from "./steps.ts";

const OBJECT = { object: WHOLE };

const GRAMMAR: Grammar<BuddyStep> = {
  create: {
    pageSize: optional(oneOf(4096, 8192, 16384, 32768, 65536)),
    wordBits: optional(oneOf(32, 64)),
    maxPages: optional(POSITIVE),
    buddy: optional(ZONES),
    firstPfn: optional(WHOLE),
    dirty: optional(WHOLE),
  },
  malloc: { ...OBJECT, size: COUNT },
  free: { ...OBJECT, later: optional(TRUTH) },
  work: {},
  write: { ...OBJECT, data: DATA },
  read: OBJECT,
  map: OBJECT,
  unmap: OBJECT,
  reclaim: { retries: SMALL, refuseEach: SMALL },
  fail: { what: oneOf("frame", "slab"), after: SMALL },
  where: OBJECT,
  order: {},
};

/** The language of one of the two allocators. */
function buddyLanguage(name: "zbud" | "z3fold"): Language<BuddyStep> {
  return {
    name,
    ...languageOf(GRAMMAR),
    random: randomBuddyProgram,
    renamed: renamedObjects,
  };
}

/** The language of zbud's programs: without slots, and with no worker. */
export const ZBUD_LANGUAGE: Language<BuddyStep> = buddyLanguage("zbud");
/** The language of z3fold's programs. */
export const Z3FOLD_LANGUAGE: Language<BuddyStep> = buddyLanguage("z3fold");
