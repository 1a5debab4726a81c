/** The rules that a device keeps about its slots, counters and limits. */
import {
  assertInvariants,
  expectEqual,
  type Invariant,
} from "../rules/invariant.ts";
import { checkPool } from "../zsmalloc/invariants.ts";
import type { Zram } from "./device.ts";
import { ZRAM_HUGE, ZRAM_SAME } from "./slots.ts";

/** A rule about one slot. */
export type SlotInvariant = Invariant<Zram, number>;
/** A rule about a device as a whole. */
export type DeviceInvariant = Invariant<Zram, Zram>;

/** Rules about each slot. */
export const SLOT_INVARIANTS: readonly SlotInvariant[] = [
  {
    id: "zram/slot-object",
    sentence:
      "A slot that holds a page has a live object for it, or is same-filled and has none.",
    source: "zram_write_page, zram_free_page, drivers/block/zram/zram_drv.c",
    check({ slots, pool }, slot) {
      if (!slots.isAllocated(slot) || slots.has(slot, ZRAM_SAME)) {
        return expectEqual(`slot ${slot}`, slots.handle(slot), 0);
      }
      const isLive = pool?.handles.isLive(slots.handle(slot)) ?? false;
      return expectEqual(
        `slot ${slot}`,
        isLive ? "a live handle" : `handle ${slots.handle(slot)}`,
        "a live handle",
      );
    },
  },
  {
    id: "zram/object-size",
    sentence:
      "A page that is not stored whole has an object below the huge class size; a same-filled page has none.",
    source: "zram_write_page, zs_huge_class_size, zram_drv.c",
    check({ slots, pool, profile }, slot) {
      const size = slots.size(slot);
      if (slots.has(slot, ZRAM_HUGE)) {
        return expectEqual(`huge slot ${slot}`, size, profile.pageSize);
      }
      const huge = pool?.hugeClassSize ?? 0;
      if (size === 0 || size < huge) return undefined;
      return {
        where: `slot ${slot}`,
        expected: `a size below ${huge}`,
        found: size,
      };
    },
  },
];

/** Counts what the slots hold. */
function countSlots({ slots }: Zram) {
  const count = { stored: 0, bytes: 0, same: 0, huge: 0, objects: 0 };
  for (let slot = 0; slot < slots.length; slot++) {
    if (slots.isAllocated(slot)) count.stored++;
    count.bytes += slots.size(slot);
    if (slots.has(slot, ZRAM_SAME)) count.same++;
    if (slots.has(slot, ZRAM_HUGE)) count.huge++;
    if (slots.handle(slot) !== 0) count.objects++;
  }
  return count;
}

/** Rules about a device as a whole. */
export const DEVICE_INVARIANTS: readonly DeviceInvariant[] = [
  {
    id: "zram/counters",
    sentence:
      "pages_stored, compr_data_size, same_pages and huge_pages are what the slots add up to.",
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
    id: "zram/mem-used-max",
    sentence: "mem_used_max is never below what is used.",
    source: "update_used_max, mem_used_max_store, zram_drv.c",
    check({ stats, pool }) {
      const used = pool?.pagesAllocated ?? 0;
      if (stats.maxUsedPages >= used) return undefined;
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

/** Every rule about zram, as a list to read. */
export const ZRAM_INVARIANTS: readonly Pick<
  SlotInvariant,
  "id" | "sentence" | "source"
>[] = [...SLOT_INVARIANTS, ...DEVICE_INVARIANTS];

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
