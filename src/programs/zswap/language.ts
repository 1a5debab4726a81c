/** The language of programs for zswap as a cache. */
import { type Bytes, bytes, simplerBytes } from "../bytes.ts";
import {
  COUNT,
  DATA,
  field,
  type Grammar,
  languageOf,
  oneOf,
  optional,
  POSITIVE,
  shorter,
  TEXT,
  TRUTH,
  where,
  WHOLE,
  within,
} from "../grammar.ts";
import type { Language } from "../program.ts";
import { randomZswapProgram } from "./random.ts";
import type { ZswapFailing, ZswapMeanwhile, ZswapStep } from "./steps.ts";

const SLOT = { type: WHOLE, offset: WHOLE };

/** A folio's pages: fewer are simpler, and so are all of them made simpler. */
const PAGES = field<readonly Bytes[]>(
  (value) =>
    Array.isArray(value) && value.length > 0 &&
      value.every((page) => bytes(page) !== undefined)
      ? value
      : undefined,
  "pages in one of their forms",
  (pages) => {
    const simplest = pages.map((data) => simplerBytes(data)[0] ?? data);
    const isSimplest = simplest.every((data, nth) => data === pages[nth]);
    return [...shorter(pages, 1), ...(isSimplest ? [] : [simplest])];
  },
);

const FAILING = within<ZswapFailing>({
  entries: optional(POSITIVE),
  nodes: optional(POSITIVE),
  slab: optional(POSITIVE),
});

const MEANWHILE = within<ZswapMeanwhile>({
  when: oneOf("allocated", "written"),
  does: oneOf("store", "load", "invalidate"),
  data: where(({ does }) => does === "store", DATA),
}, (meanwhile) => {
  if (meanwhile.does !== "store") return [];
  const { when, data } = meanwhile;
  return [
    { when, does: "invalidate" },
    ...simplerBytes(data).map((data) => ({ ...meanwhile, data })),
  ];
});

const GRAMMAR: Grammar<ZswapStep> = {
  create: {
    totalPages: WHOLE,
    maxPoolPercent: WHOLE,
    acceptThresholdPercent: WHOLE,
    allocator: TEXT,
    failing: optional(FAILING),
    maxPages: optional(WHOLE),
    pageSize: optional(POSITIVE),
    wordBits: optional(POSITIVE),
    stated: optional(TRUTH),
    workerWaits: optional(TRUTH),
    writeback: optional(TRUTH),
    memcg: optional(TRUTH),
    cgroupMax: optional(WHOLE),
  },
  store: { ...SLOT, data: DATA },
  store_folio: { ...SLOT, pages: PAGES },
  load: { ...SLOT, toSwapCache: optional(TRUTH) },
  invalidate: SLOT,
  writeback: { entries: COUNT, meanwhile: optional(MEANWHILE) },
  stats: {},
  counters: {},
  work: {},
  scan: { nr: COUNT },
  swapin: { pages: COUNT },
  cache: {
    ...SLOT,
    state: oneOf("cached", "no-memory", "slot-free", "swap-type-off", "free"),
  },
  damage: SLOT,
  set: { attr: TEXT, value: TEXT },
  get: { attr: TEXT },
  swapoff: { type: WHOLE },
};

/** Programs for zswap as a cache. */
export const ZSWAP_LANGUAGE: Language<ZswapStep> = {
  name: "zswap",
  ...languageOf(GRAMMAR),
  random: randomZswapProgram,
};
