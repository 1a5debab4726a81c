/** The rules that a device keeps about its counters, blocks and limits. */
import {
  assertInvariants,
  expectEqual,
  type Invariant,
  type Rule,
} from "../rules/invariant.ts";
import { checkPool } from "../zsmalloc/invariants.ts";
import type { Zram } from "./device.ts";
import { SLOT_INVARIANTS } from "./slot_invariants.ts";
import { ZRAM_HUGE, ZRAM_SAME, ZRAM_WB } from "./slots.ts";

/** A rule about a device as a whole. */
export type DeviceInvariant = Invariant<Zram, Zram>;

/** Counts what the slots hold. */
function countSlots({ slots, profile }: Zram) {
  const countsSame = profile.zram.sameFilled === "word";
  const blocks = new Set<number>();
  const count = { stored: 0, bytes: 0, same: 0, huge: 0, objects: 0, back: 0 };
  for (let slot = 0; slot < slots.length; slot++) {
    const same = slots.has(slot, ZRAM_SAME);
    if (slots.isAllocated(slot) && (countsSame || !same)) count.stored++;
    count.bytes += slots.size(slot);
    if (same) count.same++;
    if (slots.has(slot, ZRAM_HUGE)) count.huge++;
    if (slots.handle(slot) !== 0) count.objects++;
    if (slots.has(slot, ZRAM_WB)) {
      count.back++;
      blocks.add(slots.block(slot));
    }
  }
  return { ...count, blocks: blocks.size };
}

/** Rules about a device as a whole. */
export const DEVICE_INVARIANTS: readonly DeviceInvariant[] = [
  {
    id: "zram/counters",
    sentence:
      "pages_stored, compr_data_size, same_pages and huge_pages are what the slots add up to; pages of zeros do not count as stored up to 4.10.",
    source: "struct zram_stats, zram_drv.h",
    check(zram) {
      const { stats } = zram;
      const count = countSlots(zram);
      return expectEqual("pages_stored", stats.pagesStored, count.stored) ??
        expectEqual("compr_data_size", stats.comprDataSize, count.bytes) ??
        expectEqual("same_pages", stats.samePages, count.same) ??
        expectEqual("huge_pages", stats.hugePages, count.huge);
    },
  },
  {
    id: "zram/objects",
    sentence: "Every object of the pool belongs to one slot.",
    source: "zram_set_handle, zram_free_page, zram_drv.c",
    check(zram) {
      return expectEqual(
        "objects of the pool",
        zram.pool?.handles.allocated ?? 0,
        countSlots(zram).objects,
      );
    },
  },
  {
    id: "zram/blocks",
    sentence:
      "A block of the backing device belongs to one slot, or to a writeback under way.",
    source:
      "alloc_block_bdev, writeback_store, zram_writeback_slots, zram_drv.c",
    check(zram) {
      const { back, blocks } = countSlots(zram);
      const used = zram.backing?.used ?? 0;
      const unclaimed = used - blocks;
      if (unclaimed >= 0 && unclaimed <= zram.initLockReaders) {
        return expectEqual("blocks of written-back slots", blocks, back);
      }
      return { where: "blocks in use", expected: blocks, found: used };
    },
  },
  {
    id: "zram/bd-count",
    sentence: "bd_count is the number of blocks in use, and block 0 is not.",
    source: "alloc_block_bdev, free_block_bdev, zram_drv.c",
    check({ stats, backing }) {
      const used = backing?.used ?? 0;
      return expectEqual("bd_count", stats.bdCount, used) ??
        expectEqual("block 0", Number(backing?.isUsed(0) ?? false), 0);
    },
  },
  {
    id: "zram/bd-writes",
    sentence: "Every page on the backing device was written to it.",
    source: "writeback_store, zram_writeback_slots, zram_drv.c",
    check(zram) {
      const { back } = countSlots(zram);
      if (zram.stats.bdWrites >= back) return undefined;
      return {
        where: "bd_writes",
        expected: `at least ${back}`,
        found: zram.stats.bdWrites,
      };
    },
  },
  {
    id: "zram/mem-used-max",
    sentence:
      "mem_used_max is never below what is used, but where recompression, which does not raise it, can have made objects.",
    source: "update_used_max, mem_used_max_store, recompress_slot, zram_drv.c",
    check({ stats, pool, profile }) {
      const used = pool?.pagesAllocated ?? 0;
      if (stats.maxUsedPages >= used || profile.zram.multiComp) {
        return undefined;
      }
      return {
        where: "mem_used_max",
        expected: `at least ${used} pages`,
        found: stats.maxUsedPages,
      };
    },
  },
  {
    id: "zram/huge-pages-since",
    sentence: "huge_pages_since counts at least the huge pages there are.",
    source: "zram_write_page, zram_drv.c, 5.13",
    check({ stats }) {
      if (stats.hugePagesSince >= stats.hugePages) return undefined;
      return {
        where: "huge_pages_since",
        expected: `at least ${stats.hugePages}`,
        found: stats.hugePagesSince,
      };
    },
  },
];

