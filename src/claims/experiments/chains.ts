/** What chaining pages is for: objects of more than half a page. */
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_7_3,
  type Profile,
} from "../../linux/profile.ts";
import { percent } from "../../report/table.ts";
import {
  type ClassGeometry,
  sizeClassIndex,
  zsGeometry,
} from "../../zsmalloc/geometry.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { kmallocSize, objectsPerSlab } from "../runs/slab.ts";

/** How objects of one length fill pages. */
interface Fill {
  /** Bytes of an object. */
  readonly length: number;
  /** Objects a page: of zsmalloc as it is, and with chains of one page. */
  readonly chained: number;
  readonly single: number;
  /** Objects a page of a cache of their own, in slabs of one page and of eight. */
  readonly slab: number;
  readonly largeSlab: number;
  /** Objects a page of kmalloc's cache, in slabs of one page. */
  readonly kmalloc: number;
}

interface Found {
  readonly pageSize: number;
  /** From half a page on to a whole one. */
  readonly fills: readonly Fill[];
  /** A page that compresses to 60 %. */
  readonly sixty: Fill;
}

/** The order of the larger slabs: 8 pages, the most that SLUB takes for these. */
const LARGE_ORDER = 3;

/** Objects a page, by length, where chains are at most so long. */
function densityOf(profile: Profile, chainSize: number) {
  const geometry = zsGeometry({ ...profile, chainSize });
  const classFor = (length: number): ClassGeometry =>
    geometry.classOf[
      sizeClassIndex(geometry, length + geometry.handleSize)
    ];
  return (length: number) => {
    // An object of a whole page has its handle elsewhere.
    const one = classFor(
      Math.min(length, profile.pageSize - geometry.handleSize),
    );
    return one.objectsPerZspage / one.pagesPerZspage;
  };
}

function run({ profile, sizes }: Given<"step">): Found {
  const { pageSize, chainSize } = profile;
  const chained = densityOf(profile, chainSize);
  const single = densityOf(profile, 1);
  const fill = (length: number): Fill => ({
    length,
    chained: chained(length),
    single: single(length),
    slab: objectsPerSlab(length, 0, pageSize),
    largeSlab: objectsPerSlab(length, LARGE_ORDER, pageSize) /
      2 ** LARGE_ORDER,
    kmalloc: objectsPerSlab(kmallocSize(length), 0, pageSize),
  });
  const fills: Fill[] = [];
  for (let length = pageSize / 2; length <= pageSize; length += sizes.step) {
    fills.push(fill(length));
  }
  return { pageSize, fills, sixty: fill(Math.ceil(0.6 * pageSize)) };
}

/** The share of its pages that objects of a length fill. */
const used = ({ length }: Fill, density: number, pageSize: number) =>
  percent(length * density, pageSize);

/** Rows of the table: every so many lengths. */
const SHOWN = 12;

function figures({ pageSize, fills, sixty }: Found): readonly Figures[] {
  const every = Math.ceil(fills.length / SHOWN);
  const shown = [...fills.filter((_, nth) => nth % every === 0), sixty]
    .toSorted((a, b) => a.length - b.length);
  return [{
    title: "The share of pages that objects fill",
    columns: [
      ...["", "zsmalloc", "single pages", "slab", "slab of 8 pages"],
      "kmalloc",
    ],
    rows: shown.map((fill) => [
      `${fill.length} bytes`,
      used(fill, fill.chained, pageSize),
      used(fill, fill.single, pageSize),
      used(fill, fill.slab, pageSize),
      used(fill, fill.largeSlab, pageSize),
      used(fill, fill.kmalloc, pageSize),
    ]),
  }];
}

/** The experiment. */
export const CHAINS = experiment<"step", Found>({
  name: "chains",
  theme: "density",
  method:
    "Objects of every length from half a page to a whole one, in zsmalloc as it is, in zsmalloc with single pages, in slabs of one page and of eight, and in kmalloc's: how many go into a page.",
  sizes: {
    step: {
      usual: 8,
      least: 1,
      most: 1024,
      means: "bytes between two lengths",
    },
  },
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "single-pages-lose-half-page-objects",
      says:
        "With single pages in place of chains an object of half a page or more would take a whole page.",
      who: "Nitin Gupta, source comment of 2013",
      passages: [{ thread: "002", at: "lines 1457-1460" }],
      decide({ pageSize, fills }) {
        const alone = fills.filter(({ single }) => single === 1);
        const isSo = alone.length === fills.length;
        const evidence =
          `${alone.length} of ${fills.length} lengths take a page each`;
        return isSo ? holds(true, evidence) : holdsIf(
          fills.every(({ single, length }) =>
            single === 1 || length === pageSize / 2
          ),
          "it is more than half a page",
          `${evidence}, two of just ${pageSize / 2} bytes share one`,
        );
      },
    },
    {
      name: "slab-loses-all-at-60-percent",
      says:
        "By the slab allocator a page that compresses to 60 % saves nothing: no second one fits into what is left.",
      who: "Seth Jennings, quoted by Minchan Kim, 2013",
      passages: [{ thread: "002", at: "lines 5102-5105" }],
      decide: ({ sixty: { length, slab, kmalloc, largeSlab, chained } }) =>
        holdsIf(
          slab === 1 && kmalloc === 1,
          "slabs are of one page",
          `${length} bytes: one a page, ${
            largeSlab.toFixed(2)
          } in slabs of eight, ${chained.toFixed(2)} in zsmalloc`,
        ),
    },
    {
      name: "spanning-lowers-fragmentation-above-half-page",
      says:
        "Since objects may lie in two pages, those between half a page and a page waste less than in slabs.",
      who: "Seth Jennings, quoted by Minchan Kim, 2013",
      passages: [
        { thread: "002", at: "lines 5099-5102" },
        { thread: "002", at: "lines 5086-5088" },
      ],
      decide({ fills }) {
        const denser = fills.filter(({ chained, slab }) => chained > slab);
        const longest = denser.at(-1)?.length ?? 0;
        return holdsIf(
          denser.length > 0,
          `they are of at most ${longest} bytes`,
          `${denser.length} of ${fills.length} lengths are denser than in slabs of one page; longer ones have a page each`,
        );
      },
    },
  ],
});
