/** The language of the programs for an allocator. */
import { numbers, whole } from "../fields.ts";
import {
  COUNT,
  DATA,
  type Field,
  field,
  type Grammar,
  languageOf,
  oneOf,
  optional,
  POSITIVE,
  renamedObjects,
  SEVERAL,
  shorter,
  SMALL,
  WHOLE,
} from "../grammar.ts";
import type { MapMode } from "../../zsmalloc/mapping.ts";
import type { Language } from "../program.ts";
import { ZONES } from "../zones.ts";
import { randomZsmallocProgram } from "./random_program.ts";
import { MAP_MODES, type ZsmallocStep } from "./steps.ts";

/** Pages of 4096 bytes are the simplest. */
const PAGE_SIZE: Field<number> = {
  ...WHOLE,
  simpler: (bytes) => bytes > 4096 ? [4096] : [],
};

/** Chains of 8 pages, or of 4 as there were before, are the simplest. */
const CHAIN_SIZE: Field<number> = {
  ...WHOLE,
  simpler: (pages) => pages === 4 || pages === 8 ? [] : [8],
};

/**
 * Sizes of objects, the simplest first: two of 2040 bytes fill a page, three of
 * 2700 fill two, and so take few steps.
 */
const SIMPLE_SIZES = [2040, 2700, 1000, 32, 1];

const SIZE: Field<number> = {
  ...WHOLE,
  simpler(size) {
    const at = SIMPLE_SIZES.indexOf(size);
    return size === 0 ? [] : SIMPLE_SIZES.slice(0, at < 0 ? undefined : at);
  },
};

/** One object or several. */
const OBJECTS = field<number | readonly number[]>(
  (value) => whole(value) ?? numbers(value),
  "a whole number from 0 on, or a list of them",
  (objects) => typeof objects === "number" ? [] : shorter(objects, 1),
);

/** Objects, or none. */
const FREES = field<readonly number[]>(
  numbers,
  "a list of whole numbers",
  (frees) => shorter(frees, 0),
);

/** To read is the simplest. */
const MODE: Field<MapMode> = {
  ...oneOf(...MAP_MODES),
  simpler: (mode) => MAP_MODES.slice(0, mode === "read-only" ? 0 : 1),
};

const GRAMMAR: Grammar<ZsmallocStep> = {
  create: {
    pageSize: PAGE_SIZE,
    wordBits: WHOLE,
    chainSize: CHAIN_SIZE,
    physBits: optional(POSITIVE),
    maxPages: optional(WHOLE),
    buddy: optional(ZONES),
    firstPfn: optional(oneOf(0, 1)),
    mapping: optional(oneOf("page-table")),
  },
  malloc: { size: SIZE, object: WHOLE, count: SEVERAL },
  free: { object: OBJECTS },
  write: { object: WHOLE, data: DATA, count: SEVERAL },
  read: { object: WHOLE, length: COUNT },
  compact: {},
  stats: {},
  classes: {},
  fail: { what: oneOf("frame", "cell"), after: SMALL },
  map: {
    mapping: WHOLE,
    object: WHOLE,
    mode: MODE,
    cpu: SMALL,
    length: optional(POSITIVE),
  },
  write_mapped: { mapping: WHOLE, data: DATA },
  unmap: { mapping: WHOLE },
  compact_around: {
    size: SIZE,
    object: WHOLE,
    frees: FREES,
    again: optional(oneOf("compact", "shrink")),
    contended: optional(POSITIVE),
  },
  shrink: {},
  compact_memory: {},
  migrate: { object: WHOLE },
  isolate: { page: WHOLE, object: WHOLE },
  migrate_isolated: { page: WHOLE },
  putback: { page: WHOLE },
  lock: { page: WHOLE, object: WHOLE },
  unlock: { page: WHOLE },
  free_deferred: {},
  free_around: { object: WHOLE, amid: oneOf("compact", "migrate") },
  misuse: {
    what: oneOf("free-again", "unmap-again", "write-beyond"),
    object: WHOLE,
  },
  destroy: {},
};

/**
 * A compaction is simpler than one amid which objects come and go; beyond that
 * it is as the grammar has it.
 */
function simpler(step: ZsmallocStep): readonly ZsmallocStep[] {
  const others = language.simpler(step);
  switch (step.op) {
    case "compact_around":
      return [{ op: "compact" }, ...others];
    case "free_around":
      return [{ op: "free", object: step.object }, ...others];
    default:
      return others;
  }
}

/** Objects are counted anew from 0, but where steps number several at once. */
function renamed(steps: readonly ZsmallocStep[]): readonly ZsmallocStep[] {
  return steps.some(numbersSeveral) ? steps : renamedObjects(steps);
}

function numbersSeveral(step: ZsmallocStep): boolean {
  return step.op === "compact_around" || "count" in step ||
    (step.op === "misuse" && step.what === "unmap-again");
}

const language = languageOf(GRAMMAR);

/**
 * The programs for an allocator: pools from one object to a hundred thousand,
 * of few sizes, which fill, are thinned, age and compact.
 */
export const ZSMALLOC_LANGUAGE: Language<ZsmallocStep> = {
  name: "zsmalloc",
  ...language,
  random: randomZsmallocProgram,
  simpler,
  renamed,
};
