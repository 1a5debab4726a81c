/** How many pages a class chains, and what that leaves unused. */
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_7_3,
  type Profile,
} from "../../linux/profile.ts";
import { grouped } from "../../report/table.ts";
import {
  type ClassGeometry,
  zsGeometry,
  zspageWaste,
} from "../../zsmalloc/geometry.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";

/** Bytes are shared by whole numbers of pages; below this no share differs. */
const ROUNDING = 1e-12;

/** A class whose chain is not the one that leaves the least share unused. */
interface Surpassed {
  readonly size: number;
  readonly pages: number;
  /** Share of the chain that no chunk has. */
  readonly unused: number;
  /** The chain that would leave less. */
  readonly betterPages: number;
  readonly betterUnused: number;
}

/** Where nobody says how many bits a physical address has. */
interface IndexBits {
  readonly wordBits: number;
  readonly pageSize: number;
  readonly pageShift: number;
  readonly objIndexBits: number;
  /** Whether the index of each chunk of a zspage fits, in each class. */
  readonly isEnough: boolean;
}

interface Found {
  readonly classes: number;
  /** Classes whose waste is as the comment says: Zp - Zp % size. */
  readonly wasteAsSaid: number;
  /** And as the code under it has it: Zp % size. */
  readonly wasteAsCoded: number;
  readonly surpassed: readonly Surpassed[];
  /** Classes that hold as many objects as pages' order * page size / size. */
  readonly objectsByOrder: number;
  /** And as many as pages * page size / size. */
  readonly objectsByPages: number;
  readonly indexBits: readonly IndexBits[];
}

const unusedShare = (pages: number, pageSize: number, size: number) =>
  pages * pageSize % size / (pages * pageSize);

/** The chain up to `chainSize` pages with the least unused, if it is another. */
function surpassedBy(
  { size, pagesPerZspage }: ClassGeometry,
  { pageSize, chainSize }: Profile,
): Surpassed[] {
  const chains = Array.from({ length: chainSize }, (_, nth) => nth + 1);
  const unused = (pages: number) => unusedShare(pages, pageSize, size);
  const best = chains.reduce((best, pages) =>
    unused(pages) < unused(best) - ROUNDING ? pages : best
  );
  const mine = unused(pagesPerZspage);
  return unused(best) < mine - ROUNDING
    ? [{
      size,
      pages: pagesPerZspage,
      unused: mine,
      betterPages: best,
      betterUnused: unused(best),
    }]
    : [];
}

/** Bits of an index where a word's bits are taken for those of an address. */
function indexBitsOf(profile: Profile): IndexBits[] {
  return [32, 64].flatMap((wordBits) =>
    [4096, 65536].map((pageSize) => {
      const { objIndexBits, classes } = zsGeometry({
        ...profile,
        wordBits,
        physBits: wordBits,
        pageSize,
      });
      const most = Math.max(...classes.map((one) => one.objectsPerZspage));
      return {
        wordBits,
        pageSize,
        pageShift: Math.log2(pageSize),
        objIndexBits,
        isEnough: most <= 2 ** objIndexBits,
      };
    })
  );
}

function run({ profile }: Given<never>): Found {
  const { pageSize } = profile;
  const { classes } = zsGeometry(profile);
  const count = (isSo: (one: ClassGeometry, bytes: number) => boolean) =>
    classes.filter((one) => isSo(one, one.pagesPerZspage * pageSize)).length;
  return {
    classes: classes.length,
    wasteAsSaid: count((one, bytes) =>
      zspageWaste(one, pageSize) === bytes - bytes % one.size
    ),
    wasteAsCoded: count((one, bytes) =>
      zspageWaste(one, pageSize) === bytes % one.size
    ),
    surpassed: classes.flatMap((one) => surpassedBy(one, profile)),
    objectsByOrder: count((one) => {
      const order = Math.ceil(Math.log2(one.pagesPerZspage));
      return one.objectsPerZspage === Math.floor(order * pageSize / one.size);
    }),
    objectsByPages: count((one, bytes) =>
      one.objectsPerZspage === Math.floor(bytes / one.size)
    ),
    indexBits: indexBitsOf(profile),
  };
}

