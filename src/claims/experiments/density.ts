/** How much a frame holds, in zbud and in zsmalloc. */
import { lzo } from "../../codec/lzo.ts";
import { LINUX_3_12, LINUX_6_12, type Profile } from "../../linux/profile.ts";
import { ZbudPool } from "../../zbud/pool.ts";
import type { MappedChunk } from "../../zsmalloc/mapping.ts";
import { objectsCrossingPages } from "../../zsmalloc/geometry.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { grouped, percent } from "../../report/table.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { type Distribution, distribution } from "../numbers.ts";

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
  /** Pages that both allocators take: zbud takes none that hardly compresses. */
  readonly taken: number;
  readonly zbudFrames: number;
  readonly zsmallocFramesOfTaken: number;
  /** Objects of each frame, those in it in part included. */
  readonly zbudInFrame: Distribution;
  readonly zsmallocInFrame: Distribution;
  readonly classes: readonly ClassCrossing[];
}

/** Lengths of real pages, compressed as both users did by default. */
function lengthsOf({ profile, sizes, realPages }: Given<"pages">): number[] {
  const { pageSize } = profile;
  const into = new Uint8Array(2 * pageSize);
  return realPages(sizes.pages, pageSize)
    .map((page) => lzo.compress(page, into));
}

/** Objects of each frame of a zbud pool, and the lengths that it takes. */
function inZbud(profile: Profile, lengths: readonly number[]) {
  const pool = new ZbudPool(profile);
  const taken = lengths.filter((length) =>
    typeof pool.alloc(length) === "number"
  );
  const objects = [...pool.frames].map((pfn) => pool.pages.countObjects(pfn));
  return { taken, objects };
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
  const { profile } = given;
  const lengths = lengthsOf(given);
  const zbud = inZbud(profile, lengths);
  const { pool, chunks } = inZsmalloc(profile, lengths);
  return {
    taken: zbud.taken.length,
    zbudFrames: zbud.objects.length,
    zsmallocFramesOfTaken: inZsmalloc(profile, zbud.taken).pool.pagesAllocated,
    zbudInFrame: distribution(zbud.objects),
    zsmallocInFrame: distribution(objectsInFrames(pool, chunks)),
    classes: crossingByClass(pool, chunks),
  };
}

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
        row("zbud", found.zbudInFrame),
        row("zsmalloc, those in it in part included", found.zsmallocInFrame),
      ],
    },
    {
      title: "Objects that cross frames, of the classes with the most objects",
      columns: ["class", "objects", "crossing", "share", "by its geometry"],
      rows: found.classes.slice(0, SHOWN_CLASSES).map((one) => [
        `${one.size} bytes`,
        one.objects,
        one.crossing,
        percent(one.crossing, one.objects),
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
    "Real pages, compressed by lzo, are put in a pool of zbud's and in one of zsmalloc's. The objects that lie in each frame are counted, and those that cross into the next.",
  sizes: {
    pages: { usual: 4096, least: 16, most: 65536, means: "pages stored" },
  },
  kernels: [LINUX_3_12, LINUX_6_12],
  run,
  figures,
  claims: [
    {
      name: "zbud-ratio-at-most-2",
      says:
        "A page of zbud's never holds more than two pages, however well they compress.",
      who: "Minchan Kim and Seth Jennings, 2013",
      passages: [
        { thread: "001", at: "bad for memory compression ratio(2)" },
        { thread: "002", at: "lines 7904-7907" },
        { thread: "002", at: "lines 10436-10437" },
      ],
      decide: ({ zbudInFrame: { most, mean, count } }) =>
        holds(
          most <= 2,
          `${most} in the fullest of ${grouped(count)} frames, ${
            mean.toFixed(2)
          } on average`,
        ),
    },
    {
      name: "zbud-less-dense-than-zsmalloc",
      says: "zbud is the more predictable allocator, and the less dense one.",
      who: "Dan Magenheimer, 2013",
      passages: [{
        thread: "004",
        at: "less-dense allocator (zbud)",
      }],
      decide({ taken, zbudFrames, zsmallocFramesOfTaken }) {
        const [zbud, zsmalloc] = [zbudFrames, zsmallocFramesOfTaken]
          .map((frames) => taken / frames);
        return holds(
          zsmalloc > zbud,
          `of the pages that both take, ${zbud.toFixed(2)} a frame in zbud, ${
            zsmalloc.toFixed(2)
          } in zsmalloc`,
        );
      },
    },
  ],
});
