/** The rules that the swap path keeps: no page, slot, entry or frame is lost. */
import { assertHas } from "../rules/argument.ts";
import { NO_PAGE } from "../memory/memory.ts";
import {
  assertInvariants,
  type Checked,
  expectEqual,
  type Invariant,
  type Rule,
  SILENT,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { checkZswap } from "../zswap/invariants.ts";
import { SWAP_HAS_CACHE, type SwapType } from "./swap_type.ts";
import type { AnonPage } from "./anon_page.ts";
import type { Swap } from "./swap.ts";

/** A slot of a swap type, and how many page tables have it. */
export interface FoundSlot {
  /** The swap type. */
  readonly swapType: SwapType;
  /** The slot. */
  readonly offset: number;
  /** Page table entries for it. */
  readonly users: number;
}

/** A page of a process. */
export interface FoundPage {
  /** The page. */
  readonly page: AnonPage;
  /** Its number. */
  readonly number: number;
}

/** A rule about one slot. */
export type SwapSlotInvariant = Invariant<Swap, FoundSlot>;
/** A rule about one page. */
export type SwapPageInvariant = Invariant<Swap, FoundPage>;
/** A rule about the swap path as a whole. */
export type SwapInvariant = Invariant<Swap, Swap>;

/** Whether zswap has an entry for a slot. */
function isInZswap(
  { zswap }: Swap,
  { type }: SwapType,
  offset: number,
): boolean {
  return zswap?.trees.get(type)?.entries.has(offset) ?? false;
}

/**
 * In how many places, besides the swap cache, a slot's page is. An entry behind
 * a bit of the zeromap is stale, and nobody asks for it; what the device had is
 * gone (swap_writepage).
 */
function countPlaces(
  swap: Swap,
  swapType: SwapType,
  offset: number,
): number {
  const isZero = swapType.zeromap.has(offset);
  const isInCache = !isZero && isInZswap(swap, swapType, offset);
  return Number(isZero) + Number(isInCache) +
    Number(swapType.onDevice.has(offset));
}

/** Who has anything for a slot, in one line. */
function holdersOf(swap: Swap, { swapType, offset }: FoundSlot): string {
  const holders: readonly (readonly [string, boolean])[] = [
    ["zeromap", swapType.zeromap.has(offset)],
    ["zswap", isInZswap(swap, swapType, offset)],
    ["device", swapType.onDevice.has(offset)],
    ["device's memory", swapType.device.holds?.(offset) ?? false],
  ];
  return holders.filter(([, has]) => has).map(([name]) => name).join(", ");
}

/** Whether an operation of zswap is stopped midway. */
const isUnderWay = ({ zswap }: Swap): boolean => (zswap?.underWay ?? 0) > 0;

const nameOf = ({ swapType, offset }: FoundSlot): string =>
  `slot ${swapType.type}:${offset}`;

/** Rules about each slot. */
export const SWAP_SLOT_INVARIANTS: readonly SwapSlotInvariant[] = [
  {
    id: "swap/slot-users",
    sentence:
      "A slot counts the page tables' entries for it and the swap cache's page for it, and is free without either, unless the processor keeps it.",
    source: "swap_duplicate, swap_free, swapcache_prepare, mm/swapfile.c, 6.1",
    check(_, slot) {
      const { swapType, offset, users } = slot;
      const isKept = swapType.cache.has(offset) ||
        swapType.pinned.has(offset) || swapType.kept.has(offset);
      const expected = users | (isKept ? SWAP_HAS_CACHE : 0);
      const found = swapType.map[offset];
      if (found === 0 && expected === 0) return SILENT;
      return expectEqual(() => nameOf(slot), found, expected);
    },
  },
  {
    id: "swap/one-place",
    sentence:
      "A page that is swapped out is in one place: a bit of the zeromap, zswap, or the device; after writeback, on the device and nowhere else. One that nobody took is in the swap cache, dirty.",
    source:
      "swap_writepage, end_swap_bio_write, mm/page_io.c, 6.1; zswap_writeback_entry, mm/zswap.c, 3.12",
    check(swap, slot) {
      const { swapType, offset, users } = slot;
      const cached = swapType.cache.get(offset);
      const isBusy = cached?.locked || cached?.writeback;
      if (users === 0 || isBusy) return SILENT;
      const places = countPlaces(swap, swapType, offset);
      if (cached?.dirty && places <= 1) return undefined;
      return expectEqual(
        () =>
          `places of the page of ${nameOf(slot)} (${holdersOf(swap, slot)})`,
        places,
        1,
      );
    },
  },
  {
    id: "swap/free-slot",
    sentence: "Nobody has anything for a slot that is free.",
    source:
      "swap_range_free, swap_slot_free_notify, mm/swapfile.c, 6.1; zswap_invalidate, mm/zswap.c, 6.18",
    check(swap, slot) {
      const { swapType, offset } = slot;
      if (swapType.map[offset] !== 0 || isUnderWay(swap)) return SILENT;
      const isHeld = swapType.zeromap.has(offset) ||
        swapType.onDevice.has(offset) || isInZswap(swap, swapType, offset) ||
        swapType.device.holds?.(offset);
      if (!isHeld) return undefined;
      return {
        where: `who holds ${nameOf(slot)}`,
        expected: "nobody",
        found: holdersOf(swap, slot),
      };
    },
  },
];

/** How a page that is mapped, or in the swap cache, has not a frame of its own. */
function checkPageMapped(swap: Swap, { page, number }: FoundPage): Checked {
  if (page.pfn === NO_PAGE) return SILENT;
  const isOwn = swap.mapped.get(page.pfn) === page;
  const cached = page.slot &&
    swap.types.get(page.slot.type)?.cache.get(page.slot.offset);
  const found = isOwn ? cached?.pfn ?? page.pfn : "another page's frame";
  return expectEqual(() => `page ${number}`, found, page.pfn);
}

/** Rules about each page of a process. */
export const SWAP_PAGE_INVARIANTS: readonly SwapPageInvariant[] = [
  {
    id: "swap/mapped",
    sentence:
      "A frame is mapped by one page at most; one that is in the swap cache for the page's slot is that page's frame.",
    source: "do_swap_page, mm/memory.c, 6.1",
    check: checkPageMapped,
  },
];

/** Rules about the swap path as a whole. */
export const SWAP_PATH_INVARIANTS: readonly SwapInvariant[] = [
  {
    id: "swap/frames",
    sentence:
      "Every frame that is allocated is mapped, in the swap cache, or one of zswap's pools.",
    source:
      "do_swap_page, mm/memory.c, 6.1; __remove_mapping, mm/vmscan.c, 6.1",
    check(swap) {
      const { memory, mapped, types, zswap } = swap;
      if (isUnderWay(swap)) return SILENT;
      let frames = mapped.size + (zswap?.pools.totalPages ?? 0);
      for (const { cache } of types.values()) {
        for (const { pfn } of cache.values()) if (!mapped.has(pfn)) frames++;
      }
      if (frames === 0 && memory.allocatedPages === 0) return SILENT;
      return expectEqual("allocated frames", memory.allocatedPages, frames);
    },
  },
  {
    id: "swap/failed-io",
    sentence:
      "Each page that went to a device or came from one, or was to, is counted: those that failed (since 7.3, but for reads), and those that zswap wrote back, among them.",
    source:
      "__swap_writepage, swap_readpage, mm/page_io.c, 6.1; swap_writepage_bdev_sync, 6.18; swap_read_end, 7.3.4",
    check({ stats, zswap, profile }) {
      const writtenBack = zswap?.counters.written_back_pages ?? 0;
      const { countsFailedReads } = profile.swap;
      const counted = countsFailedReads ? stats.failedReads : 0;
      const pairs = [
        ["failed reads", counted, stats.pswpin],
        ["failed writes", stats.failedWrites, stats.pswpout],
        ["pages written back", writtenBack, stats.pswpout],
      ] as const;
      const over = pairs.find(([, part, whole]) => part > whole);
      if (over === undefined) return undefined;
      const [where, found, most] = over;
      return { where, expected: `at most ${most}`, found };
    },
  },
  {
    id: "swap/in-use",
    sentence: "inuse_pages is the number of slots that are not free.",
    source: "swap_range_alloc, swap_range_free, mm/swapfile.c, 6.1",
    check(swap) {
      let sum = 0;
      for (const { map, inUse, type } of swap.types.values()) {
        let used = 0;
        for (let offset = 1; offset < map.length; offset++) {
          if (map[offset] !== 0) used++;
        }
        sum += used;
        const violation = expectEqual(`inuse_pages of ${type}`, inUse, used);
        if (violation !== undefined) return violation;
      }
      return sum === 0 ? SILENT : undefined;
    },
  },
];

/** Every rule about the swap path, as a list to read. */
export const SWAP_INVARIANTS: readonly Rule[] = [
  ...SWAP_SLOT_INVARIANTS,
  ...SWAP_PAGE_INVARIANTS,
  ...SWAP_PATH_INVARIANTS,
];

/** How many page tables have each slot of a type, by offset. */
function countUsers(swap: Swap, { type, map }: SwapType): Uint8Array {
  const users = new Uint8Array(map.length);
  for (const pages of swap.processes.values()) {
    for (const { pfn, slot } of pages.values()) {
      if (slot?.type === type && pfn === NO_PAGE) users[slot.offset]++;
    }
  }
  return users;
}

/**
 * Checks the rules about one page of a process and about its slot, at a cost
 * that does not grow with what there is. `reach` counts the rules.
 */
export function checkSwapPage(
  swap: Swap,
  process: number,
  number: number,
  reach?: Reach,
): void {
  const page = swap.pageOf(process, number);
  if (page === undefined) return;
  const found = { page, number };
  assertInvariants(SWAP_PAGE_INVARIANTS, swap, found, reach);
  if (page.slot === undefined) return;
  const { type, offset } = page.slot;
  const users = Number(page.pfn === NO_PAGE);
  checkSwapSlot(swap, { swapType: swap.typeOf(type), offset, users }, reach);
}

/** Checks the rules about one slot. */
export function checkSwapSlot(
  swap: Swap,
  slot: FoundSlot,
  reach?: Reach,
): void {
  assertInvariants(SWAP_SLOT_INVARIANTS, swap, slot, reach);
}

/**
 * Checks every rule on every slot, every page and the swap path, but not what
 * is below. Throws an `InvariantError` at the first one broken.
 */
export function checkSwapPath(swap: Swap, reach?: Reach): void {
  assertHas("check swap", "swap", swap, "processes", "a Swap");
  for (const pages of swap.processes.values()) {
    for (const [number, page] of pages) {
      const found = { page, number };
      assertInvariants(SWAP_PAGE_INVARIANTS, swap, found, reach);
    }
  }
  assertInvariants(SWAP_PATH_INVARIANTS, swap, swap, reach);
  for (const swapType of swap.types.values()) {
    const users = countUsers(swap, swapType);
    for (let offset = 1; offset < swapType.map.length; offset++) {
      const slot = { swapType, offset, users: users[offset] };
      checkSwapSlot(swap, slot, reach);
    }
  }
}

/**
 * Checks every rule on every slot, on the swap path, and on zswap. Throws an
 * `InvariantError` at the first one broken.
 *
 * @example
 * ```ts
 * import { checkSwap, LINUX_6_1, pseudoSwapDevice, Swap } from "zspec";
 *
 * const swap = new Swap(LINUX_6_1);
 * swap.swapon(pseudoSwapDevice(8));
 * swap.write(1, 0, new Uint8Array(4096));
 * swap.swapOut(1, 0);
 * checkSwap(swap);
 * ```
 */
export function checkSwap(swap: Swap): void {
  checkSwapPath(swap);
  if (swap.zswap !== undefined) checkZswap(swap.zswap);
}
