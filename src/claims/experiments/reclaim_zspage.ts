/** Emptying zspages by writing their objects elsewhere, the oldest first. */
import { lzo } from "../../codec/lzo.ts";
import { randomFrom } from "../../programs/random.ts";
import { grouped } from "../../report/table.ts";
import { runToEnd } from "../../rules/stop.ts";
import { LINUX_6_2 } from "../../search/races/known/zsmalloc.ts";
import { ZSMALLOC_RACES } from "../../search/races/rooms/zsmalloc.ts";
import { checkPool } from "../../zsmalloc/invariants.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import {
  isSound,
  type Overlap,
  overlapFigures,
  overlapIn,
  toldOf,
} from "../runs/explored.ts";

type Name = "pages" | "preemptions";

/** What meets the reclaim of a zspage. */
export const RECLAIM_PROGRAMS: readonly string[] = [
  "malloc 2000 a; malloc 2000 b / free b | reclaim a",
  "malloc 2000 a; malloc 2000 b; malloc 2000 c / free a | free b | reclaim c",
  "malloc 2000 a; malloc 2000 b / malloc 2000 c | reclaim a",
  "malloc 2000 a / reclaim a | reclaim a",
];

/** An object and what it must hold. */
interface Stored {
  readonly bytes: Uint8Array;
  /** When it was allocated, counted in objects. */
  readonly nth: number;
}

interface Found {
  readonly zspages: number;
  readonly freedZspages: number;
  readonly frames: number;
  readonly freedFrames: number;
  /** Objects that were written elsewhere, and that were left in place. */
  readonly evicted: number;
  readonly left: number;
  /** Objects, evicted or left, whose bytes were not what was stored. */
  readonly damaged: number;
  readonly races: readonly Overlap[];
}

/** A pool with compressed real pages, of which half are freed again. */
function fill({ profile, seed, sizes, realPages }: Given<Name>) {
  const pool = new ZsPool(profile);
  const stored = new Map<number, Stored>();
  const into = new Uint8Array(2 * profile.pageSize);
  const pages = realPages(sizes.pages, profile.pageSize);
  for (const [nth, page] of pages.entries()) {
    const length = Math.min(lzo.compress(page, into), profile.pageSize);
    const handle = pool.malloc(length);
    if (typeof handle !== "number") throw new Error(`no object: ${handle}`);
    const bytes = into.slice(0, length);
    pool.write(handle, bytes);
    stored.set(handle, { bytes, nth });
  }
  const random = randomFrom(seed);
  for (const handle of [...stored.keys()]) {
    if (random(2) === 0) continue;
    pool.free(handle);
    stored.delete(handle);
  }
  return { pool, stored };
}

/** Whether an object holds what was stored in it. */
function isWhole(pool: ZsPool, handle: number, { bytes }: Stored): boolean {
  const found = pool.read(handle, new Uint8Array(bytes.length));
  return found.every((byte, at) => byte === bytes[at]);
}

/** A handle of each zspage, that whose newest object is the oldest first. */
function oldestFirst(pool: ZsPool, stored: ReadonlyMap<number, Stored>) {
  const newest = new Map<number, { handle: number; nth: number }>();
  for (const [handle, { nth }] of stored) {
    newest.set(pool.chunkOf(handle, "find").zspage, { handle, nth });
  }
  return [...newest.values()].sort((one, other) => one.nth - other.nth);
}

function run(given: Given<Name>): Found {
  const { pool, stored } = fill(given);
  const queue = oldestFirst(pool, stored);
  const frames = pool.pagesAllocated;
  let [freedZspages, evicted, damaged] = [0, 0, 0];
  for (const { handle } of queue.slice(0, queue.length >> 1)) {
    const before = pool.pagesAllocated;
    runToEnd(
      pool.reclaimSteps(pool.chunkOf(handle, "find").pfn, function* (one) {
        const object = stored.get(one);
        if (object === undefined) throw new Error(`${one} is not stored`);
        if (!isWhole(pool, one, object)) damaged++;
        stored.delete(one);
        evicted++;
        yield* pool.freeSteps(one);
      }),
    );
    checkPool(pool);
    if (pool.pagesAllocated < before) freedZspages++;
  }
  for (const [handle, object] of stored) {
    if (!isWhole(pool, handle, object)) damaged++;
  }
  const { profile, sizes: { preemptions } } = given;
  return {
    zspages: queue.length >> 1,
    freedZspages,
    frames,
    freedFrames: frames - pool.pagesAllocated,
    evicted,
    left: stored.size,
    damaged,
    races: RECLAIM_PROGRAMS.map((program) =>
      overlapIn(ZSMALLOC_RACES, profile, program, preemptions)
    ),
  };
}

function figures(found: Found): readonly Figures[] {
  const { frames, freedFrames, evicted, left, damaged, races } = found;
  return [{
    title: "The older half of the zspages, reclaimed",
    columns: [
      "zspages",
      "freed",
      "frames",
      "freed",
      "evicted",
      "left",
      "damaged",
    ],
    rows: [[
      found.zspages,
      found.freedZspages,
      frames,
      freedFrames,
      evicted,
      left,
      damaged,
    ]],
  }, overlapFigures("What meets a reclaim", races)];
}

/** The experiment. */
export const RECLAIM_ZSPAGE = experiment<Name, Found>({
  name: "reclaim-zspage",
  theme: "writeback",
  method:
    "Real pages, compressed by lzo, are put in a pool of 6.2's zsmalloc, and half are freed at random. The zspages to which nothing was added for longest are reclaimed, half of all; each object is compared with what was stored as it is evicted, or in place. Every rule is checked after each. Frees, allocations and other reclaims overlap with a reclaim in every way up to some preemptions.",
  sizes: {
    pages: { usual: 400, least: 20, most: 20_000, means: "pages stored" },
    preemptions: {
      usual: 2,
      least: 0,
      most: 6,
      means: "preemptions of a schedule at most",
    },
  },
  kernels: [LINUX_6_2],
  run,
  figures,
  claims: [
    {
      name: "zsmalloc-reclaim-is-doable",
      says:
        "A chosen zspage of zsmalloc can be emptied by writing its objects back, the least recently used first.",
      who: "Seth Jennings, 2013",
      passages: [
        { thread: "004", at: "This is doable" },
        {
          thread: "004",
          at: "Zbud exposes LRU-ness as well... why not also do that for",
        },
      ],
      disputed:
        "Dan Magenheimer: he fears that it is what an allocator of high density cannot do.",
      decide(found) {
        const { zspages, freedZspages, freedFrames, evicted, damaged } = found;
        return holds(
          freedZspages === zspages && damaged === 0 &&
            isSound(...found.races),
          `${grouped(freedZspages)} of ${grouped(zspages)} zspages are freed, ${
            grouped(freedFrames)
          } frames, by ${grouped(evicted)} evictions, ${damaged} damaged; ${
            toldOf(...found.races)
          }`,
        );
      },
    },
  ],
});
