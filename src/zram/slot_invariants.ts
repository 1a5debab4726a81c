/** The rules that a device keeps about each of its slots. */
import { PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import {
  expectEqual,
  heldIf,
  type Invariant,
  SILENT,
  type Violation,
} from "../rules/invariant.ts";
import type { Zram } from "./device.ts";
import {
  type Slots,
  ZRAM_HUGE,
  ZRAM_IDLE,
  ZRAM_INCOMPRESSIBLE,
  ZRAM_LOCK,
  ZRAM_PP_SLOT,
  ZRAM_SAME,
  ZRAM_UNDER_WB,
  ZRAM_WB,
} from "./slots.ts";
import { PRIMARY_COMP } from "./zcomp.ts";

/** A rule about one slot. */
export type SlotInvariant = Invariant<Zram, number>;

/** Whether the slot's page is held by an object of the pool. */
function hasObject({ slots }: Zram, slot: number): boolean {
  return slots.isAllocated(slot) && !slots.has(slot, ZRAM_SAME | ZRAM_WB);
}

/** Whether a slot whose page is written back says what the object was. */
function keepsFlags({ slots, profile }: Zram, slot: number): boolean {
  return slots.has(slot, ZRAM_WB) && profile.zram.writtenBackKeeps === "flags";
}

/** Where, besides an object, flags say that a page is. */
function describePlace({ slots }: Zram, slot: number): string {
  if (slots.has(slot, ZRAM_WB)) return "the backing device";
  if (slots.has(slot, ZRAM_SAME)) return "the slot";
  return slots.isAllocated(slot) ? "an object" : "nowhere";
}

/** A word of two halves, for messages. */
function describeWord(high: number, low: number): string {
  const digits = (half: number) => half.toString(16).padStart(8, "0");
  return `word ${digits(high)}${digits(low)}`;
}

/** A violation where another word stands in a slot. */
function expectWord(
  where: () => string,
  slots: Slots,
  slot: number,
  high: number,
  low: number,
): Violation | undefined {
  const [foundHigh, foundLow] = [
    slots.elementHigh(slot),
    slots.elementLow(slot),
  ];
  if (foundHigh === high && foundLow === low) return undefined;
  return {
    where: where(),
    expected: describeWord(high, low),
    found: describeWord(foundHigh, foundLow),
  };
}

/** Rules about each slot. */
export const SLOT_INVARIANTS: readonly SlotInvariant[] = [
  {
    id: "zram/slot-object",
    sentence:
      "A slot has a live object exactly where it holds a page that is neither same-filled nor written back.",
    source:
      "zram_write_page, zram_free_page, drivers/block/zram/zram_drv.c, 6.4",
    check(zram, slot) {
      const { slots, pool } = zram;
      const handle = slots.handle(slot);
      const expected = hasObject(zram, slot) ? "a live handle" : "handle 0";
      const isLive = pool?.handles.isLive(handle) ?? false;
      const isRight = hasObject(zram, slot) ? isLive : handle === 0;
      if (isRight) return heldIf(slots.isAllocated(slot));
      return { where: `slot ${slot}`, expected, found: `handle ${handle}` };
    },
  },
  {
    id: "zram/one-place",
    sentence:
      "A page is in one place: it is not same-filled and written back at once, and stored whole only in the pool, or since 7.0 until it was written back.",
    source:
      "zram_free_page, zram_writeback_slots, drivers/block/zram/zram_drv.c, 6.18; zram_writeback_complete, 7.2.12",
    check(zram, slot) {
      const { slots } = zram;
      const isWhole = slots.has(slot, ZRAM_HUGE) && !keepsFlags(zram, slot);
      const places = Number(slots.has(slot, ZRAM_SAME)) +
        Number(slots.has(slot, ZRAM_WB)) + Number(isWhole);
      if (places <= 1) return heldIf(places === 1);
      return {
        where: `slot ${slot}`,
        expected: "at most one of ZRAM_SAME, ZRAM_WB, ZRAM_HUGE",
        found: places,
      };
    },
  },
  {
    id: "zram/object-size",
    sentence:
      "An object is as large as a page where that is stored whole, else below the size from which on it would be, or below a page's where it was recompressed; a page elsewhere has none, but since 7.0 one that was written back says what it had.",
    source:
      "zram_write_page, zs_huge_class_size, drivers/block/zram/zram_drv.c, 6.4; max_zpage_size, 3.12; zram_writeback_complete, 7.2.12",
    check(zram, slot) {
      const { slots, profile, wholeFrom } = zram;
      const size = slots.size(slot);
      if (slots.has(slot, ZRAM_HUGE)) {
        return expectEqual(() => `huge slot ${slot}`, size, profile.pageSize);
      }
      if (!hasObject(zram, slot) && !keepsFlags(zram, slot)) {
        return expectEqual(() => `slot ${slot} without an object`, size, 0) ??
          heldIf(slots.isAllocated(slot));
      }
      // Recompression goes by the class that zs_lookup_class_index gives.
      const bound = slots.priority(slot) === PRIMARY_COMP
        ? wholeFrom
        : profile.pageSize;
      if (size > 0 && size < bound) return undefined;
      return {
        where: `slot ${slot}`,
        expected: `a size from 1 up to but not including ${bound}`,
        found: size,
      };
    },
  },
  {
    id: "zram/object-class",
    sentence:
      "An object lies in the class that serves its size, wherever compaction moved it.",
    source:
      "zram_write_page, recompress_slot, drivers/block/zram/zram_drv.c, 6.18; get_size_class_index, mm/zsmalloc.c, 3.12",
    check(zram, slot) {
      const { slots, pool } = zram;
      const handle = slots.handle(slot);
      if (pool === undefined || !pool.handles.isLive(handle)) return SILENT;
      const page = pool.handles.pfnOf(handle) * PAGE_STRIDE;
      const zspage = pool.memory.page[page + PAGE_PRIVATE];
      return expectEqual(
        () => `class of the object of slot ${slot}`,
        pool.classOfZspage(zspage).index,
        pool.classFor(slots.size(slot)).index,
      );
    },
  },
  {
    id: "zram/empty-slot",
    sentence:
      "A slot that holds no page reads as zeros, and has no flag but those of an operation under way.",
    source:
      "zram_free_page, drivers/block/zram/zram_drv.c, 3.12; zram_read_from_zspool, 6.18",
    check({ slots }, slot) {
      if (slots.isAllocated(slot)) return SILENT;
      const left = ZRAM_IDLE | ZRAM_HUGE | ZRAM_INCOMPRESSIBLE | ZRAM_PP_SLOT;
      const hasFlags = slots.has(slot, left) || slots.priority(slot) > 0;
      const where = () => `empty slot ${slot}`;
      return expectEqual(where, hasFlags ? "flags left" : "none", "none") ??
        expectWord(where, slots, slot, 0, 0);
    },
  },
  {
    id: "zram/same-word",
    sentence:
      "The word of a same-filled page is an unsigned long; up to 4.10 it is 0.",
    source:
      "page_same_filled, drivers/block/zram/zram_drv.c, 6.1; page_zero_filled, 3.12",
    check({ slots, profile }, slot) {
      if (!slots.has(slot, ZRAM_SAME)) return SILENT;
      const isWord = profile.zram.sameFilled === "word";
      const hasHigh = isWord && profile.wordBits === 64;
      return expectWord(
        () => `same-filled slot ${slot}`,
        slots,
        slot,
        hasHigh ? slots.elementHigh(slot) : 0,
        isWord ? slots.elementLow(slot) : 0,
      );
    },
  },
  {
    id: "zram/idle",
    sentence:
      "Only stored pages are idle; since 6.13 only those that post-processing could take.",
    source:
      "mark_idle, zram_accessed, zram_free_page, drivers/block/zram/zram_drv.c, 6.1",
    check(zram, slot) {
      if (!zram.slots.has(slot, ZRAM_IDLE)) return SILENT;
      const place = describePlace(zram, slot);
      const allowed = zram.profile.zram.idleMarks === "in-pool"
        ? place === "an object"
        : place !== "nowhere";
      if (allowed) return undefined;
      return {
        where: `idle slot ${slot}`,
        expected: "an object",
        found: place,
      };
    },
  },
  {
    id: "zram/block",
    sentence:
      "A page that is written back has a block in use, from 1 on (since 6.19 from 0) and below the backing device's size.",
    source:
      "alloc_block_bdev, free_block_bdev, drivers/block/zram/zram_drv.c, 6.1; zram_reserve_bdev_block, 7.2.12",
    check({ slots, backing, profile }, slot) {
      if (!slots.has(slot, ZRAM_WB)) return SILENT;
      const block = slots.block(slot);
      const pages = backing?.device.pages ?? 0;
      const first = profile.zram.writebackOrder === "in-batches" ? 0 : 1;
      const isUsed = block >= first && block < pages && backing?.isUsed(block);
      if (isUsed) return undefined;
      return {
        where: `slot ${slot}`,
        expected: `a block in use from ${first} to ${pages - 1}`,
        found: block,
      };
    },
  },
  {
    id: "zram/block-tail",
    sentence:
      "Behind an object that is written back as it is stored its block has zeros, since 7.2.",
    source: "read_from_zspool_raw, drivers/block/zram/zram_drv.c, 7.2.12",
    check({ slots, backing, compressedWb, profile }, slot) {
      const isRaw = compressedWb && slots.has(slot, ZRAM_WB) &&
        !slots.has(slot, ZRAM_HUGE);
      if (!isRaw || profile.zram.blockTail !== "zeros") return SILENT;
      const tail = backing?.device.contents?.(slots.block(slot))
        ?.subarray(slots.size(slot));
      if (tail === undefined) return SILENT;
      const at = tail.findIndex((byte) => byte !== 0);
      return at < 0 ? undefined : {
        where: `block ${slots.block(slot)}, of slot ${slot}`,
        expected: `zeros from byte ${slots.size(slot)} on`,
        found: `${tail[at]} at byte ${slots.size(slot) + at}`,
      };
    },
  },
  {
    id: "zram/priority",
    sentence:
      "A page is compressed by an algorithm that the device has, and one stored whole by none; since 7.0 it is known of a written-back page too.",
    source:
      "zram_set_priority, recompress_slot, zram_drv.c, since 6.2; zram_writeback_complete, 7.2.12",
    check(zram, slot) {
      const { slots, comps } = zram;
      const priority = slots.priority(slot);
      if (priority === PRIMARY_COMP) return SILENT;
      const isKnown = hasObject(zram, slot) || keepsFlags(zram, slot);
      const allowed = isKnown && !slots.has(slot, ZRAM_HUGE) &&
        comps.codecAt(priority) !== undefined;
      if (allowed) return undefined;
      return { where: `slot ${slot}`, expected: 0, found: priority };
    },
  },
  {
    id: "zram/incompressible",
    sentence:
      "Only a page held by an object is marked incompressible, and only by recompression; since 7.0 it is so yet when it is written back.",
    source:
      "recompress_slot, zram_free_page, zram_drv.c, since 6.2; zram_writeback_complete, 7.2.12",
    check(zram, slot) {
      if (!zram.slots.has(slot, ZRAM_INCOMPRESSIBLE)) return SILENT;
      if (zram.comps.activeCount < 2) {
        return {
          where: `incompressible slot ${slot}`,
          expected: "a second algorithm",
          found: "none",
        };
      }
      if (keepsFlags(zram, slot)) return undefined;
      return expectEqual(
        () => `incompressible slot ${slot}`,
        describePlace(zram, slot),
        "an object",
      );
    },
  },
  {
    id: "zram/operation-marks",
    sentence:
      "A slot is locked, under writeback or waiting for post-processing only while an operation runs.",
    source:
      "writeback_store, recompress_store, release_pp_ctl, drivers/block/zram/zram_drv.c, 6.18",
    check({ slots, initLockReaders }, slot) {
      const marks = ZRAM_LOCK | ZRAM_UNDER_WB | ZRAM_PP_SLOT;
      const isMarked = slots.has(slot, marks);
      if (initLockReaders > 0) return heldIf(isMarked);
      if (!isMarked) return heldIf(slots.isAllocated(slot));
      return { where: `slot ${slot}`, expected: "no mark", found: "a mark" };
    },
  },
  {
    id: "zram/access-time",
    sentence:
      "No page was accessed later than now; since 7.0 that is told in seconds of 32 bits.",
    source:
      "zram_accessed, ktime_get_boottime, drivers/block/zram/zram_drv.c, 6.1; mark_slot_accessed, 7.2.12",
    check({ slots, now, profile }, slot) {
      const acTime = slots.acTime(slot);
      if (acTime === 0) return SILENT;
      const isWhole = profile.zram.acTime === "seconds";
      if (isWhole && acTime % 1 !== 0) {
        return {
          where: `slot ${slot}`,
          expected: "whole seconds",
          found: acTime,
        };
      }
      const latest = isWhole ? Math.min(now(), 2 ** 32 - 1) : now();
      if (acTime <= latest) return undefined;
      return {
        where: `slot ${slot}`,
        expected: `at most ${latest} s`,
        found: acTime,
      };
    },
  },
];
