/** Requests for parts of pages, where pages are larger than blocks. */
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { counted } from "../../report/table.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";
import {
  countingZram,
  mixedPage,
  pageOf,
  statedZram,
  writeBytes,
} from "../runs/zram_pages.ts";

const PAGE_SIZES = [4096, 16384, 65536];
/** Pages of a disk. */
const PAGES = 16;
/** The block that the queue says requests are of. */
const BLOCK = 4096;

/** A write of a block where pages have some size. */
interface Block {
  readonly pageSize: number;
  readonly isTaken: boolean;
}

/** A write of a part of a page that is there. */
interface Part {
  readonly decompressions: number;
  /** Whether the rest of the page is as it was, and the part as it was written. */
  readonly isMerged: boolean;
}

interface Found {
  readonly blocks: readonly Block[];
  readonly part: Part;
}

function writeBlock(profile: Profile): Block {
  const zram = statedZram(profile, PAGES);
  const page = pageOf(profile, 2000).subarray(0, BLOCK);
  const { pageSize } = profile;
  return { pageSize, isTaken: writeBytes(zram, BLOCK, page) === undefined };
}

/** Writes a block of a page of 64 KiB, and counts what is decompressed. */
function writePart({ profile, seed }: Given<never>): Part {
  const large = { ...profile, pageSize: 65536 };
  const { zram, decompressed } = countingZram(large, PAGES);
  const page = mixedPage(large, seed);
  zram.write(0, page);
  const part = mixedPage(large, seed + 1).subarray(0, BLOCK);
  const before = decompressed();
  writeBytes(zram, BLOCK, part);
  const decompressions = decompressed() - before;
  page.set(part, BLOCK);
  const back = new Uint8Array(large.pageSize);
  zram.read(0, back);
  return {
    decompressions,
    isMerged: back.every((byte, at) => byte === page[at]),
  };
}

function run(given: Given<never>): Found {
  const { profile } = given;
  return {
    blocks: PAGE_SIZES.map((pageSize) => writeBlock({ ...profile, pageSize })),
    part: writePart(given),
  };
}

const figures = ({ blocks, part }: Found): readonly Figures[] => [
  {
    title: "A request of 4 KiB",
    columns: ["page", "answer"],
    rows: blocks.map(({ pageSize, isTaken }) => [
      `${pageSize}`,
      isTaken ? "taken" : "refused",
    ]),
  },
  {
    title: "Writing 4 KiB of a page of 64 KiB",
    columns: ["", "number"],
    rows: [["decompressions", part.decompressions]],
  },
];

/** The experiment. */
export const ZRAM_PARTS = experiment<never, Found>({
  name: "zram-parts",
  theme: "zram's interface",
  method:
    "A block of 4 KiB is written to disks whose pages have 4, 16 and 64 KiB. A part of a page of 64 KiB that is there is written, and what is decompressed meanwhile is counted.",
  sizes: {},
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "requests-are-page-sized",
      says:
        "The queue's settings make all requests aligned to pages, and multiples of a page.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1308-1311" }],
      decide({ blocks }) {
        const partial = blocks.filter(({ pageSize, isTaken }) =>
          isTaken && pageSize !== BLOCK
        );
        const evidence = `4 KiB are taken where pages have ${
          blocks.filter(({ isTaken }) => isTaken)
            .map(({ pageSize }) => `${pageSize / 1024}`).join(", ")
        } KiB`;
        return partial.length === 0 ? holds(true, evidence) : holdsIf(
          blocks.some(({ pageSize }) => pageSize === BLOCK),
          "pages have 4 KiB",
          evidence,
        );
      },
    },
    {
      name: "partial-write-reads-first",
      says:
        "A write of a part of a page reads and decompresses the whole page first.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 853-855" }],
      decide: ({ part: { decompressions, isMerged } }) =>
        holds(
          decompressions === 1 && isMerged,
          `writing 4 KiB of a page of 64 KiB decompresses ${
            counted(decompressions, "page")
          }, and the rest is ${isMerged ? "as it was" : "damaged"}`,
        ),
    },
  ],
});
