/** The rules about what a recompression does to each slot. */
import {
  assertInvariants,
  expectEqual,
  heldIf,
  type Invariant,
  SILENT,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { nextArgs } from "../linux/kstrtox.ts";
import type { Zram } from "./device.ts";
import {
  ZRAM_HUGE,
  ZRAM_IDLE,
  ZRAM_INCOMPRESSIBLE,
  ZRAM_SAME,
  ZRAM_WB,
} from "./slots.ts";

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
 * The priority below which pages have to be recompressed or marked where no
 * algorithm and no number of pages is named. 6.12 marks a page where it has
 * tried all algorithms at once, and not where one saved too little.
 */
function priorityToTry(
  { comps, profile }: Zram,
  threshold: number,
): number {
  const last = comps.activeCount - 1;
  if (profile.zram.recompressOrder === "by-size") return last;
  return threshold === 0 ? Math.min(last, 1) : 0;
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
  const { threshold = "0", type = "", ...others } = Object.fromEntries(
    nextArgs(text).map(({ param, value }) => [param, value]),
  );
  const isWhole = Object.keys(others).length === 0;
  const below = priorityToTry(zram, Number(threshold));
  const marks = Object.hasOwn(MARKS, type) ? MARKS[type] : [];
  const isAsked = (page: number) =>
    isWhole && slots.isAllocated(page) && !slots.has(page, EXCLUDED) &&
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
      "Where neither algorithms nor a number of pages are named, every page that is asked for is recompressed or marked incompressible; in 6.12, where no algorithm saved a little only, and none was tried on it before.",
    source:
      "recompress_store, recompress_slot, zram_drv.c, since 6.2; zram_recompress, 6.12.118",
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
