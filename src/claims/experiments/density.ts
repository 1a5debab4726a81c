/** How much a frame holds, in zbud and in zsmalloc, and what vacating one takes. */
import { lzo } from "../../codec/lzo.ts";
import { LINUX_3_12, LINUX_6_12, type Profile } from "../../linux/profile.ts";
import { ZbudPool } from "../../zbud/pool.ts";
import type { MappedChunk } from "../../zsmalloc/mapping.ts";
import { objectsCrossingPages } from "../../zsmalloc/geometry.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { grouped } from "../../report/table.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { type Distribution, distribution, share } from "../numbers.ts";

/** A class's chunks, and its objects that lie in two frames. */
interface ClassCrossing {
  /** Bytes of a chunk. */
  readonly size: number;
  /** Chunks of a zspage. */
  readonly chunks: number;
  /** Of those, that cross frames. */
  readonly chunksCrossing: number;
  /** Objects that the pages made. */
  readonly objects: number;
  /** Of those, that cross frames. */
  readonly crossing: number;
}

interface Density {
  readonly pages: number;
  /** Pages that an allocator refuses, since they do not compress. */
  readonly zbudRefused: number;
  readonly zbudFrames: number;
  readonly zsmallocFrames: number;
  /** Objects of each frame, those in it in part included. */
  readonly zbudInFrame: Distribution;
  readonly zsmallocInFrame: Distribution;
  /** Objects that must go before a frame is free. */
  readonly zbudToVacate: Distribution;
  readonly zsmallocToVacate: Distribution;
  readonly classes: readonly ClassCrossing[];
}

/** Lengths of real pages, compressed as both users did by default. */
function lengthsOf({ profile, sizes, realPages }: Given<"pages">): number[] {
  const { pageSize } = profile;
  const into = new Uint8Array(2 * pageSize);
  return realPages(sizes.pages, pageSize)
    .map((page) => lzo.compress(page, into));
}

/** A zbud pool of objects, and how many were refused. */
function inZbud(profile: Profile, lengths: readonly number[]) {
  let evictions = 0;
  const pool: ZbudPool = new ZbudPool(profile, {
    *evict(handle) {
      evictions++;
      yield* pool.freeSteps(handle);
      return true;
    },
  });
  const refused = lengths.filter((length) =>
    typeof pool.alloc(length) !== "number"
  );
  const objects = [...pool.frames].map((pfn) => pool.pages.countObjects(pfn));
  /** The evictions that each reclaim of a frame took, until all were free. */
  const vacate = () => {
    const taken: number[] = [];
    while (pool.reclaimPage(1) === undefined) {
      taken.push(evictions);
      evictions = 0;
    }
    return taken;
  };
  // Since 6.5 zbud frees no page itself: whoever wants one evicts its objects.
  const toVacate = profile.release.zbud.reclaims ? vacate() : objects;
  return { refused: refused.length, objects, toVacate };
}

/** The chunk of each object in zsmalloc, which takes pages whole that must be. */
function inZsmalloc(profile: Profile, lengths: readonly number[]) {
  const pool = new ZsPool(profile);
  const chunks = lengths.map((length) => {
    const handle = pool.malloc(Math.min(length, profile.pageSize));
    if (typeof handle !== "number") throw new Error(`no object: ${handle}`);
    return pool.chunkOf(handle, "find");
  });
  return { pool, chunks };
}

const crosses = ({ offset, size }: MappedChunk, pageSize: number) =>
  offset + size > pageSize;

/** For each frame, by its number, how many of `chunks` lie in it. */
function objectsInFrames(
  pool: ZsPool,
  chunks: readonly MappedChunk[],
): number[] {
  const counts = new Map<number, number>();
  const { pageSize } = pool.geometry;
  const count = (pfn: number) => counts.set(pfn, (counts.get(pfn) ?? 0) + 1);
  for (const chunk of chunks) {
    count(chunk.pfn);
    if (!crosses(chunk, pageSize)) continue;
    const pages = pool.zspages.pagesOf(chunk.zspage);
    count(pages[pages.indexOf(chunk.pfn) + 1]);
  }
  return [...counts.values()];
}

/** For each frame, the objects of its whole zspage: one goes with all. */
function objectsToVacate(
  pool: ZsPool,
  chunks: readonly MappedChunk[],
): number[] {
  const counts = new Map<number, number>();
  for (const { zspage } of chunks) {
    counts.set(zspage, (counts.get(zspage) ?? 0) + 1);
  }
  return [...counts].flatMap(([zspage, objects]) =>
    pool.zspages.pagesOf(zspage).map(() => objects)
  );
}

function crossingByClass(
  pool: ZsPool,
  chunks: readonly MappedChunk[],
): ClassCrossing[] {
  const { pageSize } = pool.geometry;
  return pool.classes
    .map((sizeClass) => {
      const own = chunks.filter(({ size }) => size === sizeClass.size);
      return {
        size: sizeClass.size,
        chunks: sizeClass.objectsPerZspage,
        chunksCrossing: objectsCrossingPages(sizeClass, pageSize),
        objects: own.length,
        crossing: own.filter((chunk) => crosses(chunk, pageSize)).length,
      };
    })
    .filter(({ objects }) => objects > 0)
    .sort((a, b) => b.objects - a.objects || b.size - a.size);
}

