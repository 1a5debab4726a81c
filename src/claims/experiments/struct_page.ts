/** What allocators put into struct page, and who may misread it. */
import { LINUX_3_12, LINUX_6_12, LINUX_7_3 } from "../../linux/profile.ts";
import {
  Memory,
  PAGE_FLAGS,
  PAGE_INDEX,
  PG_ALLOCATED,
} from "../../memory/memory.ts";
import { type Random, randomFrom } from "../../programs/random.ts";
import { grouped, percent } from "../../report/table.ts";
import { ZbudPool } from "../../zbud/pool.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import {
  isTouched,
  PG_LRU,
  structPage,
  type Walker,
  WALKER_NAMES,
  type WalkerName,
  WALKERS,
} from "../runs/memmap_walkers.ts";

type Owner = "file" | "zsmalloc" | "zbud";

/** zbud's pages. */
interface Zbud {
  readonly frames: number;
  /** Frames of which a field, or another flag than that of any, is set. */
  readonly touched: number;
  /** Frames with metadata in their first chunk. */
  readonly withHeader: number;
  readonly chunkSize: number;
  readonly largest: number;
}

interface Found {
  readonly pageSize: number;
  readonly frames: Readonly<Record<Owner, number>>;
  /** Frames of zsmalloc's that each walker takes for his. */
  readonly misread: Readonly<Record<WalkerName, number>>;
  /**
   * Frames of zsmalloc's of which a flag is set that not every frame has. The
   * model has PG_private; in 3.12 the last frame has PG_private_2 as well.
   */
  readonly flagged: number;
  /** There is none in kernels without zbud. */
  readonly zbud: Zbud | undefined;
}

/** Frames that were allocated since there were `before`. */
function framesFrom({ endPfn }: Memory, before: number): number[] {
  return Array.from({ length: endPfn - before }, (_, nth) => before + nth);
}

/** Pages of a file, each with its place in it. */
function fillFile(memory: Memory, pages: number): number[] {
  const before = memory.endPfn;
  for (let nth = 0; nth < pages; nth++) {
    const page = structPage(memory, memory.allocPage());
    page[PAGE_FLAGS] |= PG_LRU;
    page[PAGE_INDEX] = nth;
  }
  return framesFrom(memory, before);
}

/** Objects of random lengths, of which a third is freed again. */
function fillPool(
  pool: { free(handle: number): void },
  alloc: (length: number) => number | string,
  objects: number,
  random: Random,
): void {
  for (let nth = 0; nth < objects; nth++) {
    const handle = alloc(100 + random(3000));
    if (typeof handle === "number" && random(3) === 0) pool.free(handle);
  }
}

function largestOf(pool: ZbudPool, pageSize: number): number {
  for (let size = pageSize; size > 0; size--) {
    const handle = pool.alloc(size);
    if (typeof handle !== "number") continue;
    pool.free(handle);
    return size;
  }
  return 0;
}

function inZbud(memory: Memory, given: Given<"objects">): Zbud | undefined {
  const { profile, seed, sizes } = given;
  if (!profile.zswap.zpools.includes("zbud")) return undefined;
  const pool = new ZbudPool(profile, { memory });
  fillPool(pool, (size) => pool.alloc(size), sizes.objects, randomFrom(seed));
  const { chunkSize } = pool.pages;
  const frames = [...pool.frames];
  const withHeader = frames.filter((pfn) => {
    const start = pfn * memory.pageSize;
    return memory.bytes.subarray(start, start + chunkSize)
      .some((byte) => byte !== 0);
  });
  return {
    frames: frames.length,
    touched: frames.filter((pfn) => isTouched(structPage(memory, pfn))).length,
    withHeader: withHeader.length,
    chunkSize,
    largest: largestOf(pool, memory.pageSize),
  };
}

