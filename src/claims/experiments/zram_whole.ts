/** Which pages zram stores as they are, and how it counts them. */
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { randomFrom } from "../../programs/random.ts";
import { counted, grouped } from "../../report/table.ts";
import { readAttribute } from "../../zram/sysfs.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";
import { pageOf, statedZram } from "../runs/zram_pages.ts";

/** Bytes by which max_zpage_size is above a page in the what-if. */
const TOO_MUCH = 64;
/** The share from which on a page compresses badly. */
const BAD = 3 / 4;

interface Found {
  readonly pageSize: number;
  /** The least compressed length of a page that is stored whole. */
  readonly wholeFrom: number;
  /** Writes with a max_zpage_size above what zs_malloc takes. */
  readonly writes: number;
  readonly failed: number;
  /** Of the writes, pages that became longer than they are. */
  readonly longer: number;
  /** Pages about half and three quarters. */
  readonly about: number;
  /** Of those, pages of 75 % or more, and what was counted as such. */
  readonly bad: number;
  readonly countedBad: number;
  /** Whether a file shows that number. */
  readonly shown: string | undefined;
}

/** Pages of each length, one after the other. */
function leastWhole(profile: Profile): number {
  const zram = statedZram(profile, 1);
  const { pageSize } = profile;
  for (let length = 1; length <= pageSize; length++) {
    if (zram.write(0, pageOf(profile, length)) === pageSize) return length;
  }
  return pageSize + 1;
}

/** What fails where pages are not stored whole that zsmalloc cannot take. */
function withLargerMax({ profile, seed, sizes }: Given<"pages">) {
  const { pageSize } = profile;
  const zram = statedZram(
    {
      ...profile,
      zram: { ...profile.zram, wholeFrom: () => pageSize + TOO_MUCH + 1 },
    },
    sizes.pages,
  );
  const random = randomFrom(seed);
  let [failed, longer] = [0, 0];
  for (let nth = 0; nth < sizes.pages; nth++) {
    // A page that states more than it has becomes one byte longer than it is.
    const length = 200 + random(pageSize);
    if (length > pageSize) longer++;
    const stored = zram.write(nth, pageOf(profile, length));
    if (typeof stored === "string") failed++;
  }
  return { writes: sizes.pages, failed, longer };
}

const SHOWING = ["bad_compress", "mm_stat"];

/** Writes pages about half and three quarters, and reads what was counted. */
function countBad(profile: Profile) {
  const { pageSize } = profile;
  const lengths = [pageSize / 2, pageSize * BAD]
    .flatMap((length) => [length - 1, length, length + 1]);
  const zram = statedZram(profile, lengths.length);
  lengths.forEach((length, nth) => zram.write(nth, pageOf(profile, length)));
  return {
    about: lengths.length,
    bad: lengths.filter((length) => length >= pageSize * BAD).length,
    // bad_compress is counted where a page is stored whole, as huge_pages is.
    countedBad: zram.mmStat().huge_pages,
    shown: SHOWING.find((name) => "text" in readAttribute(zram, name)),
  };
}

function run(given: Given<"pages">): Found {
  const { profile } = given;
  return {
    pageSize: profile.pageSize,
    wholeFrom: leastWhole(profile),
    ...withLargerMax(given),
    ...countBad(profile),
  };
}

const percentOf = ({ bad, about }: Found) => Math.round(100 * bad / about);

const figures = (found: Found): readonly Figures[] => [{
  title: "Pages that are stored whole",
  columns: ["", "number"],
  rows: [
    ["least bytes that are stored whole", found.wholeFrom],
    ["writes where max_zpage_size is above a page", found.writes],
    ["of these failed", found.failed],
    ["pages longer than they were", found.longer],
    ["pages about half and three quarters", found.about],
    ["of these at 75 % or more", found.bad],
    ["counted as such", found.countedBad],
  ],
}];

/** The experiment. */
export const ZRAM_WHOLE = experiment<"pages", Found>({
  name: "zram-whole-pages",
  theme: "zram's interface",
  method:
    "A page of every compressed length is written, until one is stored as it is. Then max_zpage_size is put above a page, and random pages are written. Pages about half and three quarters are written, and what is counted of them is read.",
  sizes: {
    pages: { usual: 1000, least: 16, most: 65536, means: "random pages" },
  },
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "stored-whole-above-three-quarters",
      says:
        "A page that compresses to more than three quarters of a page is stored as it is.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 4936-4939" }],
      decide: ({ wholeFrom, pageSize }) =>
        holds(
          wholeFrom === pageSize * BAD + 1,
          `stored whole are pages of ${
            grouped(wholeFrom)
          } bytes or more; three quarters are ${grouped(pageSize * BAD)}`,
        ),
    },
    {
      name: "larger-max-zpage-fails-always",
      says:
        "Were max_zpage_size larger than what zs_malloc takes, zs_malloc would always fail.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 4941-4945" }],
      decide: ({ writes, failed, longer, pageSize }) =>
        holds(
          failed === writes,
          `with ${grouped(pageSize + TOO_MUCH)} bytes ${grouped(failed)} of ${
            grouped(writes)
          } random pages fail: the ${
            grouped(longer)
          } that become longer than a page`,
        ),
    },
    {
      name: "bad-compress-from-75-percent",
      says:
        "bad_compress is the percentage of pages that compress to 75 % or more.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 4990-4991" }],
      decide: (found) =>
        holds(
          found.countedBad === percentOf(found),
          `of ${found.about} pages ${found.bad} do so, ${
            percentOf(found)
          } in a hundred; counted ${
            counted(found.countedBad, "page")
          }, what is stored whole, shown by ${
            found.shown === "mm_stat"
              ? "mm_stat as huge_pages"
              : found.shown ?? "no file"
          }`,
        ),
    },
  ],
});
