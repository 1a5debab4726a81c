/** How many objects of real pages lie in two frames. */
import { LINUX_3_12, LINUX_6_12, type Profile } from "../../linux/profile.ts";
import { grouped, percent } from "../../report/table.ts";
import { ZbudPool } from "../../zbud/pool.ts";
import { objectsCrossingPages, zsGeometry } from "../../zsmalloc/geometry.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { compressedLengths } from "../runs/compressed_lengths.ts";

/** Objects, and those that lie in two frames. */
interface Crossing {
  readonly objects: number;
  readonly crossing: number;
}

interface Found {
  /** zsmalloc's, by the most pages that a zspage may chain. */
  readonly byChain: ReadonlyMap<number, Crossing>;
  /** With the kernel's own. */
  readonly zsmalloc: Crossing;
  readonly zbud: Crossing;
  /** Chunks of all classes. */
  readonly chunks: Crossing;
}

function inZsmalloc(profile: Profile, lengths: readonly number[]): Crossing {
  const pool = new ZsPool(profile);
  const crossing = lengths.filter((length) => {
    const handle = pool.malloc(length);
    if (typeof handle === "string") throw new Error(`no object: ${handle}`);
    const { offset, size } = pool.chunkOf(handle, "find");
    return offset + size > profile.pageSize;
  });
  return { objects: lengths.length, crossing: crossing.length };
}

/** zbud's handles are the addresses of its objects. */
function inZbud(profile: Profile, lengths: readonly number[]): Crossing {
  const pool = new ZbudPool(profile);
  const places = lengths.flatMap((length) => {
    const handle = pool.alloc(length);
    return typeof handle === "number"
      ? [{ offset: handle % profile.pageSize, length }]
      : [];
  });
  const crossing = places.filter(({ offset, length }) =>
    offset + length > profile.pageSize
  );
  return { objects: places.length, crossing: crossing.length };
}

function chunksOfAllClasses(profile: Profile): Crossing {
  const { classes, pageSize } = zsGeometry(profile);
  return {
    objects: classes.reduce((sum, one) => sum + one.objectsPerZspage, 0),
    crossing: classes.reduce(
      (sum, one) => sum + objectsCrossingPages(one, pageSize),
      0,
    ),
  };
}

function run(given: Given<"pages">): Found {
  const { profile } = given;
  const { hugeClassSize } = zsGeometry(profile);
  const wholeFrom = profile.zram.wholeFrom(profile.pageSize, hugeClassSize);
  const lengths = compressedLengths(given, wholeFrom);
  const byChain = new Map(
    [1, 4, 8, 16].map((chainSize) =>
      [chainSize, inZsmalloc({ ...profile, chainSize }, lengths)] as const
    ),
  );
  return {
    byChain,
    zsmalloc: inZsmalloc(profile, lengths),
    zbud: inZbud(profile, lengths),
    chunks: chunksOfAllClasses(profile),
  };
}

const row = (name: string, { objects, crossing }: Crossing) => [
  name,
  objects,
  crossing,
  percent(crossing, objects),
];

/** The experiment. */
export const FRAMES_CROSSED = experiment<"pages", Found>({
  name: "frames-crossed",
  theme: "classes and zspages",
  method:
    "Real pages are compressed as that kernel's zram does by default, and put in zsmalloc, with chains of up to 1, 4, 8 and 16 pages, and in zbud, as far as it takes them. Objects that begin in one frame and end in another are counted.",
  sizes: {
    pages: { usual: 2048, least: 16, most: 65536, means: "pages stored" },
  },
  kernels: [LINUX_3_12, LINUX_6_12],
  run,
  figures: ({ byChain, zsmalloc, zbud, chunks }): readonly Figures[] => [{
    title: "Objects that lie in two frames",
    columns: ["", "objects", "crossing", "share"],
    rows: [
      row("zsmalloc", zsmalloc),
      ...[...byChain].map(([pages, found]) =>
        row(`zsmalloc, chains of ${pages}`, found)
      ),
      row("chunks of all its classes", chunks),
      row("zbud", zbud),
    ],
  }],
  claims: [{
    name: "how-often-objects-cross-frames",
    says:
      "Objects of zsmalloc cross page frames, by a share that he does not know; those of zbud never do.",
    who: "Dan Magenheimer, 2013",
    passages: [
      {
        thread: "004",
        at:
          "One other major difference is that zpages in zsmalloc can cross pageframe",
      },
      {
        thread: "004",
        at: "I don't understand zsmalloc well enough to estimate how",
      },
    ],
    decide: ({ zsmalloc, zbud }) =>
      holds(
        zsmalloc.crossing > 0 && zbud.crossing === 0,
        `${percent(zsmalloc.crossing, zsmalloc.objects)} of ${
          grouped(zsmalloc.objects)
        } do; of ${grouped(zbud.objects)} in zbud ${grouped(zbud.crossing)}`,
      ),
  }],
});
