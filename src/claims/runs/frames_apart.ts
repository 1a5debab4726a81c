/** Where in memory the frames of objects lie, as far as that makes them be mapped. */
import { fitsVmalloc } from "../../linux/vmalloc.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import type { Given } from "../experiment.ts";
import { memoryWith } from "./scattered_memory.ts";
import { isCrossing, mallocIn, storedPages } from "./stored_pages.ts";

const MIB = 2 ** 20;

/** Pages that are swapped out, in MiB. */
const SWAP_MIB = [64, 128, 256, 512, 1024, 2048];

/** A pool for so much swap. */
export interface PoolSize {
  readonly swapMib: number;
  readonly poolMib: number;
  /** Whether the kernel has addresses for it all, by the bits of a word. */
  readonly fits32: boolean;
  readonly fits64: boolean;
}

/** What one kernel comes to. */
export interface FramesApart {
  readonly objects: number;
  /** Objects that lie in two frames. */
  readonly crossing: number;
  /** Of those, that lie in two that are not neighbours. */
  readonly apart: number;
  readonly pools: readonly PoolSize[];
}

/** Frames of a machine with as much memory as 32 bits can address. */
const RAM_BYTES = 2 ** 32;

/** Stores pages in memory whose free frames are scattered. */
export function runFramesApart(given: Given<"pages">): FramesApart {
  const { profile, seed, sizes, realPages } = given;
  const { pageSize } = profile;
  const pages = storedPages(profile, realPages(sizes.pages, pageSize));
  const frames = 4 * sizes.pages;
  const memory = memoryWith(profile, frames, frames / 2, "scattered", seed);
  const pool = new ZsPool(profile, { memory });
  const handles = pages.map(({ length }) => mallocIn(pool, length));
  const crossing = handles.filter((handle) => isCrossing(pool, handle));
  const apart = crossing.filter((handle) => {
    const { zspage, pfn } = pool.chunkOf(handle, "find");
    const chain = pool.zspages.pagesOf(zspage);
    return chain[chain.indexOf(pfn) + 1] !== pfn + 1;
  });
  const share = pool.pagesAllocated / sizes.pages;
  return {
    objects: handles.length,
    crossing: crossing.length,
    apart: apart.length,
    pools: SWAP_MIB.map((swapMib) => {
      const bytes = Math.ceil(share * swapMib * MIB / pageSize) * pageSize;
      const fits = (wordBits: number) =>
        fitsVmalloc({ pageSize, wordBits }, bytes, RAM_BYTES / pageSize);
      return {
        swapMib,
        poolMib: bytes / MIB,
        fits32: fits(32),
        fits64: fits(64),
      };
    }),
  };
}
