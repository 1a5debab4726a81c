/** Where zram's frames lie among others, and whether they can be moved. */
import { percent } from "../../report/table.ts";
import { LINUX_4_0, LINUX_7_3 } from "../../linux/profile.ts";
import { Memory } from "../../memory/memory.ts";
import { randomFrom } from "../../programs/random.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { mallocIn, storedPages } from "../runs/stored_pages.ts";

/** Frames that fork needs in a row for a pgd on ARM: 16 KiB, order 2. */
const BLOCK = 4;

/** Memory at one moment. */
interface Blocks {
  /** Frames that are free. */
  readonly free: number;
  /** Blocks of 16 KiB that are free, of as many as free frames would make. */
  readonly freeBlocks: number;
}

interface PageFrames {
  readonly frames: number;
  /** Frames of the pool. */
  readonly poolFrames: number;
  readonly before: Blocks;
  /** After memory compaction moved what it could. */
  readonly compacted: Blocks;
  /** Frames of the pool that can be isolated, to be moved. */
  readonly movable: number;
  /** Frames that memory compaction moved, and those that it could not. */
  readonly moved: number;
  readonly refused: number;
  /** Objects that were others afterwards. */
  readonly wrong: number;
}

/** Stores pages while others take frames too, which they give back then. */
function fillAmongOthers(
  pool: ZsPool,
  pages: readonly Uint8Array[],
  count: number,
  othersPercent: number,
  seed: number,
) {
  const { memory } = pool;
  const random = randomFrom(seed);
  const others: number[] = [];
  const objects: { handle: number; page: Uint8Array }[] = [];
  for (let nth = 0; nth < count; nth++) {
    const page = pages[random(pages.length)];
    const before = pool.pagesAllocated;
    const handle = mallocIn(pool, page.length);
    pool.write(handle, page);
    objects.push({ handle, page });
    for (let more = before; more < pool.pagesAllocated; more++) {
      while (random(100) < othersPercent) others.push(memory.allocPage());
    }
  }
  // What was freed last is taken first: the highest, by memory compaction.
  others.sort((one, other) => one - other)
    .forEach((pfn) => memory.freePage(pfn));
  return objects;
}

/** The frames of a pool, from the lowest on. */
function framesOf({ zspages }: ZsPool): number[] {
  return [...zspages.live()].flatMap((one) => zspages.pagesOf(one))
    .sort((one, other) => one - other);
}

/** Whether a frame can be isolated, as who moves it does first. */
function isMovable(pool: ZsPool, pfn: number): boolean {
  if (!pool.isolatePage(pfn)) return false;
  pool.putbackPage(pfn);
  return true;
}

function blocksOf(pool: ZsPool, end: number): Blocks {
  const own = new Set(framesOf(pool));
  let freeBlocks = 0;
  for (let first = 0; first + BLOCK <= end; first += BLOCK) {
    const isFree = [...Array(BLOCK).keys()].every((nth) =>
      !own.has(first + nth)
    );
    if (isFree) freeBlocks++;
  }
  return { free: end - own.size, freeBlocks };
}

/**
 * Memory compaction: frames in use move from the low end into free ones at the
 * high end, until both meet. Those it empties are kept for who asks for more
 * than one. Specifies `compact_zone`, `mm/compaction.c`, as far as it goes here.
 */
function compactMemory(
  pool: ZsPool,
  end: number,
): { moved: number; refused: number } {
  const { memory } = pool;
  const captured: number[] = [];
  let [moved, refused] = [0, 0];
  for (const pfn of framesOf(pool)) {
    const target = memory.allocPage();
    memory.freePage(target);
    if (target <= pfn || target >= end) break;
    const to = pool.migratePage(pfn);
    if (typeof to === "string") {
      refused++;
      continue;
    }
    moved++;
    captured.push(memory.allocPage());
  }
  captured.forEach((pfn) => memory.freePage(pfn));
  return { moved, refused };
}

