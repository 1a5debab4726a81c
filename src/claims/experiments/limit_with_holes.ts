/** A zram at its memory limit, whose pool has holes. */
import { percent } from "../../report/table.ts";
import { LINUX_4_0, LINUX_7_3 } from "../../linux/profile.ts";
import { randomFrom, shuffle } from "../../programs/random.ts";
import { Zram } from "../../zram/device.ts";
import { writeAttribute } from "../../zram/sysfs.ts";
import { canCompact } from "../../zsmalloc/size_class.ts";
import type { ZsPool } from "../../zsmalloc/pool.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";

/** What is done where a page is refused, before it is written once more. */
interface Relief {
  readonly name: string;
  relieve(pool: ZsPool): void;
}

const RELIEFS: readonly Relief[] = [
  { name: "as it is", relieve() {} },
  {
    name: "the shrinker ran first",
    relieve: (pool) => void pool.shrinkerScan(),
  },
  { name: "compacted first", relieve: (pool) => void pool.compact() },
];

/** What is free in a pool at the limit. */
interface Holes {
  /** Bytes of free chunks. */
  readonly bytes: number;
  /** Pages that compaction could free. */
  readonly compactable: number;
}

/** Pages that were written to a device at its limit. */
interface Filling {
  readonly name: string;
  readonly stored: number;
  /** Bytes of their objects. */
  readonly bytes: number;
  readonly refused: number;
  /** Pages stored when the first was refused. */
  readonly storedUntilFull: number;
  /** What was free then. */
  readonly holesWhenFull: Holes;
  /** Refused pages for which there was a free chunk, of another class. */
  readonly withChunk: number;
  /** Refused pages for which compaction could have freed a zspage. */
  readonly withFrames: number;
  /** Pages that compaction freed. */
  readonly pagesCompacted: number;
}

interface Filled {
  /** Pages of the limit. */
  readonly limit: number;
  /** Percent of them that are objects. */
  readonly usedShare: string;
  /** Pages that were there before the holes, as many as are written. */
  readonly freed: number;
  readonly fillings: readonly Filling[];
}

function holesOf({ classes }: ZsPool): Holes {
  return classes.reduce(
    ({ bytes, compactable }, one) => ({
      bytes: bytes + (one.objsAllocated - one.objsUsed) * one.size,
      compactable: compactable + canCompact(one),
    }),
    { bytes: 0, compactable: 0 },
  );
}

/** Bytes of the largest free chunk. */
function largestFree({ classes }: ZsPool): number {
  return classes
    .findLast(({ objsAllocated, objsUsed }) => objsAllocated > objsUsed)
    ?.size ?? 0;
}

/** Writes pages to slots of a full device, each once more after the relief. */
function fill(
  zram: Zram,
  slots: readonly number[],
  pages: readonly Uint8Array[],
  lengths: readonly number[],
  { name, relieve }: Relief,
): Filling {
  const pool = zram.initialisedPool;
  let [stored, bytes, withChunk, withFrames] = [0, 0, 0, 0];
  const isStored = (slot: number, page: Uint8Array) => {
    const length = zram.write(slot, page);
    if (typeof length !== "number") return false;
    stored++;
    bytes += length;
    return true;
  };
  let full: { storedUntilFull: number; holesWhenFull: Holes } | undefined;
  slots.forEach((slot, nth) => {
    const at = nth % pages.length;
    if (isStored(slot, pages[at])) return;
    const holes = holesOf(pool);
    const hasChunk = largestFree(pool) >=
      lengths[at] + pool.zspages.headerBytes;
    relieve(pool);
    if (isStored(slot, pages[at])) return;
    full ??= { storedUntilFull: stored, holesWhenFull: holes };
    if (hasChunk) withChunk++;
    if (holes.compactable >= pool.profile.chainSize) withFrames++;
  });
  const none = { storedUntilFull: stored, holesWhenFull: holesOf(pool) };
  return {
    name,
    stored,
    bytes,
    refused: slots.length - stored,
    ...full ?? none,
    withChunk,
    withFrames,
    pagesCompacted: pool.pagesCompacted,
  };
}

/** A device with so many pages, and the bytes that each of them counts. */
function filledZram(
  { profile, sizes }: Given<"pages" | "freed">,
  pages: readonly Uint8Array[],
): { zram: Zram; lengths: readonly number[] } {
  const zram = new Zram(profile);
  zram.setDisksize(2 * sizes.pages * profile.pageSize);
  const lengths: number[] = [];
  for (let slot = 0; slot < sizes.pages; slot++) {
    const stored = zram.write(slot, pages[slot % pages.length]);
    if (typeof stored !== "number") {
      throw new Error(`Cannot write page ${slot}: ${stored}`);
    }
    lengths[slot % pages.length] = stored;
  }
  return { zram, lengths };
}

