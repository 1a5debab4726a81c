/** Where the pages of a process are, by how long ago it used them. */
import { NO_PAGE } from "../memory/memory.ts";
import type { Swap } from "../swap/swap.ts";
import { ZRAM_WB } from "../zram/slots.ts";
import type { Machine } from "./swap_stores.ts";

/** Everything that can have a page. */
export const PLACES = ["zswap", "zram", "disk", "memory"] as const;

/** Who has a page: zswap, zram, a disk, or the memory that it was in. */
export type Place = (typeof PLACES)[number];

/** How many pages are where. */
export type Places = Readonly<Record<Place, number>>;

/** Parts of the pages, each a quarter, the oldest first. */
const QUARTERS = 4;

/** Where the pages of each quarter are; `byAge` has their numbers, oldest first. */
export function placesByAge(
  machine: Machine,
  process: number,
  byAge: readonly number[],
): Places[] {
  const quarters = Array.from(
    { length: QUARTERS },
    () => ({ zswap: 0, zram: 0, disk: 0, memory: 0 }),
  );
  byAge.forEach((number, nth) => {
    const quarter = Math.floor(nth * QUARTERS / byAge.length);
    quarters[quarter][placeOf(machine, process, number)]++;
  });
  return quarters;
}

function placeOf(machine: Machine, process: number, number: number): Place {
  const { swap, zram } = machine;
  const page = swap.pageOf(process, number);
  if (page?.slot === undefined || page.pfn !== NO_PAGE) return "memory";
  const { type, offset } = page.slot;
  const swapType = swap.typeOf(type);
  if (swapType.cache.has(offset)) return "memory";
  if (isInZswap(swap, type, offset)) return "zswap";
  const isOnZram = zram !== undefined && type === 0;
  // The zeromap's bit takes nothing: it counts as what is above the device.
  if (swapType.zeromap.has(offset)) return swap.zswap ? "zswap" : "zram";
  return isOnZram && !zram.slots.has(offset, ZRAM_WB) ? "zram" : "disk";
}

function isInZswap({ zswap }: Swap, type: number, offset: number): boolean {
  return zswap?.trees.get(type)?.entries.has(offset) ?? false;
}
