/** The rules that a device keeps about its counters and blocks. */
import {
  assertInvariants,
  expectEqual,
  type Invariant,
  type Rule,
} from "../rules/invariant.ts";
import { checkPool } from "../zsmalloc/invariants.ts";
import type { Zram } from "./device.ts";
import { LIMIT_INVARIANTS } from "./limit_invariants.ts";
import { RECOMPRESSION_INVARIANTS } from "./recompress_invariants.ts";
import { SLOT_INVARIANTS } from "./slot_invariants.ts";
import { ZRAM_HUGE, ZRAM_SAME, ZRAM_WB } from "./slots.ts";

/** A rule about a device as a whole. */
export type DeviceInvariant = Invariant<Zram, Zram>;

/** Counts what the slots hold. */
function countSlots({ slots, profile }: Zram) {
  const countsSame = profile.zram.sameFilled === "word";
  const blocks = new Set<number>();
  const handles = new Set<number>();
  const count = { stored: 0, bytes: 0, same: 0, huge: 0, back: 0 };
  for (let slot = 0; slot < slots.length; slot++) {
    const same = slots.has(slot, ZRAM_SAME);
    if (slots.isAllocated(slot) && (countsSame || !same)) count.stored++;
    count.bytes += slots.size(slot);
    if (same) count.same++;
    if (slots.has(slot, ZRAM_HUGE)) count.huge++;
    if (slots.handle(slot) !== 0) handles.add(slots.handle(slot));
    if (slots.has(slot, ZRAM_WB)) {
      count.back++;
      blocks.add(slots.block(slot));
    }
  }
  return { ...count, blocks: blocks.size, objects: handles.size };
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
    sentence: "Every object of the pool belongs to one slot, and to no other.",
    source:
      "zram_set_handle, zram_free_page, drivers/block/zram/zram_drv.c, 6.1",
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
      "alloc_block_bdev, writeback_store, drivers/block/zram/zram_drv.c, 6.1; zram_writeback_slots, 6.18",
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
    source:
      "alloc_block_bdev, free_block_bdev, drivers/block/zram/zram_drv.c, 6.1",
    check({ stats, backing }) {
      const used = backing?.used ?? 0;
      return expectEqual("bd_count", stats.bdCount, used) ??
        expectEqual("block 0", Number(backing?.isUsed(0) ?? false), 0);
    },
  },
  {
    id: "zram/bd-writes",
    sentence: "Every page on the backing device was written to it.",
    source:
      "writeback_store, drivers/block/zram/zram_drv.c, 6.1; zram_writeback_slots, 6.18",
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
    id: "zram/bd-reads",
    sentence:
      "Without a backing device nothing was read from one or written to one.",
    source:
      "read_from_bdev, reset_bdev, zram_reset_device, drivers/block/zram/zram_drv.c, 6.1",
    check({ stats, backing }) {
      if (backing !== undefined) return undefined;
      return expectEqual("bd_reads", stats.bdReads, 0) ??
        expectEqual("bd_writes", stats.bdWrites, 0);
    },
  },
  {
    id: "zram/backing-holder",
    sentence: "The device that holds a backing device is the one it is set on.",
    source: "backing_dev_store, reset_bdev, drivers/block/zram/zram_drv.c, 6.1",
    check(zram) {
      if (zram.backing === undefined) return undefined;
      const isHeld = zram.backing.device.holder === zram;
      return expectEqual(
        `holder of ${zram.backing.path}`,
        isHeld ? "this device" : "not this device",
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
      if (stats.comprDataSize <= used) return undefined;
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
      if (stats.maxUsedPages >= used || comps.activeCount > 1) {
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
  {
    id: "zram/failed-io",
    sentence:
      "No more reads and writes failed than were asked for, and no more notifications missed their slot than came.",
    source:
      "zram_bvec_rw, zram_slot_free_notify, drivers/block/zram/zram_drv.c, 6.1",
    check({ ioStat }) {
      const pairs = [
        ["failed_reads", ioStat.failedReads, ioStat.numReads],
        ["failed_writes", ioStat.failedWrites, ioStat.numWrites],
        ["miss_free", ioStat.missFree, ioStat.notifyFree],
      ] as const;
      const over = pairs.find(([, part, whole]) => part > whole);
      if (over === undefined) return undefined;
      const [where, found, most] = over;
      return { where, expected: `at most ${most}`, found };
    },
  },
  {
    id: "zram/post-processing",
    sentence:
      "Since 6.13 one writeback or recompression runs at a time, and says so in pp_in_progress.",
    source:
      "writeback_store, recompress_store, drivers/block/zram/zram_drv.c, 6.18",
    check({ ppInProgress, initLockReaders, profile }) {
      if (profile.zram.writebackOrder === "by-index") return undefined;
      return expectEqual(
        "pp_in_progress",
        Number(ppInProgress),
        initLockReaders,
      );
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
