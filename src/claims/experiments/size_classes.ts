/** Which chunk an object of each size gets, up to the largest. */
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import type { Errno } from "../../linux/errno.ts";
import { counted, grouped } from "../../report/table.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";

/** The objects of the source's example: three eighths of a page. */
const EXAMPLE = 3 / 8;
/** How many the source says to be in how many pages. */
const EXAMPLE_PAGES = 3;
const EXAMPLE_OBJECTS = 8;
/** Classes that the source says there are. */
const CLAIMED_CLASSES = 254;

/** What asking for an object of some size came to. */
interface Asked {
  readonly size: number;
  readonly answer: "taken" | Errno;
  /** Pages that the pool then has more. */
  readonly pages: number;
  /** Whether its bytes could be read back. */
  readonly isKept: boolean;
}

interface Found {
  readonly pageSize: number;
  /** Different sizes of chunks that objects of all sizes lay in. */
  readonly classes: number;
  /** Classes before those of equal zspages are merged. */
  readonly unmerged: number;
  /** Objects that were stored, one of each size. */
  readonly objects: number;
  /** Of those, in a chunk that is too small for them. */
  readonly tooSmall: number;
  /** The most bytes that a chunk had beyond its object. */
  readonly mostSpare: number;
  /** The zspage that objects of the example fill. */
  readonly example: { objects: number; pages: number; chunk: number };
  readonly asked: readonly Asked[];
}

function handleOf(pool: ZsPool, size: number): number {
  const handle = pool.malloc(size);
  if (typeof handle === "number") return handle;
  throw new Error(`no object of ${size} bytes: ${handle}`);
}

/** One object of each size up to a page. */
function ofEachSize(profile: Profile) {
  const pool = new ZsPool(profile);
  const sizes = Array.from({ length: profile.pageSize }, (_, at) => at + 1);
  const chunks = sizes.map((size) => {
    const chunk = pool.chunkOf(handleOf(pool, size), "find");
    return { size: chunk.size, spare: chunk.size - chunk.header - size };
  });
  return {
    classes: new Set(chunks.map(({ size }) => size)).size,
    unmerged: pool.geometry.sizeClasses,
    objects: chunks.length,
    tooSmall: chunks.filter(({ spare }) => spare < 0).length,
    mostSpare: chunks.reduce((most, { spare }) => Math.max(most, spare), 0),
  };
}

/** Objects of one size until they need a second zspage. */
function exampleZspage(profile: Profile) {
  const pool = new ZsPool(profile);
  const size = profile.pageSize * EXAMPLE;
  const { size: chunk } = pool.chunkOf(handleOf(pool, size), "find");
  const pages = pool.pagesAllocated;
  let objects = 0;
  while (pool.pagesAllocated === pages) {
    objects++;
    handleOf(pool, size);
  }
  return { objects, pages, chunk };
}

function ask(profile: Profile, size: number): Asked {
  const pool = new ZsPool(profile);
  const handle = pool.malloc(size);
  const pages = pool.pagesAllocated;
  if (typeof handle === "string") {
    return { size, answer: handle, pages, isKept: false };
  }
  const bytes = Uint8Array.from({ length: size }, (_, at) => at * 7);
  pool.write(handle, bytes);
  const back = pool.read(handle, new Uint8Array(size));
  const isKept = back.every((byte, at) => byte === bytes[at]);
  return { size, answer: "taken", pages, isKept };
}

function run({ profile }: Given<never>): Found {
  const { pageSize } = profile;
  return {
    pageSize,
    ...ofEachSize(profile),
    example: exampleZspage(profile),
    asked: [0, 1, pageSize - 1, pageSize, pageSize + 1]
      .map((size) => ask(profile, size)),
  };
}

function figures(found: Found): readonly Figures[] {
  const { example } = found;
  return [
    {
      title: "Classes, and chunks of objects of every size up to a page",
      columns: ["", "number"],
      rows: [
        ["classes before merging", found.unmerged],
        ["classes that objects lie in", found.classes],
        ["objects in a chunk that is too small", found.tooSmall],
        ["most bytes of a chunk that its object leaves", found.mostSpare],
      ],
    },
    {
      title: "The first zspage of objects of three eighths of a page",
      columns: ["chunk", "objects", "pages"],
      rows: [[`${example.chunk} bytes`, example.objects, example.pages]],
    },
    {
      title: "What asking for an object answers",
      columns: ["size", "answer", "pages"],
      rows: found.asked.map(({ size, answer, pages }) => [size, answer, pages]),
    },
  ];
}

/** The experiment. */
export const SIZE_CLASSES = experiment<never, Found>({
  name: "size-classes",
  theme: "classes and zspages",
  method:
    "One object of every size up to a page is put into a pool, and the chunk that it lies in is looked at. Objects of three eighths of a page are added until they need a second zspage. Sizes at the ends, and beyond them, are asked for.",
  sizes: {},
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "size-classes-254",
      says: "With pages of 4 KiB there are 254 size classes.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1584-1585" }],
      decide: ({ classes, unmerged }) =>
        holds(
          unmerged === CLAIMED_CLASSES,
          classes === unmerged
            ? `there are ${unmerged}`
            : `there are ${unmerged}, of which ${classes} are left once those of equal zspages are merged`,
        ),
    },
    {
      name: "class-is-big-enough",
      says:
        "The class that is chosen by an object's size has chunks that are big enough for it.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1719-1725" }],
      decide: ({ objects, tooSmall, mostSpare }) =>
        holds(
          tooSmall === 0,
          `of ${grouped(objects)} objects, one of each size, ${tooSmall} ${
            tooSmall === 1 ? "has" : "have"
          } too small a chunk; ${counted(mostSpare, "byte")} to spare at most`,
        ),
    },
    {
      name: "chain-example-three-eighths",
      says:
        "For chunks of 3/8 of a page three pages are chained, which hold exactly eight.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1853-1855" }],
      decide: ({ example: { objects, pages, chunk }, pageSize }) =>
        holds(
          objects === EXAMPLE_OBJECTS && pages === EXAMPLE_PAGES,
          `objects of ${grouped(pageSize * EXAMPLE)} bytes lie ${objects} in ${
            counted(pages, "page")
          }, in chunks of ${grouped(chunk)}`,
        ),
    },
    {
      name: "largest-object-is-a-page",
      says:
        "Objects of up to a page can be allocated, larger ones fail; at worst a page is stored as it is.",
      who: SOURCE_COMMENT,
      passages: [
        { thread: "002", at: "lines 1468-1472" },
        { thread: "002", at: "line 2335" },
      ],
      decide({ asked, pageSize }) {
        const right = asked.filter(({ size, answer, isKept }) =>
          size > 0 && size <= pageSize ? isKept : answer !== "taken"
        );
        const told = asked.slice(-2).map(({ size, answer, pages }) =>
          `${grouped(size)} bytes: ${
            answer === "taken" ? `taken, ${counted(pages, "page")}` : answer
          }`
        );
        return holds(right.length === asked.length, told.join("; "));
      },
    },
  ],
});
