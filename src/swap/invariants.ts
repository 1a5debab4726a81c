/** The rules that the swap path keeps: no page, slot, entry or frame is lost. */
import { NO_PAGE } from "../memory/memory.ts";
import {
  assertInvariants,
  expectEqual,
  type Invariant,
  type Rule,
  type Violation,
} from "../rules/invariant.ts";
import { checkZswap } from "../zswap/invariants.ts";
import { SWAP_HAS_CACHE, type SwapType } from "./swap_type.ts";
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

/** A rule about one slot. */
export type SwapSlotInvariant = Invariant<Swap, FoundSlot>;
/** A rule about the swap path as a whole. */
export type SwapInvariant = Invariant<Swap, Swap>;

/** Where, besides the swap cache, a slot's page is. */
function placesOf(
  { zswap }: Swap,
  { type, zeromap, onDevice }: SwapType,
  offset: number,
): string[] {
  const isZero = zeromap.has(offset);
  const inZswap = zswap?.trees.get(type)?.entries.has(offset) ?? false;
  return [
    ...(isZero ? ["zeromap"] : []),
    // An entry behind a bit of the zeromap is stale, and nobody asks for it.
    ...(inZswap && !isZero ? ["zswap"] : []),
    ...(onDevice.has(offset) && !isZero ? ["device"] : []),
  ];
}

const nameOf = ({ swapType, offset }: FoundSlot): string =>
  `slot ${swapType.type}:${offset}`;

/** Rules about each slot. */
export const SWAP_SLOT_INVARIANTS: readonly SwapSlotInvariant[] = [
  {
    id: "swap/slot-users",
    sentence:
      "A slot counts the page tables' entries for it and the swap cache's page for it, and is free without either.",
    source: "swap_duplicate, swap_free, swapcache_prepare, mm/swapfile.c, 6.1",
    check(_, slot) {
      const { swapType, offset, users } = slot;
      const isKept = swapType.cache.has(offset) || swapType.pinned.has(offset);
      const cached = isKept ? SWAP_HAS_CACHE : 0;
      return expectEqual(nameOf(slot), swapType.map[offset], users | cached);
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
      if (users === 0 || isBusy) return undefined;
      const places = placesOf(swap, swapType, offset);
      if (cached?.dirty && places.length <= 1) return undefined;
      return expectEqual(
        `places of the page of ${nameOf(slot)} (${places.join(", ")})`,
        places.length,
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
      const isOn = swapType.map[offset] !== 0;
      if (isOn || (swap.zswap?.underWay ?? 0) > 0) return undefined;
      const held = swapType.device.holds?.(offset) ? ["device's memory"] : [];
      const zswapHas = swap.zswap?.trees.get(swapType.type)?.entries
        .has(offset) ?? false;
      return expectEqual(
        `who holds ${nameOf(slot)}`,
        [
          ...placesOf(swap, swapType, offset),
          ...(zswapHas ? ["a zswap entry"] : []),
          ...held,
        ].join(", "),
        "",
      );
    },
  },
];

/** How frames that are mapped or cached are not each one's own. */
function checkMapped(swap: Swap): Violation | undefined {
  for (const pages of swap.processes.values()) {
    for (const [number, page] of pages) {
      if (page.pfn === NO_PAGE) continue;
      const isOwn = swap.mapped.get(page.pfn) === page;
      const cached = page.slot &&
        swap.types.get(page.slot.type)?.cache.get(page.slot.offset);
      const found = isOwn ? cached?.pfn ?? page.pfn : "another page's frame";
      const violation = expectEqual(`page ${number}`, found, page.pfn);
      if (violation !== undefined) return violation;
    }
  }
}

/** Rules about the swap path as a whole. */
export const SWAP_PATH_INVARIANTS: readonly SwapInvariant[] = [
  {
    id: "swap/mapped",
    sentence:
      "A frame is mapped by one page at most; one that is in the swap cache for the page's slot is that page's frame.",
    source: "do_swap_page, mm/memory.c, 6.1",
    check: checkMapped,
  },
  {
    id: "swap/frames",
    sentence:
      "Every frame that is allocated is mapped, in the swap cache, or one of zswap's pools.",
    source:
      "do_swap_page, mm/memory.c, 6.1; __remove_mapping, mm/vmscan.c, 6.1",
    check(swap) {
      if ((swap.zswap?.underWay ?? 0) > 0) return undefined;
      const frames = new Set(swap.mapped.keys());
      for (const { cache } of swap.types.values()) {
        for (const { pfn } of cache.values()) frames.add(pfn);
      }
      return expectEqual(
        "allocated frames",
        swap.memory.allocatedPages,
        frames.size + (swap.zswap?.pools.totalPages ?? 0),
      );
    },
  },
  {
    id: "swap/failed-io",
    sentence:
      "Each page that went to a device or came from one, or was to, is counted: those that failed, and those that zswap wrote back, among them.",
    source:
      "__swap_writepage, swap_readpage, mm/page_io.c, 6.1; swap_writepage_bdev_sync, 6.18",
    check({ stats, zswap }) {
      const writtenBack = zswap?.counters.written_back_pages ?? 0;
      const pairs = [
        ["failed reads", stats.failedReads, stats.pswpin],
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
      for (const { map, inUse, type } of swap.types.values()) {
        const used = map.subarray(1).filter((count) => count !== 0).length;
        const violation = expectEqual(`inuse_pages of ${type}`, inUse, used);
        if (violation !== undefined) return violation;
      }
    },
  },
];

/** Every rule about the swap path, as a list to read. */
export const SWAP_INVARIANTS: readonly Rule[] = [
  ...SWAP_SLOT_INVARIANTS,
  ...SWAP_PATH_INVARIANTS,
];

/** How many page tables have each slot of a type. */
function countUsers(swap: Swap, type: number): Map<number, number> {
  const users = new Map<number, number>();
  for (const pages of swap.processes.values()) {
    for (const { pfn, slot } of pages.values()) {
      if (slot?.type !== type || pfn !== NO_PAGE) continue;
      users.set(slot.offset, (users.get(slot.offset) ?? 0) + 1);
    }
  }
  return users;
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
  assertInvariants(SWAP_PATH_INVARIANTS, swap, swap);
  for (const swapType of swap.types.values()) {
    const users = countUsers(swap, swapType.type);
    for (let offset = 1; offset < swapType.map.length; offset++) {
      const slot = { swapType, offset, users: users.get(offset) ?? 0 };
      assertInvariants(SWAP_SLOT_INVARIANTS, swap, slot);
    }
  }
  if (swap.zswap !== undefined) checkZswap(swap.zswap);
}
