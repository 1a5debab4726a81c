/** The rules about what a recompression does to each slot. */
import {
  assertInvariants,
  expectEqual,
  heldIf,
  type Invariant,
  SILENT,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { nextArgs, untilNul } from "../linux/kstrtox.ts";
import type { Zram } from "./device.ts";
import {
  ZRAM_HUGE,
  ZRAM_IDLE,
  ZRAM_INCOMPRESSIBLE,
  ZRAM_SAME,
  ZRAM_WB,
} from "./slots.ts";
import { MAX_COMPS, SECONDARY_COMP } from "./zcomp.ts";

/** The slots as they were before a recompression, and what was asked of it. */
export interface RecompressionBefore {
  /** Bytes of each slot's object. */
  readonly sizes: readonly number[];
  /** The priority of each slot's algorithm. */
  readonly priorities: readonly number[];
  /** Whether each slot's page has to be tried with every algorithm. */
  readonly isAsked: readonly boolean[];
  /** The threshold, or 0 for none. */
  readonly threshold: number;
}

/** What keeps a page from being recompressed. */
const EXCLUDED = ZRAM_WB | ZRAM_SAME | ZRAM_INCOMPRESSIBLE;

/** The marks that a page must have, by `type`. */
const MARKS: Readonly<Record<string, readonly number[]>> = {
  idle: [ZRAM_IDLE],
  huge: [ZRAM_HUGE],
  huge_idle: [ZRAM_HUGE, ZRAM_IDLE],
};

/**
 * The priority below which pages have to be recompressed or marked; 0 where
 * algorithms may be left, or a number of pages is named. 6.12 marks a page where
 * it has tried all algorithms at once, and not where one saved too little.
 */
function priorityToTry(
  zram: Zram,
  threshold: number,
  others: Readonly<Record<string, string | undefined>>,
): number {
  const last = zram.comps.activeCount - 1;
  const isNamed = Object.keys(others).length > 0;
  switch (zram.profile.zram.recompressOrder) {
    case "by-index":
      return isNamed || threshold > 0 ? 0 : Math.min(last, 1);
    case "by-size":
      return isNamed ? 0 : last;
    case "one-by-size":
      return lastIfNamed(zram, others);
  }
}

/** Since 7.1: the priority that is named, 1 where none is, if it is the last. */
function lastIfNamed(
  { comps }: Zram,
  others: Readonly<Record<string, string | undefined>>,
): number {
  const { priority = String(SECONDARY_COMP), ...rest } = others;
  const tried = Number(priority);
  let last = MAX_COMPS - 1;
  while (last > 0 && comps.nameAt(last) === undefined) last--;
  return tried === last && Object.keys(rest).length === 0 ? tried : 0;
}

/**
 * What {@linkcode checkRecompression} needs to know of a device before what is
 * written to `recompress` is done.
 */
export function recompressionBefore(
  zram: Zram,
  text: string,
): RecompressionBefore {
  const { slots } = zram;
  const asked = nextArgs(untilNul(text));
  // An unknown type changes nothing.
  const { value: type = "" } =
    asked.findLast(({ param, value = "" }) =>
      param === "type" && Object.hasOwn(MARKS, value)
    ) ?? {};
  const { threshold = "0", type: _last, ...others } = Object.fromEntries(
    asked.map(({ param, value }) => [param, value]),
  );
  const below = priorityToTry(zram, Number(threshold), others);
  const marks = Object.hasOwn(MARKS, type) ? MARKS[type] : [];
  const isAsked = (page: number) =>
    slots.isAllocated(page) && !slots.has(page, EXCLUDED) &&
    marks.every((mark) => slots.has(page, mark)) &&
    slots.size(page) >= Number(threshold) &&
    slots.priority(page) < below;
  const pages = Array.from({ length: slots.length }, (_, page) => page);
  return {
    sizes: pages.map((page) => slots.size(page)),
    priorities: pages.map((page) => slots.priority(page)),
    isAsked: pages.map(isAsked),
    threshold: Number(threshold),
  };
}

/** A slot after a recompression that was run alone. */
export interface RecompressedSlot {
  /** The device. */
  readonly zram: Zram;
  /** The slot's number. */
  readonly slot: number;
}

/** A rule about one slot and a recompression. */
export type RecompressionInvariant = Invariant<
  RecompressionBefore,
  RecompressedSlot
>;

/** Whether the slot's page was recompressed. */
function isNew(
  { priorities }: RecompressionBefore,
  { zram, slot }: RecompressedSlot,
): boolean {
  return zram.slots.priority(slot) !== priorities[slot];
}

/** Rules about what a recompression does to each slot. */
export const RECOMPRESSION_INVARIANTS: readonly RecompressionInvariant[] = [
  {
    id: "zram/recompress-threshold",
    sentence:
      "With a threshold only objects of at least as many bytes are recompressed, into fewer.",
    source: "recompress_slot, zram_drv.c, since 6.2",
    check(before, found) {
      const { sizes, threshold } = before;
      if (threshold === 0 || !isNew(before, found)) return SILENT;
      const { zram, slot } = found;
      const size = zram.slots.size(slot);
      if (sizes[slot] >= threshold && size < threshold) return undefined;
      return {
        where: `slot ${slot}`,
        expected: `from at least ${threshold} bytes to fewer`,
        found: `from ${sizes[slot]} to ${size}`,
      };
    },
  },
  {
    id: "zram/recompress-class",
    sentence:
      "A page is recompressed into a smaller class, by an algorithm of a higher priority.",
    source: "recompress_slot, zs_lookup_class_index, zram_drv.c, since 6.2",
    check(before, found) {
      if (!isNew(before, found)) return SILENT;
      const { zram: { slots, initialisedPool }, slot } = found;
      const classes = [slots.size(slot), before.sizes[slot]]
        .map((size) => initialisedPool.lookupClassIndex(size));
      const isSmaller = classes[0] < classes[1];
      const isHigher = slots.priority(slot) > before.priorities[slot];
      if (isSmaller && isHigher) return undefined;
      return {
        where: `slot ${slot}`,
        expected: `a class below ${classes[1]}, a priority above ${
          before.priorities[slot]
        }`,
        found: `class ${classes[0]}, priority ${slots.priority(slot)}`,
      };
    },
  },
  {
    id: "zram/recompress-all",
    sentence:
      "Where no number of pages is named, and no algorithm (since 7.1: none but the last), every page that is asked for is recompressed or marked incompressible; in 6.12, where no algorithm saved a little only, and none was tried on it before.",
    source:
      "recompress_store, recompress_slot, zram_drv.c, since 6.2; zram_recompress, 6.12.118; highest_priority_algorithm, 7.2.12",
    check(before, found) {
      const { zram: { slots }, slot } = found;
      if (!before.isAsked[slot]) return SILENT;
      if (isNew(before, found)) return undefined;
      const isMarked = slots.has(slot, ZRAM_INCOMPRESSIBLE);
      return expectEqual(
        `slot ${slot}`,
        isMarked ? "incompressible" : "not tried",
        "incompressible",
      );
    },
  },
  {
    id: "zram/recompress-others",
    sentence: "A page that is not recompressed keeps its object's size.",
    source: "recompress_slot, zram_drv.c, since 6.2",
    check(before, found) {
      const { zram, slot } = found;
      if (isNew(before, found)) return SILENT;
      return expectEqual(
        `bytes of slot ${slot}`,
        zram.slots.size(slot),
        before.sizes[slot],
      ) ?? heldIf(before.sizes[slot] > 0);
    },
  },
];

/**
 * Checks every slot of a device after a recompression that was run alone and
 * answered no errno. Throws an `InvariantError` at the first rule broken;
 * `reach` counts those that spoke.
 */
export function checkRecompression(
  before: RecompressionBefore,
  zram: Zram,
  reach?: Reach,
): void {
  for (let slot = 0; slot < zram.slots.length; slot++) {
    assertInvariants(RECOMPRESSION_INVARIANTS, before, { zram, slot }, reach);
  }
}