const inPercent = (share: number) => `${(100 * share).toFixed(2)}%`;

function figures(found: Found): readonly Figures[] {
  return [
    {
      title:
        `Formulas, and of how many of ${found.classes} classes they are so`,
      columns: ["", "classes"],
      rows: [
        ["waste = Zp - Zp % size", found.wasteAsSaid],
        ["waste = Zp % size", found.wasteAsCoded],
        ["objects = order * page size / size", found.objectsByOrder],
        ["objects = pages * page size / size", found.objectsByPages],
      ],
    },
    {
      title: "Classes that another chain would use more of",
      columns: ["class", "pages", "unused", "better", "unused"],
      rows: found.surpassed.map((one) => [
        `${one.size} bytes`,
        one.pages,
        inPercent(one.unused),
        one.betterPages,
        inPercent(one.betterUnused),
      ]),
    },
    {
      title: "Bits of an index where addresses may have as many as a word",
      columns: ["word", "page", "page shift", "index bits", "are enough"],
      rows: found.indexBits.map((one) => [
        `${one.wordBits} bits`,
        one.pageSize,
        one.pageShift,
        one.objIndexBits,
        one.isEnough ? "yes" : "no",
      ]),
    },
  ];
}

/** "no class as written". */
const asWritten = (count: number, classes: number) =>
  count === 0
    ? "no class as written"
    : `${allOf(count, classes)} classes as written`;

/** "all 255", "3 of 255". */
const allOf = (count: number, classes: number) =>
  count === classes ? `all ${classes}` : `${count} of ${classes}`;

/** The experiment. */
export const CHAIN_FORMULAS = experiment<never, Found>({
  name: "chain-formulas",
  theme: "classes and zspages",
  method:
    "For each size class the pages that it chains are held against every other chain that it could have, and what comments say of the waste, of the objects and of the bits of their index against what there is.",
  sizes: {},
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "wastage-formula",
      says: "What a zspage of Zp bytes wastes is Zp - Zp % size.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1847-1851" }],
      decide: ({ classes, wasteAsSaid, wasteAsCoded }) =>
        holds(
          wasteAsSaid === classes,
          `${asWritten(wasteAsSaid, classes)}: with Zp % size alone, ${
            allOf(wasteAsCoded, classes)
          }`,
        ),
    },
    {
      name: "chain-maximises-used-share",
      says:
        "The chosen chain is the one that uses the largest share of its pages.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "line 1860" }],
      decide({ classes, surpassed }) {
        const [first] = surpassed;
        return holds(
          first === undefined,
          first === undefined
            ? `another chain is better in none of ${classes} classes`
            : `another is better in ${surpassed.length} of ${classes} classes: ${first.betterPages} pages of chunks of ${
              grouped(first.size)
            } leave ${
              inPercent(first.betterUnused)
            } unused, ${first.pages} leave ${inPercent(first.unused)}`,
        );
      },
    },
    {
      name: "objects-per-zspage-formula",
      says: "A zspage holds zspage_order * PAGE_SIZE / size objects.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1502-1503" }],
      decide: ({ classes, objectsByOrder, objectsByPages }) =>
        holds(
          objectsByOrder === classes,
          `${
            asWritten(objectsByOrder, classes)
          }, since the field counts pages: with pages instead of the order, ${
            allOf(objectsByPages, classes)
          }`,
        ),
    },
    {
      name: "index-bits-without-known-memory-size",
      says:
        "Where an architecture does not say how many bits its physical addresses have, an object's index has exactly PAGE_SHIFT bits.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1565-1568" }],
      decide: ({ indexBits }) =>
        holds(
          indexBits.every((one) => one.objIndexBits === one.pageShift),
          `${
            indexBits.filter(({ wordBits }) => wordBits === 64)
              .map(({ objIndexBits, pageShift }) =>
                `${objIndexBits} bits where PAGE_SHIFT is ${pageShift}`
              ).join(", ")
          }`,
        ),
    },
  ],
});
