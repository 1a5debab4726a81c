/** What zram's pages take, and what it counts of them. */
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { randomFrom } from "../../programs/random.ts";
import { grouped, humanBytes } from "../../report/table.ts";
import { Zram } from "../../zram/device.ts";
import { writeAttribute } from "../../zram/sysfs.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";
import {
  filledPage,
  pageOf,
  setDisksize,
  statedZram,
} from "../runs/zram_pages.ts";

/** What a disk of some pages took when all of them were written. */
interface Disk {
  readonly pages: number;
  readonly taken: number;
  readonly used: number;
}

interface Found {
  readonly pageSize: number;
  /** Pages of zeros, and the bytes that they took. */
  readonly zeros: Disk;
  /** Pages of other words. */
  readonly words: Disk;
  /** Counted as stored, and slots that hold something. */
  readonly counted: number;
  readonly there: number;
  /** Of these, pages of zeros. */
  readonly ofZeros: number;
  /** A disk of pages that do not compress, and one of as many lengths. */
  readonly noise: Disk;
  readonly mixed: Disk;
  /** What writing beyond the disk's end answered. */
  readonly beyond: string;
  readonly reset: Reset;
}

/** A device that was used and reset. */
interface Reset {
  readonly framesBefore: number;
  readonly frames: number;
  readonly disksize: number;
  /** What a write answers then, and once the disk is set up again. */
  readonly write: string;
  readonly writeAgain: string;
}

const told = (answer: string | number) =>
  typeof answer === "number" ? "written" : answer;

/** Writes each page of a disk. */
function writeAll(
  zram: Zram,
  pages: number,
  pageAt: (nth: number) => Uint8Array,
): Disk {
  let taken = 0;
  for (let nth = 0; nth < pages; nth++) {
    if (typeof zram.write(nth, pageAt(nth)) === "number") taken++;
  }
  return { pages, taken, used: zram.mmStat().mem_used_total };
}

/** Writes, overwrites and frees pages of all kinds, and counts. */
function countStored({ profile, seed }: Given<string>, pages: number) {
  const zram = statedZram(profile, pages);
  const random = randomFrom(seed);
  const zeros = new Set<number>();
  const others = new Set<number>();
  for (let nth = 0; nth < 4 * pages; nth++) {
    const page = random(pages);
    zeros.delete(page);
    others.delete(page);
    const kind = random(4);
    if (kind === 0) zram.slotFreeNotify(page);
    else (kind === 1 ? zeros : others).add(page);
    if (kind === 1) zram.write(page, filledPage(profile, 0));
    if (kind === 2) zram.write(page, filledPage(profile, 7));
    if (kind === 3) zram.write(page, pageOf(profile, 100 + random(2000)));
  }
  return {
    counted: zram.mmStat().orig_data_size / profile.pageSize,
    there: zeros.size + others.size,
    ofZeros: zeros.size,
  };
}

function reset(profile: Profile, pages: number): Reset {
  const zram = statedZram(profile, pages);
  for (let nth = 0; nth < pages; nth++) zram.write(nth, pageOf(profile, 2000));
  const framesBefore = zram.memory.allocatedPages;
  const errno = writeAttribute(zram, "reset", "1\n");
  if (errno !== undefined) throw new Error(`no reset: ${errno}`);
  const { disksize } = zram;
  const { allocatedPages: frames } = zram.memory;
  const write = told(zram.write(0, pageOf(profile, 2000)));
  setDisksize(zram, pages);
  const writeAgain = told(zram.write(0, pageOf(profile, 2000)));
  return { framesBefore, frames, disksize, write, writeAgain };
}

function run(given: Given<"pages">): Found {
  const { profile, sizes: { pages } } = given;
  const { pageSize } = profile;
  // Each of another length, so that most zspages have one object.
  const step = Math.floor(pageSize / 4 * 3 / pages) || 1;
  const stated = () => statedZram(profile, pages);
  const compressing = () => {
    const zram = new Zram(profile);
    setDisksize(zram, pages);
    return zram;
  };
  const beyond = stated().write(pages, pageOf(profile, 99));
  return {
    pageSize,
    zeros: writeAll(compressing(), pages, () => filledPage(profile, 0)),
    words: writeAll(compressing(), pages, () => filledPage(profile, 7)),
    ...countStored(given, pages),
    noise: writeAll(stated(), pages, () => pageOf(profile, pageSize + 1)),
    mixed: writeAll(
      stated(),
      pages,
      (nth) => pageOf(profile, pageSize / 4 + nth * step % (pageSize / 2)),
    ),
    beyond: told(beyond),
    reset: reset(profile, pages),
  };
}

