/** The language of programs for the buddy allocator of pages. */
import {
  type Grammar,
  languageOf,
  oneOf,
  optional,
  POSITIVE,
  renamedObjects,
  SMALL,
  WHOLE,
} from "../grammar.ts";
import type { Language } from "../program.ts";
import { ZONES } from "../zones.ts";
import { randomPageAllocProgram } from "./random.ts";
import type { GfpName, PageAllocStep } from "./steps.ts";

const OBJECT = { object: WHOLE };

/** What is asked for, the simplest first. */
const GFP_NAMES: readonly GfpName[] = [
  "kernel",
  "user",
  "movable",
  "reclaimable",
  "highmem",
];

const ANY_GFP = {
  ...oneOf(...GFP_NAMES),
  simpler: (name: GfpName) => GFP_NAMES.slice(0, GFP_NAMES.indexOf(name)),
};

const GRAMMAR: Grammar<PageAllocStep> = {
  create: { buddy: ZONES, firstPfn: optional(WHOLE) },
  alloc: { ...OBJECT, order: SMALL, gfp: ANY_GFP },
  free: OBJECT,
  pin: { ...OBJECT, refuses: oneOf("isolate", "migrate") },
  unpin: OBJECT,
  read: OBJECT,
  compact: {
    zone: SMALL,
    order: optional(POSITIVE),
    gfp: optional(ANY_GFP),
  },
  show: {},
};

/** The language of programs for the buddy allocator of pages. */
export const PAGE_ALLOC_LANGUAGE: Language<PageAllocStep> = {
  name: "page_alloc",
  ...languageOf(GRAMMAR),
  random: randomPageAllocProgram,
  renamed: renamedObjects,
};
