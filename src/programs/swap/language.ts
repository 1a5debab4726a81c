/** The language of the swap path. */
import { whole } from "../fields.ts";
import {
  COUNT,
  DATA,
  field,
  type Grammar,
  languageOf,
  oneOf,
  optional,
  POSITIVE,
  SMALL,
  TEXT,
  TRUTH,
  WHOLE,
} from "../grammar.ts";
import type { Language } from "../program.ts";
import { randomSwapProgram } from "./random.ts";
import { SWAP_BELOW, type SwapStep } from "./steps.ts";

const PROCESS = { process: optional(WHOLE) };
const PAGE = { page: SMALL, ...PROCESS };

/** The operations and how their fields are read. */
export const SWAP_GRAMMAR: Grammar<SwapStep> = {
  create: {
    pageSize: optional(POSITIVE),
    wordBits: optional(POSITIVE),
    chainSize: optional(POSITIVE),
    slots: optional(POSITIVE),
    frames: optional(POSITIVE),
    poolPages: optional(POSITIVE),
    failWrites: optional(POSITIVE),
    failReads: optional(POSITIVE),
    failAllocations: optional(POSITIVE),
    stableWrites: optional(TRUTH),
    totalPages: optional(POSITIVE),
    swapPages: optional(POSITIVE),
    allocator: optional(oneOf("zbud", "z3fold", "zsmalloc")),
    below: optional(oneOf(...SWAP_BELOW)),
  },
  set: { attr: TEXT, value: TEXT },
  get: { attr: TEXT },
  write: { ...PAGE, data: DATA },
  read: PAGE,
  pageout: PAGE,
  forget: PAGE,
  counters: {},
  pageout_all: PROCESS,
  write_under_writeback: { ...PAGE, data: DATA },
  reclaim: {},
  exit: PROCESS,
  shrink: { nr: COUNT },
  evict: {},
  evict_end: {},
  zram_writeback: {
    type: oneOf("idle", "huge"),
    age: optional(field(whole, "a whole number of seconds")),
  },
  swapoff: {},
  wait: { seconds: WHOLE },
};

/** Programs of processes whose pages are paged out and come back. */
export const SWAP_LANGUAGE: Language<SwapStep> = {
  name: "swap",
  ...languageOf(SWAP_GRAMMAR),
  random: randomSwapProgram,
};
