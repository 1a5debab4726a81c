/**
 * The rivals of 2013: the same pages through zcache, zram and zswap, each with
 * the same number of frames.
 */
import { lzo } from "../../codec/lzo.ts";
import { LINUX_3_12 } from "../../linux/profile.ts";
import { ZCACHE_3_10 } from "../../linux/zcache_profile.ts";
import { Memory } from "../../memory/memory.ts";
import { expandContents } from "../../programs/contents.ts";
import { pick, type Random, randomFrom } from "../../programs/random.ts";
import { randomContents } from "../../programs/random_page.ts";
import { assertWhole } from "../../rules/argument.ts";
import { Cleancache } from "../../zcache/cleancache.ts";
import { ZcacheFrontswap } from "../../zcache/frontswap.ts";
import { Zcache } from "../../zcache/zcache.ts";
import { Zram } from "../../zram/device.ts";
import type { SwapLayer } from "../../zswap/swap_layer.ts";
import { Zswap } from "../../zswap/zswap.ts";

/** What {@linkcode zcacheRivals} is told. */
export interface ZcacheRivalsOptions {
  /** What the pages are made from: 32 bits. */
  readonly seed: number;
  /** Pages that are sent to each, 10 at least. */
  readonly pages: number;
}

/** What became of the pages that one rival was sent. */
export interface ZcacheRival {
  /** What it is called. */
  readonly name: string;
  /** Pages that it has in the end, each read back and compared. */
  readonly kept: number;
  /** Of those, pages of zeros that it keeps without a zpage or object. */
  readonly keptAsMark: number;
  /**
   * Pages that it took and has no more: dropped, of cleancache's, or written
   * to the swap device, of zswap's.
   */
  readonly dropped: number;
  /** Pages that it did not take. */
  readonly refused: number;
  /** Frames that it holds in the end. */
  readonly frames: number;
  /** Pages a frame, those kept as a mark aside; 0 without frames. */
  readonly density: number;
}

/** What {@linkcode zcacheRivals} came to. */
export interface ZcacheRivals {
  /** Pages that each was sent. */
  readonly pages: number;
  /** The most frames that each might have: a fifth of the pages. */
  readonly maxFrames: number;
  /** What became of them, by rival. */
  readonly rivals: readonly ZcacheRival[];
}

/** A rival that pages are sent to. */
interface Entrant {
  readonly memory: Memory;
  /** Sends a page and answers whether it was taken. */
  take(nth: number, page: Uint8Array): boolean;
  /** Fills `into` with a page, where it is there. */
  give(nth: number, into: Uint8Array): boolean;
  /** Pages of zeros that are kept as a mark. */
  marks(): number;
}

/** A page of every kind: patterns with noise, few symbols, zeros, all noise. */
function makePage(random: Random, seed: number, pageSize: number): Uint8Array {
  const kind = pick(
    random,
    "patterns" as const,
    "patterns" as const,
    "patterns" as const,
    "patterns" as const,
    "patterns" as const,
    "symbols" as const,
    "zeros" as const,
    "noise" as const,
  );
  if (kind === "zeros") return new Uint8Array(pageSize);
  if (kind === "noise") {
    return expandContents({ kind: "symbols", symbols: 256, seed }, pageSize);
  }
  return expandContents(
    randomContents(random, seed, kind === "symbols"),
    pageSize,
  );
}

function makePages({ seed, pages }: ZcacheRivalsOptions): Uint8Array[] {
  const random = randomFrom(seed);
  const { pageSize } = LINUX_3_12;
  return Array.from(
    { length: pages },
    (_, nth) => makePage(random, nth + 1, pageSize),
  );
}

/** zcache with pages of swap. */
function frontswapOf(memory: Memory): Entrant {
  const zcache = new Zcache(ZCACHE_3_10, { memory, codec: lzo });
  const frontswap = new ZcacheFrontswap(zcache);
  frontswap.init(0);
  return {
    memory,
    take: (nth, page) => frontswap.store(0, nth, page),
    give: (nth, into) => frontswap.load(0, nth, into),
    marks: () => zcache.counters.zero_filled_pages,
  };
}

