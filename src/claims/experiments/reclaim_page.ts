/** What it takes to free one page, in zbud and in zsmalloc. */
import { lzo } from "../../codec/lzo.ts";
import { LINUX_3_12, LINUX_6_1, type Profile } from "../../linux/profile.ts";
import { randomFrom } from "../../programs/random.ts";
import { grouped } from "../../report/table.ts";
import { runToEnd } from "../../rules/stop.ts";
import { LINUX_6_2 } from "../../search/races/known/zsmalloc.ts";
import { ZbudPool } from "../../zbud/pool.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { type Distribution, distribution } from "../numbers.ts";
import { fillZspages } from "../runs/zspages.ts";

type Name = "pages" | "busy";

/** Pages that zswap is to write back to free one page at a time. */
interface Found {
  /** Of zbud: objects that were evicted from each page that was freed. */
  readonly zbud: Distribution;
  /** The most that one reclaim wrote back, pages that it tried in vain included. */
  readonly zbudInOneCall: number;
  /** Of zsmalloc: objects of each zspage, and for each of its frames. */
  readonly zsmalloc: Distribution;
  readonly perFrame: Distribution;
  /** Whether zspages were reclaimed, or their objects only counted. */
  readonly isReclaimed: boolean;
  /** Of zsmalloc with two objects a page at most: objects of each page. */
  readonly two: Distribution;
  /** Pages stored for each frame that is taken. */
  readonly zbudRatio: number;
  readonly zsmallocRatio: number;
  readonly twoRatio: number;
}

/** Lengths of real pages that both allocators take. */
function lengthsOf({ profile, sizes, realPages }: Given<Name>): number[] {
  const { pageSize } = profile;
  const into = new Uint8Array(2 * pageSize);
  const most = new ZbudPool(profile).pages.maxSize;
  return realPages(sizes.pages, pageSize)
    .map((page) => lzo.compress(page, into))
    .filter((length) => length <= most);
}

/** Reclaims pages of a zbud pool until it is empty, some objects being busy. */
function reclaimZbud({ profile, seed, sizes }: Given<Name>, lengths: number[]) {
  const random = randomFrom(seed);
  let evicted: number[] = [];
  const pool: ZbudPool = new ZbudPool(profile, {
    // deno-lint-ignore require-yield
    *evict(handle) {
      if (random(100) < sizes.busy) return false;
      evicted.push(pool.pages.pfnOf(handle));
      pool.free(handle);
      return true;
    },
  });
  lengths.forEach((length) => pool.alloc(length));
  const ratio = lengths.length / pool.pagesNr;
  const ofFreed: number[] = [];
  let inOneCall = 0;
  while (pool.pagesNr > 0) {
    evicted = [];
    if (pool.reclaimPage(RETRIES) !== undefined) continue;
    const freed = evicted.at(-1);
    ofFreed.push(evicted.filter((pfn) => pfn === freed).length);
    inOneCall = Math.max(inOneCall, evicted.length);
  }
  return { ofFreed, inOneCall, ratio };
}

/** Pages that one reclaim tries (`zbud_zpool_shrink`; 8 in 3.12's zswap too). */
const RETRIES = 8;

/** Objects that are evicted from each zspage, and for each of its frames. */
function reclaimZsmalloc(profile: Profile, lengths: readonly number[]) {
  const pool = new ZsPool(profile);
  const objects = fillZspages(pool, lengths);
  const isReclaimed = profile.deferredHandle !== "none";
  const ratio = lengths.length / pool.pagesAllocated;
  const each = [...objects].map(([zspage, handles]) => {
    const frames = pool.zspages.pagesOf(zspage).length;
    const evicted = isReclaimed
      ? reclaimZspage(pool, handles[0])
      : handles.length;
    return { evicted, frames };
  });
  if (isReclaimed && pool.pagesAllocated > 0) {
    throw new Error(`${pool.pagesAllocated} frames are left, not 0`);
  }
  return { each, isReclaimed, ratio };
}

/** Reclaims the zspage of an object, and counts what is evicted. */
function reclaimZspage(pool: ZsPool, handle: number): number {
  let evicted = 0;
  const { pfn } = pool.chunkOf(handle, "find");
  runToEnd(pool.reclaimSteps(pfn, function* (one) {
    evicted++;
    yield* pool.freeSteps(one);
  }));
  return evicted;
}