function run(given: Given<"objects">): Found {
  const { profile, seed, sizes } = given;
  const { pageSize } = profile;
  const memory = new Memory({ pageSize });
  const file = fillFile(memory, sizes.objects >> 1);
  const pool = new ZsPool(profile, { memory });
  fillPool(pool, (size) => pool.malloc(size), sizes.objects, randomFrom(seed));
  const frames = [...pool.zspages.live()]
    .flatMap((zspage) => pool.zspages.pagesOf(zspage));
  const pages = frames.map((pfn) => structPage(memory, pfn));
  const misread = (walker: Walker) => pages.filter(walker.takes).length;
  const flagged =
    pages.filter((page) => page[PAGE_FLAGS] !== PG_ALLOCATED).length;
  const counts = {
    byLru: misread(WALKERS.byLru),
    byPrivateFlag: misread(WALKERS.byPrivateFlag),
    byPrivate: misread(WALKERS.byPrivate),
    byIndex: misread(WALKERS.byIndex),
  };
  const zbud = inZbud(memory, given);
  return {
    pageSize,
    frames: {
      file: file.length,
      zsmalloc: frames.length,
      zbud: zbud?.frames ?? 0,
    },
    misread: counts,
    flagged,
    zbud,
  };
}

function figures({ frames, misread, flagged }: Found): readonly Figures[] {
  return [
    {
      title:
        `Of ${frames.zsmalloc} frames of zsmalloc's, what walkers take for theirs`,
      columns: ["goes by", "frames"],
      rows: WALKER_NAMES.map((name) => [WALKERS[name].name, misread[name]]),
    },
    {
      title: "Frames",
      columns: ["", "number"],
      rows: [
        ["of a file", frames.file],
        ["of zsmalloc", frames.zsmalloc],
        ["of these with a page flag", flagged],
        ["of zbud", frames.zbud],
      ],
    },
  ];
}

/** The experiment. */
export const STRUCT_PAGE = experiment<"objects", Found>({
  name: "struct-page",
  theme: "struct page",
  method:
    "A file, a pool of zsmalloc's and one of zbud's share the frames of a memory. Who walks over all struct pages looks for pages of his own kind, by a flag or by a field, and takes some of the pools' frames for such.",
  sizes: {
    objects: { usual: 2000, least: 16, most: 10 ** 6, means: "objects stored" },
  },
  kernels: [LINUX_3_12, LINUX_6_12, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "memmap-walkers-misread-zsmalloc-pages",
      says:
        "zsmalloc puts what it likes into struct page, and code that walks all struct pages misreads it.",
      who: "Seth Jennings, 2013",
      passages: [{ thread: "002", at: "lines 9478-9484" }],
      disputed:
        "Minchan Kim: all who walk so should go by the page flags (002, lines 10502-10506).",
      decide({ frames, misread }) {
        const { byLru, byPrivate, byIndex } = misread;
        const evidence = `of ${
          grouped(frames.zsmalloc)
        } frames, who goes by private takes ${
          grouped(byPrivate)
        } for his, by index ${grouped(byIndex)}, by PG_lru ${byLru}`;
        return byLru > 0 ? holds(true, evidence) : holdsIf(
          byPrivate + byIndex > 0,
          "it trusts a field before it looks for a flag of its own pages",
          evidence,
        );
      },
    },
    {
      name: "zsmalloc-need-not-touch-page-flags",
      says:
        "Such walkers go by the page flags, and zsmalloc does not need to touch these, so there is no problem.",
      who: "Minchan Kim, 2013",
      passages: [{ thread: "002", at: "lines 10502-10503" }],
      disputed:
        "Seth Jennings: they make assumptions about the state and structure of struct page (002, lines 9478-9484).",
      decide: ({ frames, flagged, misread }) =>
        holds(
          flagged === 0,
          `${grouped(flagged)} of ${
            grouped(frames.zsmalloc)
          } frames have a flag set: who goes by PG_private takes ${
            grouped(misread.byPrivateFlag)
          } for pages with buffers`,
        ),
    },
    {
      name: "zbud-metadata-in-first-chunk",
      says:
        "zbud keeps its metadata in the first block of each page, and so leaves struct page alone.",
      who: "Seth Jennings, 2013",
      passages: [{ thread: "002", at: "lines 9486-9488" }],
      decide({ zbud, pageSize }) {
        if (zbud === undefined) return undefined;
        return holds(
          zbud.touched === 0 && zbud.withHeader === zbud.frames,
          `${zbud.touched} of ${
            grouped(zbud.frames)
          } struct pages are touched; ${zbud.chunkSize} bytes of each page, ${
            percent(zbud.chunkSize, pageSize)
          }, leave ${grouped(zbud.largest)} for an object`,
        );
      },
    },
  ],
});