/** zcache with clean pages of one file. */
function cleancacheOf(memory: Memory): Entrant {
  const zcache = new Zcache(ZCACHE_3_10, { memory, codec: lzo });
  const cleancache = new Cleancache(zcache);
  const fs = cleancache.initFs();
  return {
    memory,
    take(nth, page) {
      const failed = zcache.counters.failed_eph_puts;
      cleancache.putPage(fs, [1, 0, 0], nth, page);
      return zcache.counters.failed_eph_puts === failed;
    },
    give: (nth, into) => cleancache.getPage(fs, [1, 0, 0], nth, into),
    marks: () => zcache.counters.zero_filled_pages,
  };
}

/** zram as a swap device; 3.12's has no limit but the memory there is. */
function zramOf(memory: Memory, pages: number): Entrant {
  const zram = new Zram(LINUX_3_12, { memory });
  zram.setDisksize(pages * memory.pageSize);
  const there = new Set<number>();
  return {
    memory,
    take(nth, page) {
      const isTaken = typeof zram.write(nth, page) === "number";
      if (isTaken) there.add(nth);
      return isTaken;
    },
    give: (nth, into) => there.has(nth) && zram.read(nth, into) === undefined,
    marks: () => zram.mmStat().same_pages,
  };
}

/** A swap cache with room, above a device that takes all. */
const SWAP_DEVICE: SwapLayer = {
  // deno-lint-ignore require-yield
  *allocSwapCachePage() {
    return "new";
  },
  *deleteFromSwapCache() {},
  *writePage() {},
};

/** zswap on zbud, which evicts a frame for each page once it has all of them. */
function zswapOf(memory: Memory, maxFrames: number): Entrant {
  const zswap = new Zswap(LINUX_3_12, {
    // It is full where it has more than this.
    totalRamPages: maxFrames - 1,
    memory,
    zpool: "zbud",
    swap: SWAP_DEVICE,
  });
  zswap.parameters.maxPoolPercent = 100;
  zswap.swapon(0);
  return {
    memory,
    take: (nth, page) => zswap.store(0, nth, [page]) === "stored",
    give: (nth, into) => zswap.load(0, nth, into) === undefined,
    marks: () => zswap.counters.same_filled_pages,
  };
}

/** Sends all pages, then reads back what is there; throws where it is another. */
function run(
  name: string,
  entrant: Entrant,
  pages: readonly Uint8Array[],
): ZcacheRival {
  const taken = pages.map((page, nth) => entrant.take(nth, page));
  const frames = entrant.memory.allocatedPages;
  const keptAsMark = entrant.marks();
  const into = new Uint8Array(entrant.memory.pageSize);
  const kept = pages.filter((page, nth) => {
    if (!entrant.give(nth, into)) return false;
    if (page.every((byte, at) => byte === into[at])) return true;
    throw new Error(`Cannot go on: ${name} gives another page for ${nth}`);
  }).length;
  const took = taken.filter((isTaken) => isTaken).length;
  return {
    name,
    kept,
    keptAsMark,
    dropped: took - kept,
    refused: pages.length - took,
    frames,
    density: frames === 0 ? 0 : (kept - keptAsMark) / frames,
  };
}

/**
 * Sends the same pages, made from a seed, to zcache of 3.10, as pages of swap
 * and as clean pages of a file, and to zram and zswap of 3.12, with lzo all,
 * and answers with what became of them. Each has frames for a fifth of the
 * pages as they are, and nothing is read until all are sent.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { zcacheRivals } from "./zcache_rivals.ts";
 *
 * const { rivals } = zcacheRivals({ seed: 1, pages: 60 });
 * for (const { kept, dropped, refused } of rivals) {
 *   assertEquals(kept + dropped + refused, 60);
 * }
 * ```
 */
export function zcacheRivals(options: ZcacheRivalsOptions): ZcacheRivals {
  assertWhole("run the rivals", "seed", options.seed, 0, 2 ** 32 - 1);
  assertWhole("run the rivals", "pages", options.pages, 10);
  const pages = makePages(options);
  const maxFrames = Math.floor(pages.length / 5);
  const memory = () =>
    new Memory({ pageSize: LINUX_3_12.pageSize, maxPages: maxFrames });
  return {
    pages: pages.length,
    maxFrames,
    rivals: [
      run("zcache, frontswap", frontswapOf(memory()), pages),
      run("zcache, cleancache", cleancacheOf(memory()), pages),
      run("zram", zramOf(memory(), pages.length), pages),
      run("zswap on zbud", zswapOf(memory(), maxFrames), pages),
    ],
  };
}