function run(given: Given<Name>): Found {
  const { profile } = given;
  const lengths = lengthsOf(given);
  const zbud = reclaimZbud(given, lengths);
  const zsmalloc = reclaimZsmalloc(profile, lengths);
  // Chains of one page, and no class of which a page holds more than two.
  const half = profile.pageSize / 2 - new ZsPool(profile).geometry.handleSize;
  const two = reclaimZsmalloc(
    { ...profile, chainSize: 1 },
    lengths.map((length) => Math.max(length, half)),
  );
  const evicted = ({ each }: typeof two) =>
    distribution(each.map((one) => one.evicted));
  return {
    zbud: distribution(zbud.ofFreed),
    zbudInOneCall: zbud.inOneCall,
    zsmalloc: evicted(zsmalloc),
    perFrame: distribution(
      zsmalloc.each.map((one) => one.evicted / one.frames),
    ),
    isReclaimed: zsmalloc.isReclaimed,
    two: evicted(two),
    zbudRatio: zbud.ratio,
    zsmallocRatio: zsmalloc.ratio,
    twoRatio: two.ratio,
  };
}

function figures(found: Found): readonly Figures[] {
  const row = (name: string, numbers: Distribution, ratio: number) => [
    name,
    numbers.count,
    numbers.least,
    numbers.median,
    numbers.mean.toFixed(2),
    numbers.most,
    ratio.toFixed(2),
  ];
  const { zbudRatio, zsmallocRatio, twoRatio } = found;
  return [{
    title: "Objects that are evicted to free a page, or a zspage",
    columns: ["", "freed", "least", "median", "mean", "most", "pages a frame"],
    rows: [
      row("zbud", found.zbud, zbudRatio),
      row("zsmalloc", found.zsmalloc, zsmallocRatio),
      row("zsmalloc, for each frame", found.perFrame, zsmallocRatio),
      row("zsmalloc of two a page", found.two, twoRatio),
    ],
  }];
}

/** The experiment. */
export const RECLAIM_PAGE = experiment<Name, Found>({
  name: "reclaim-page",
  theme: "writeback",
  method:
    "Real pages, compressed by lzo, are put in pools of zbud's and of zsmalloc's, and pages are reclaimed until none is left, some objects of zbud's being busy. Objects that are evicted are counted; where zsmalloc does not reclaim, the objects of its zspages are. Once more with zsmalloc as it would be with chains of one page and no class of which a page holds more than two.",
  sizes: {
    pages: { usual: 3000, least: 100, most: 65536, means: "pages stored" },
    busy: {
      usual: 10,
      least: 0,
      most: 90,
      means: "objects of a hundred that are busy, of zbud's",
    },
  },
  kernels: [LINUX_3_12, LINUX_6_1, LINUX_6_2],
  run,
  figures,
  claims: [
    {
      name: "zbud-reclaim-evicts-at-most-two",
      says:
        "To free one page zbud never has more than two objects written back: what it costs is bounded.",
      who: "Seth Jennings and Minchan Kim, 2013",
      passages: [
        { thread: "001", at: "because we can expect a zpage" },
        {
          thread: "004",
          at: "zbud will only ever need to write back two pages",
        },
        { thread: "002", at: "lines 7897-7898" },
      ],
      decide: ({ zbud: { most, mean, count }, zbudInOneCall }) =>
        holds(
          most <= 2,
          `${grouped(count)} pages are freed with ${
            mean.toFixed(2)
          } evictions each, ${most} at most; with the pages that it tried in vain, one reclaim has up to ${zbudInOneCall} written back`,
        ),
    },
    {
      name: "zsmalloc-reclaim-evicts-more",
      says:
        "To free a page frame zsmalloc may have to have more than two objects written back, and nobody can foretell how many.",
      who: "Seth Jennings and Mel Gorman, 2013",
      passages: [
        { thread: "004", at: "might have to write back more to free up the" },
        { thread: "002", at: "lines 7949-7950" },
      ],
      decide({ zsmalloc, perFrame, isReclaimed }) {
        const { least, mean, most, count } = zsmalloc;
        return holds(
          most > 2 && least < most,
          `${least} to ${most} objects in ${grouped(count)} zspages${
            isReclaimed ? " that are freed" : ""
          }, ${mean.toFixed(1)} on average, ${
            perFrame.mean.toFixed(1)
          } for each frame`,
        );
      },
    },
    {
      name: "zsmalloc-of-two-objects-a-page-is-predictable",
      says:
        "A zsmalloc that holds at most two objects a page could be written back as predictably as is wanted.",
      who: "Mel Gorman, 2013",
      passages: [{ thread: "002", at: "lines 7953-7956" }],
      decide: ({ two, zsmalloc, twoRatio, zbudRatio, zsmallocRatio }) =>
        holds(
          two.most <= 2,
          `${two.most} evictions at most, not ${zsmalloc.most}; but ${
            twoRatio.toFixed(2)
          } pages a frame, not ${zsmallocRatio.toFixed(2)} (zbud: ${
            zbudRatio.toFixed(2)
          })`,
        ),
    },
  ],
});