function run(given: Given<"pages" | "others">): PageFrames {
  const { profile, seed, sizes, realPages } = given;
  const { pageSize } = profile;
  const memory = new Memory({ pageSize, firstPfn: 0 });
  const pool = new ZsPool(profile, { memory });
  const pages = storedPages(
    profile,
    realPages(Math.ceil(sizes.pages / 4), pageSize),
  );
  const objects = fillAmongOthers(
    pool,
    pages,
    sizes.pages,
    sizes.others,
    seed,
  );
  const frames = memory.endPfn;
  const before = blocksOf(pool, frames);
  const movable = framesOf(pool).filter((pfn) => isMovable(pool, pfn)).length;
  const { moved, refused } = compactMemory(pool, frames);
  const wrong =
    objects.filter(({ handle, page }) =>
      pool.read(handle, new Uint8Array(page.length))
        .some((byte, at) => byte !== page[at])
    ).length;
  return {
    frames,
    poolFrames: pool.pagesAllocated,
    before,
    compacted: blocksOf(pool, frames),
    movable,
    moved,
    refused,
    wrong,
  };
}

/** Blocks that the free frames would make if they lay together. */
const mostBlocks = ({ free }: Blocks) => Math.floor(free / BLOCK);

function figures(found: PageFrames): readonly Figures[] {
  const row = (name: string, blocks: Blocks) => [
    name,
    blocks.free,
    percent(blocks.free, found.frames),
    blocks.freeBlocks,
    percent(blocks.freeBlocks, mostBlocks(blocks)),
  ];
  return [{
    title:
      `${found.frames} frames, of which zram has ${found.poolFrames}: free ones, and 16 KiB in a row`,
    columns: ["", "free", "of all", "blocks", "of those they would make"],
    rows: [
      row("as zram left it", found.before),
      row(
        `compacted, ${found.moved} moved, ${found.refused} could not`,
        found.compacted,
      ),
    ],
  }];
}

/** The experiment. */
export const PAGE_FRAMES = experiment<"pages" | "others", PageFrames>({
  name: "page-frames",
  theme: "page frames",
  method:
    "Pages are stored in zsmalloc while others take frames of the same memory in between, who give them back. Then memory compaction moves the pool's frames to one end, where the kernel lets it.",
  sizes: {
    pages: { usual: 2048, least: 16, most: 65536, means: "pages stored" },
    others: {
      usual: 50,
      least: 0,
      most: 95,
      means: "percent of the frames that others take",
    },
  },
  kernels: [LINUX_4_0, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "zram-scatters-unmovable-pages",
      says:
        "zram's frames fragment memory, so that 16 KiB in a row are scarce while many frames are free.",
      who: "Juneho Choi, reported by Minchan Kim, 2015",
      passages: [
        {
          thread: "003",
          at: "fork failed although there are plenty of free pages",
        },
        { thread: "003", at: "there was no more contiguous 16K page for pgd" },
      ],
      decide: ({ compacted, before, frames }) =>
        holds(
          2 * compacted.freeBlocks < mostBlocks(compacted),
          `${percent(before.free, frames)} of ${frames} frames are free, and ${
            percent(before.freeBlocks, mostBlocks(before))
          } of the blocks that they would make; ${
            percent(compacted.freeBlocks, mostBlocks(compacted))
          } after memory compaction`,
        ),
    },
    {
      name: "zram-cannot-use-cma",
      says:
        "zram cannot use memory that is for movable frames alone, as its frames cannot be moved.",
      who: "Minchan Kim, 2015",
      passages: [{
        thread: "003",
        at: "zRAM cannot use CMA's movable pages unless it doesn't support",
      }],
      decide: ({ movable, poolFrames }) =>
        holds(
          movable === 0 && poolFrames > 0,
          `${movable} of ${poolFrames} frames can be isolated to be moved`,
        ),
    },
    {
      name: "generic-compaction-moves-zsmalloc-pages",
      says: "Memory compaction moves zsmalloc's frames by itself.",
      who: "Minchan Kim, 2015: as the next step",
      passages: [{
        thread: "003",
        at: "generic compaction will move zsmalloced-pages automatically",
      }],
      decide: ({ moved, refused, wrong }) =>
        holds(
          moved > 0 && refused === 0 && wrong === 0,
          `${moved} frames were moved, ${refused} could not be, ${wrong} objects read wrong`,
        ),
    },
  ],
});