function figures(found: Found): readonly Figures[] {
  const row = (name: string, { pages, taken, used }: Disk) => [
    name,
    taken,
    humanBytes(pages * found.pageSize),
    humanBytes(used),
  ];
  return [
    {
      title: "Disks on which every page is written",
      columns: ["pages", "taken", "disk", "memory"],
      rows: [
        row("of zeros", found.zeros),
        row("of another word", found.words),
        row("that do not compress", found.noise),
        row("of many lengths", found.mixed),
      ],
    },
    {
      title: "Pages of all kinds, written, overwritten and freed",
      columns: ["", "number"],
      rows: [
        ["slots that hold a page", found.there],
        ["of these, of zeros", found.ofZeros],
        ["counted as stored", found.counted],
      ],
    },
    {
      title: "Reset",
      columns: [
        "frames before",
        "after",
        "disksize",
        "a write",
        "set up again",
      ],
      rows: [[
        `${found.reset.framesBefore}`,
        found.reset.frames,
        found.reset.disksize,
        found.reset.write,
        found.reset.writeAgain,
      ]],
    },
  ];
}

/** The experiment. */
export const ZRAM_MEMORY = experiment<"pages", Found>({
  name: "zram-memory",
  theme: "zram's interface",
  method:
    "Every page of a zram disk is written: with zeros, with another word, with what does not compress, with pages of many lengths. Pages of all kinds are written, overwritten and freed at random, and what is counted as stored is held against the slots. A full device is reset.",
  sizes: {
    pages: { usual: 256, least: 16, most: 65536, means: "pages of a disk" },
  },
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "zero-pages-take-no-memory",
      says: "A page of zeros takes no memory.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 734-737" }],
      decide: ({ zeros, words }) =>
        holds(
          zeros.used === 0 && zeros.taken === zeros.pages,
          `${zeros.taken} such pages take ${
            humanBytes(zeros.used)
          } beside their slots, as many of another word ${
            humanBytes(words.used)
          }`,
        ),
    },
    {
      name: "pages-stored-counts-all-pages",
      says:
        "pages_stored, shown as orig_data_size, is the number of pages that are stored now.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "line 4989" }],
      decide({ counted, there, ofZeros }) {
        const evidence = `${grouped(counted)} are counted of ${
          grouped(there)
        } that are there, ${grouped(ofZeros)} of them of zeros`;
        return counted === there ? holds(true, evidence) : holdsIf(
          counted === there - ofZeros,
          "pages of zeros are not meant",
          evidence,
        );
      },
    },
    {
      name: "disksize-limits-uncompressed-data",
      says: "disksize limits the uncompressed data, not the memory.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 5020-5024" }],
      decide({ noise, mixed, beyond, pageSize }) {
        const disk = noise.pages * pageSize;
        return holds(
          noise.taken === noise.pages && beyond !== "written" &&
            Math.max(noise.used, mixed.used) > disk,
          `a disk of ${humanBytes(disk)} took ${noise.taken} pages, up to ${
            humanBytes(Math.max(noise.used, mixed.used))
          } of memory; the next page: ${beyond}`,
        );
      },
    },
    {
      name: "reset-frees-everything",
      says:
        "Reset frees all memory of the device and sets its disksize to 0, which must be set again before use.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 436-438" }],
      decide: ({ reset }) =>
        holds(
          reset.frames === 0 && reset.disksize === 0 &&
            reset.write !== "written" && reset.writeAgain === "written",
          `of ${reset.framesBefore} frames ${reset.frames} are left, disksize is ${reset.disksize}, and a write answers ${reset.write}`,
        ),
    },
  ],
});