/** What the rules about limits compare a device with: how it was before. */
export interface LimitsBefore {
  /** Pages of the pool. */
  readonly pagesAllocated: number;
  /** `mem_limit` in pages. */
  readonly limitPages: number;
  /** `writeback_limit` in units of 4 KiB, or `undefined` where not enabled. */
  readonly wbLimit: bigint | undefined;
  /** Pages written to the backing device. */
  readonly bdWrites: number;
}

/** What {@linkcode checkLimits} needs to know of a device before an operation. */
export function limitsBefore(zram: Zram): LimitsBefore {
  return {
    pagesAllocated: zram.pool?.pagesAllocated ?? 0,
    limitPages: zram.limitPages,
    wbLimit: zram.wbLimitEnable ? zram.wbLimit : undefined,
    bdWrites: zram.stats.bdWrites,
  };
}

/** A rule about what one operation, run alone, does to a device. */
export type LimitInvariant = Invariant<LimitsBefore, Zram>;

/** Rules about limits. */
export const LIMIT_INVARIANTS: readonly LimitInvariant[] = [
  {
    id: "zram/mem-limit",
    sentence:
      "No operation takes the pool above the limit that is set, or further above it, but recompression, which does not look at it.",
    source: "zram_can_store_page, recompress_slot, zram_drv.c",
    check({ pagesAllocated, limitPages }, zram) {
      const most = Math.max(limitPages, pagesAllocated);
      const used = zram.pool?.pagesAllocated ?? 0;
      const isBound = limitPages !== 0 && zram.limitPages === limitPages &&
        !zram.profile.zram.multiComp;
      if (!isBound || used <= most) return undefined;
      return {
        where: "mem_used_total",
        expected: `at most ${most} pages`,
        found: used,
      };
    },
  },
  {
    id: "zram/writeback-limit",
    sentence:
      "While it is enabled, a writeback writes no more pages than the limit has units of 4 KiB for, unless the limit is no multiple of a page, when it wraps.",
    source: "writeback_store, zram_writeback_slots, zram_drv.c, since 5.0",
    check({ wbLimit, bdWrites }, zram) {
      const units = BigInt(zram.profile.pageSize / 4096);
      if (wbLimit === undefined || wbLimit % units !== 0n) return undefined;
      const written = zram.stats.bdWrites - bdWrites;
      if (BigInt(written) * units <= wbLimit) return undefined;
      return {
        where: "pages written back",
        expected: `at most ${wbLimit / units}`,
        found: written,
      };
    },
  },
];

/** Every rule about zram, as a list to read. */
export const ZRAM_INVARIANTS: readonly Rule[] = [
  ...SLOT_INVARIANTS,
  ...DEVICE_INVARIANTS,
  ...LIMIT_INVARIANTS,
];

/**
 * Checks every rule on every slot of a device, on the device, and on its pool.
 * Throws an `InvariantError` at the first one broken.
 */
export function checkZram(zram: Zram): void {
  for (let slot = 0; slot < zram.slots.length; slot++) {
    assertInvariants(SLOT_INVARIANTS, zram, slot);
  }
  assertInvariants(DEVICE_INVARIANTS, zram, zram);
  if (zram.pool !== undefined) checkPool(zram.pool);
}

/**
 * Checks the rules about limits on a device after one operation, run alone.
 * Throws an `InvariantError` at the first one broken.
 */
export function checkLimits(before: LimitsBefore, zram: Zram): void {
  assertInvariants(LIMIT_INVARIANTS, before, zram);
}
