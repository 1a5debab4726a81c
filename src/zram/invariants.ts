/** The rules that a device keeps about its counters and blocks. */
import { assertHas } from "../rules/argument.ts";
import {
  assertInvariants,
  expectEqual,
  heldIf,
  type Invariant,
  type Rule,
  SILENT,
  type Violation,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { checkPool } from "../zsmalloc/invariants.ts";
import type { Zram } from "./device.ts";
import { LIMIT_INVARIANTS } from "./limit_invariants.ts";
import { RECOMPRESSION_INVARIANTS } from "./recompress_invariants.ts";
import { SLOT_INVARIANTS } from "./slot_invariants.ts";
import { SlotsTally } from "./slots_tally.ts";

/** A rule about a device as a whole, beside what its slots add up to. */
export type DeviceInvariant = Invariant<Zram, SlotsTally>;

/** How a part exceeds what it is a part of, if it does. */
function expectAtMost(
  where: string,
  found: number,
  most: number,
): Violation | undefined {
  return found <= most
    ? undefined
    : { where, expected: `at most ${most}`, found };
}

/** The most blocks that operations under way have taken for pages. */
function blocksUnderWay(
  { initLockReaders, profile, wbBatchSize }: Zram,
): number {
  const isMany = profile.zram.writebackOrder === "in-batches";
  return isMany ? initLockReaders * (wbBatchSize + 1) : initLockReaders;
}

/** Rules about a device as a whole. */
export const DEVICE_INVARIANTS: readonly DeviceInvariant[] = [
  {
    id: "zram/disksize",
    sentence:
      "A device whose disksize is set has a pool, and a slot for each page of it; any other has neither.",
    source:
      "disksize_store, zram_meta_alloc, zram_reset_device, drivers/block/zram/zram_drv.c, 6.1",
    check({ disksize, slots, pool, profile }) {
      const pages = disksize / profile.pageSize;
      return expectEqual("slots", slots.length, pages) ??
        expectEqual("pools", Number(pool !== undefined), Number(pages > 0));
    },
  },
  {
    id: "zram/counters",
    sentence:
      "pages_stored, compr_data_size, same_pages and huge_pages are what the slots add up to; pages of zeros do not count as stored up to 4.10.",
    source: "struct zram_stats, drivers/block/zram/zram_drv.h, 6.1",
    check({ stats, pool }, { stored, bytes, same, huge }) {
      return expectEqual("pages_stored", stats.pagesStored, stored) ??
        expectEqual("compr_data_size", stats.comprDataSize, bytes) ??
        expectEqual("same_pages", stats.samePages, same) ??
        expectEqual("huge_pages", stats.hugePages, huge) ??
        heldIf(pool !== undefined);
    },
  },
  {
    id: "zram/objects",
    sentence: "Every object of the pool belongs to one slot, and to no other.",
    source:
      "zram_set_handle, zram_free_page, drivers/block/zram/zram_drv.c, 6.1",
    check({ pool }, { objects }) {
      const allocated = pool?.handles.allocated ?? 0;
      return expectEqual("objects of the pool", allocated, objects) ??
        heldIf(pool !== undefined);
    },
  },
  {
    id: "zram/blocks",
    sentence:
      "A block of the backing device belongs to one slot, or to a writeback under way, or from 6.19 to 7.1 to one that had no page for it at its end.",
    source:
      "alloc_block_bdev, writeback_store, drivers/block/zram/zram_drv.c, 6.1; zram_writeback_slots, 6.18, 7.1, 7.2.12",
    check(zram, { back, blocks }) {
      const used = zram.backing?.used ?? 0;
      const unclaimed = used - blocks - zram.lostBlocks;
      if (unclaimed < 0 || unclaimed > blocksUnderWay(zram)) {
        return { where: "blocks in use", expected: blocks, found: used };
      }
      return expectEqual("blocks of written-back slots", blocks, back) ??
        heldIf(used > 0);
    },
  },
  {
    id: "zram/bd-count",
    sentence:
      "bd_count is the number of blocks in use, and up to 6.18 block 0 is not.",
    source:
      "alloc_block_bdev, free_block_bdev, drivers/block/zram/zram_drv.c, 6.1; zram_reserve_bdev_block, 7.2.12",
    check({ stats, backing, profile }) {
      const used = backing?.used ?? 0;
      const isNone = profile.zram.writebackOrder !== "in-batches";
      const isUsed = isNone && (backing?.isUsed(0) ?? false);
      return expectEqual("bd_count", stats.bdCount, used) ??
        expectEqual("block 0", Number(isUsed), 0) ??
        heldIf(backing !== undefined);
    },
  },
  {
    id: "zram/bd-writes",
    sentence: "Every page on the backing device was written to it.",
    source:
      "writeback_store, drivers/block/zram/zram_drv.c, 6.1; zram_writeback_slots, 6.18",
    check({ stats }, { back }) {
      if (stats.bdWrites >= back) return heldIf(back > 0);
      return {
        where: "bd_writes",
        expected: `at least ${back}`,
        found: stats.bdWrites,
      };
    },
  },
  {
    id: "zram/bd-reads",
    sentence:
      "Without a backing device nothing was read from one or written to one.",
    source:
      "read_from_bdev, reset_bdev, zram_reset_device, drivers/block/zram/zram_drv.c, 6.1",
    check({ stats, backing, pool }) {
      if (backing !== undefined) return SILENT;
      return expectEqual("bd_reads", stats.bdReads, 0) ??
        expectEqual("bd_writes", stats.bdWrites, 0) ??
        heldIf(pool !== undefined);
    },
  },
  {
    id: "zram/backing-holder",
    sentence: "The device that holds a backing device is the one it is set on.",
    source: "backing_dev_store, reset_bdev, drivers/block/zram/zram_drv.c, 6.1",
    check(zram) {
      const { backing } = zram;
      if (backing === undefined) return SILENT;
      return expectEqual(
        () => `holder of ${backing.path}`,
        backing.device.holder === zram ? "this device" : "not this device",
        "this device",
      );
    },
  },
  {
    id: "zram/mem-used-total",
    sentence: "What pages compressed to is within the memory that is used.",
    source:
      "mm_stat_show, drivers/block/zram/zram_drv.c, 6.1; zs_get_total_pages, mm/zsmalloc.c, 3.17",
    check({ stats, pool, profile }) {
      const used = (pool?.pagesAllocated ?? 0) * profile.pageSize;
      if (stats.comprDataSize <= used) return heldIf(used > 0);
      return {
        where: "compr_data_size",
        expected: `at most ${used}`,
        found: stats.comprDataSize,
      };
    },
  },
  {
    id: "zram/mem-used-max",
    sentence:
      "mem_used_max is never below what is used, unless there is a second algorithm: recompression does not raise it.",
    source:
      "update_used_max, mem_used_max_store, drivers/block/zram/zram_drv.c, 6.1; recompress_slot, 6.18",
    check({ stats, pool, comps }) {
      const used = pool?.pagesAllocated ?? 0;
      if (comps.activeCount > 1) return SILENT;
      if (stats.maxUsedPages >= used) return heldIf(used > 0);
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
    check({ stats: { hugePages, hugePagesSince } }) {
      // Where one went, the two differ.
      if (hugePagesSince >= hugePages) {
        return heldIf(hugePagesSince > hugePages);
      }
      return {
        where: "huge_pages_since",
        expected: `at least ${hugePages}`,
        found: hugePagesSince,
      };
    },
  },
  {
    id: "zram/failed-io",
    sentence:
      "No more reads and writes failed than were asked for, and no more notifications missed their slot than came.",
    source:
      "zram_bvec_rw, zram_slot_free_notify, drivers/block/zram/zram_drv.c, 6.1",
    check({ ioStat }) {
      const { failedReads, failedWrites, missFree } = ioStat;
      const { numReads, numWrites, notifyFree } = ioStat;
      return expectAtMost("failed_reads", failedReads, numReads) ??
        expectAtMost("failed_writes", failedWrites, numWrites) ??
        expectAtMost("miss_free", missFree, notifyFree) ??
        heldIf(failedReads + failedWrites + missFree > 0);
    },
  },
  {
    id: "zram/post-processing",
    sentence:
      "Since 6.13 one writeback or recompression runs at a time, and says so in pp_in_progress.",
    source:
      "writeback_store, recompress_store, drivers/block/zram/zram_drv.c, 6.18",
    check({ ppInProgress, initLockReaders, profile, backing, comps }) {
      if (profile.zram.writebackOrder === "by-index") return SILENT;
      const running = Number(ppInProgress);
      return expectEqual("pp_in_progress", running, initLockReaders) ??
        heldIf(backing !== undefined || comps.activeCount > 1);
    },
  },
];

/** Every rule about zram, as a list to read. */
export const ZRAM_INVARIANTS: readonly Rule[] = [
  ...SLOT_INVARIANTS,
  ...DEVICE_INVARIANTS,
  ...LIMIT_INVARIANTS,
  ...RECOMPRESSION_INVARIANTS,
];

/**
 * Checks every rule on the slots from `first` up to but not including `end`,
 * counts them in the tally, and checks every rule on the device; not its pool.
 * Throws an `InvariantError` at the first one broken.
 */
export function checkSlots(
  zram: Zram,
  tally: SlotsTally,
  first: number,
  end: number,
  reach?: Reach,
): void {
  for (let slot = first; slot < end; slot++) {
    assertInvariants(SLOT_INVARIANTS, zram, slot, reach);
    tally.count(slot);
  }
  assertInvariants(DEVICE_INVARIANTS, zram, tally, reach);
}

/**
 * Checks every rule on every slot of a device, on the device, and on its pool.
 * Throws an `InvariantError` at the first one broken. `reach` counts the rules
 * that spoke.
 */
export function checkZram(zram: Zram, reach?: Reach): void {
  assertHas("check zram", "zram", zram, "slots", "a Zram");
  checkSlots(zram, new SlotsTally(zram), 0, zram.slots.length, reach);
  if (zram.pool !== undefined) checkPool(zram.pool);
}
