/** Where the pages of a process are, by how long ago it used them. */
import { NO_PAGE } from "../../memory/memory.ts";
import type { AnonPage } from "../../swap/anon_page.ts";
import type { Swap } from "../../swap/swap.ts";
import type { Zram } from "../../zram/device.ts";
import { ZRAM_WB } from "../../zram/slots.ts";

/** Everything that can have a page. */
export const PLACES = ["zswap", "zram", "disk", "memory"] as const;

/** Who has a page: zswap, zram, a disk, or the memory that it was in. */
export type Place = (typeof PLACES)[number];

/** How many pages are where. */
export type Places = Readonly<Record<Place, number>>;

/** A swap path, and zram, if that is one of its devices. */
interface Machine {
  readonly swap: Swap;
  readonly zram: Zram | undefined;
}

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

function placeOf(
  { swap, zram }: Machine,
  process: number,
  number: number,
): Place {
  const page = swap.pageOf(process, number);
  return page === undefined ? "memory" : placeOfPage(swap, page, zram);
}

/** Where a page is; one that is in memory as well is there. */
export function placeOfPage(
  swap: Swap,
  { slot, pfn }: AnonPage,
  zram: Zram | undefined,
): Place {
  if (slot === undefined || pfn !== NO_PAGE) return "memory";
  const { type, offset } = slot;
  const { cache, zeromap, device } = swap.typeOf(type);
  if (cache.has(offset)) return "memory";
  if (isInZswap(swap, type, offset)) return "zswap";
  // The zeromap's bit takes nothing: it counts as what is above the device.
  if (zeromap.has(offset)) return swap.zswap ? "zswap" : "zram";
  const isOnZram = zram !== undefined && device.holds !== undefined;
  return isOnZram && !zram.slots.has(offset, ZRAM_WB) ? "zram" : "disk";
}

function isInZswap({ zswap }: Swap, type: number, offset: number): boolean {
  return zswap?.trees.get(type)?.entries.has(offset) ?? false;
}