function run(given: Given<"pages" | "freed">): Filled {
  const { profile, seed, sizes } = given;
  const random = randomFrom(seed);
  const real = given.realPages(Math.ceil(sizes.pages / 4), profile.pageSize);
  const { zram, lengths } = filledZram(given, real);
  const freed = Math.floor(sizes.pages * sizes.freed / 100);
  const slots = shuffle([...Array(sizes.pages).keys()], random);
  // The swap layer tells zram at once.
  slots.slice(0, freed).forEach((slot) => zram.slotFreeNotify(slot));
  const limit = zram.initialisedPool.pagesAllocated;
  writeAttribute(zram, "mem_limit", `${limit * profile.pageSize}`);
  const used = percent(zram.mmStat().compr_data_size, limit * profile.pageSize);
  const order = [...Array(freed).keys()].map(() => random(real.length));
  const pages = order.map((nth) => real[nth]);
  const into = pages.map((_, nth) => sizes.pages + nth);
  const bytes = order.map((nth) => lengths[nth]);
  const restore = zram.remember();
  const fillings = RELIEFS.map((relief) => {
    const filling = fill(zram, into, pages, bytes, relief);
    restore();
    return filling;
  });
  return { limit, usedShare: used, freed, fillings };
}

function figures({ limit, usedShare, fillings }: Filled): readonly Figures[] {
  return [{
    title:
      `Pages written to a zram at its limit of ${limit} pages, ${usedShare} objects`,
    columns: [
      "",
      "until full",
      "in all",
      "bytes",
      "refused",
      "a chunk was free",
      "frames could be",
      "compacted",
    ],
    rows: fillings.map((one) => [
      one.name,
      one.storedUntilFull,
      one.stored,
      one.bytes,
      one.refused,
      one.withChunk,
      one.withFrames,
      one.pagesCompacted,
    ]),
  }];
}

/** The experiment. */
export const LIMIT_WITH_HOLES = experiment<"pages" | "freed", Filled>({
  name: "limit-with-holes",
  theme: "limits",
  method:
    "Pages are written to a zram device, a random part of them is freed, and mem_limit is set to what the pool has then. As many pages are written again: to the device as it is, and where a refused page is tried once more after memory pressure or a user had the pool compacted.",
  sizes: {
    pages: { usual: 4096, least: 16, most: 65536, means: "pages stored" },
    freed: {
      usual: 50,
      least: 1,
      most: 100,
      means: "percent of them that are freed again",
    },
  },
  kernels: [LINUX_4_0, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "zram-refuses-with-holes-inside",
      says:
        "A zram at its memory limit is taken to be full although zsmalloc has free room inside.",
      who: "Minchan Kim, 2015",
      passages: [
        {
          thread: "003",
          at: "zram has no way to know any hole in memory space",
        },
        {
          thread: "003",
          at: "swap is full although there are free space in zsmalloc",
        },
      ],
      decide({ freed, limit, fillings: [asItIs] }) {
        const { storedUntilFull, refused, holesWhenFull, withFrames } = asItIs;
        return holds(
          refused > 0 && withFrames > 0,
          `after ${storedUntilFull} of ${freed} pages one was refused, with ${holesWhenFull.bytes} bytes in free chunks and ${holesWhenFull.compactable} of ${limit} pages to be had by compaction; of the ${refused} refused in all, ${withFrames} were while compaction could free a zspage`,
        );
      },
    },
    {
      name: "compaction-lets-a-full-zram-accept",
      says:
        "Compacting before a limited zram says that it is full lets it take more before it does.",
      who: "Minchan Kim, 2015",
      passages: [{
        thread: "003",
        at:
          "zram want to trigger compaction of zsmalloc before it decides full or not",
      }],
      decide({ freed, fillings: [asItIs, , compacted] }) {
        const takesMore = compacted.stored >= asItIs.stored &&
          compacted.bytes >= asItIs.bytes;
        const isLater = compacted.storedUntilFull > asItIs.storedUntilFull;
        const evidence =
          `${compacted.storedUntilFull} of ${freed} pages instead of ${asItIs.storedUntilFull} before the first is refused; of all that are tried, ${compacted.stored} instead of ${asItIs.stored}, ${compacted.bytes} bytes instead of ${asItIs.bytes}`;
        if (takesMore) return holds(isLater, evidence);
        return holdsIf(
          isLater,
          compacted.bytes > asItIs.bytes
            ? "what counts is the first refusal, or bytes, not pages"
            : "what counts is the first refusal",
          evidence,
        );
      },
    },
    {
      name: "zram-compacts-before-it-is-full",
      says:
        "zram is to compact its pool before it decides whether it is full (planned).",
      who: "Minchan Kim, 2015: as what zram wants",
      passages: [{
        thread: "003",
        at:
          "zram want to trigger compaction of zsmalloc before it decides full or not",
      }],
      decide({ fillings: [asItIs, shrunk] }) {
        const evidence =
          `${asItIs.pagesCompacted} pages were compacted by its own writes, ${shrunk.pagesCompacted} where memory pressure came each time, which lets it take ${
            shrunk.storedUntilFull - asItIs.storedUntilFull
          } more before it is full`;
        return asItIs.pagesCompacted > 0 ? holds(true, evidence) : holdsIf(
          shrunk.storedUntilFull > asItIs.storedUntilFull,
          "memory pressure runs the shrinker just then",
          evidence,
        );
      },
    },
  ],
});