function run(given: Given<"pages">): Density {
  const { profile, sizes } = given;
  const lengths = lengthsOf(given);
  const zbud = inZbud(profile, lengths);
  const { pool, chunks } = inZsmalloc(profile, lengths);
  return {
    pages: sizes.pages,
    zbudRefused: zbud.refused,
    zbudFrames: zbud.objects.length,
    zsmallocFrames: pool.pagesAllocated,
    zbudInFrame: distribution(zbud.objects),
    zsmallocInFrame: distribution(objectsInFrames(pool, chunks)),
    zbudToVacate: distribution(zbud.toVacate),
    zsmallocToVacate: distribution(objectsToVacate(pool, chunks)),
    classes: crossingByClass(pool, chunks),
  };
}

const total = (classes: readonly ClassCrossing[], of: keyof ClassCrossing) =>
  classes.reduce((sum, one) => sum + one[of], 0);

/** Classes that a table shows: those with the most objects. */
const SHOWN_CLASSES = 12;

function figures(found: Density): readonly Figures[] {
  const row = (name: string, { least, median, mean, most }: Distribution) => [
    name,
    least,
    median,
    mean.toFixed(2),
    most,
  ];
  return [
    {
      title: "Objects of a frame",
      columns: ["", "least", "median", "mean", "most"],
      rows: [
        row("zbud: in it", found.zbudInFrame),
        row("zbud: to vacate it", found.zbudToVacate),
        row("zsmalloc: in it, or in part", found.zsmallocInFrame),
        row("zsmalloc: to vacate it", found.zsmallocToVacate),
      ],
    },
    {
      title: "Objects that cross frames, of the classes with the most objects",
      columns: ["class", "objects", "crossing", "share", "by its geometry"],
      rows: found.classes.slice(0, SHOWN_CLASSES).map((one) => [
        `${one.size} bytes`,
        one.objects,
        one.crossing,
        share(one.crossing, one.objects),
        `${one.chunksCrossing} of ${one.chunks}`,
      ]),
    },
  ];
}

/** The experiment. */
export const DENSITY = experiment<"pages", Density>({
  name: "density",
  theme: "density",
  method:
    "Real pages, compressed by lzo, are put in a pool of zbud's and in one of zsmalloc's. The objects that lie in each frame are counted, and those that must go before it is free: in zsmalloc, all of its zspage.",
  sizes: {
    pages: { usual: 4096, least: 16, most: 65536, means: "pages stored" },
  },
  kernels: [LINUX_3_12, LINUX_6_12],
  run,
  figures,
  claims: [
    {
      name: "zbud-two-a-page",
      says: "A page of zbud's never holds more than two compressed pages.",
      who: "Minchan Kim, 2013",
      passages: [{ thread: "001", at: "includes just two pages as maximum" }],
      decide: ({ zbudInFrame: { most, mean, count } }) =>
        holds(
          most <= 2,
          `${most} in the fullest of ${count} frames, ${
            mean.toFixed(2)
          } in one`,
        ),
    },
    {
      name: "zbud-two-writebacks",
      says:
        "At most two writebacks vacate a frame of zbud's; zsmalloc may take more.",
      who: "Seth Jennings, 2013",
      passages: [{ thread: "004", at: "write back two pages" }],
      decide: ({ zbudToVacate, zsmallocToVacate }) =>
        holds(
          zbudToVacate.most <= 2 && zsmallocToVacate.most > 2,
          `zbud: ${zbudToVacate.most} at most; zsmalloc: ${
            zsmallocToVacate.mean.toFixed(1)
          } on average, ${zsmallocToVacate.most} at most`,
        ),
    },
    {
      name: "zsmalloc-crosses-frames",
      says: "Objects of zsmalloc can cross the border of two frames.",
      who: "Dan Magenheimer, 2013",
      passages: [{ thread: "004", at: "can cross pageframe boundaries" }],
      decide({ classes }) {
        const [crossing, objects] = [
          total(classes, "crossing"),
          total(classes, "objects"),
        ];
        return holds(
          crossing > 0,
          `${grouped(crossing)} of ${grouped(objects)} objects do, ${
            share(crossing, objects)
          }`,
        );
      },
    },
    {
      name: "zsmalloc-denser",
      says:
        "zsmalloc packs compressed pages denser than zbud, whose ratio is bad.",
      who: "Minchan Kim, 2013",
      passages: [{ thread: "001", at: "bad for memory compression ratio" }],
      decide({ pages, zbudRefused, zbudFrames, zsmallocFrames }) {
        const zbud = (pages - zbudRefused) / zbudFrames;
        const zsmalloc = pages / zsmallocFrames;
        return holds(
          zsmalloc > zbud,
          `${
            zbud.toFixed(2)
          } pages a frame in zbud, which refused ${zbudRefused}; ${
            zsmalloc.toFixed(2)
          } in zsmalloc, which takes all`,
        );
      },
    },
  ],
});
