/** A file that grows to half of memory: what it drives out, on tmpfs and on zram. */
import { LINUX_3_12, LINUX_7_3 } from "../../linux/profile.ts";
import { NO_PAGE } from "../../memory/memory.ts";
import { type Random, randomFrom } from "../../programs/random.ts";
import { grouped, percent } from "../../report/table.ts";
import { zramBlockDevice } from "../../zram/block_device.ts";
import { type Claim, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { zramOn } from "../runs/minchan_setup.ts";
import { newPagesOf } from "../runs/new_pages.ts";
import { makePage } from "../runs/page_lengths.ts";
import { SmallFileSystem } from "../runs/small_file_system.ts";
import { SmallMachine } from "../runs/small_machine.ts";
import { Tmpfs } from "../runs/tmpfs.ts";

/** What was left of the working set when a file was at its peak. */
export interface Evicted {
  /** Pages that it had: clean ones of files, all the memory that there was. */
  readonly workingSet: number;
  /** Of those, that had to go. */
  readonly evicted: number;
}

/** A file on zram. */
export interface FileOnZram {
  /** How often smaller zram's pages are when they are compressed. */
  readonly ratio: number;
  /** Where the file's own pages of the page cache go first. */
  readonly cacheFirst: Evicted;
  /** Where they stay, as those of a file in use. */
  readonly cacheLast: Evicted;
}

/** What came of one kernel. */
export interface TemporaryFile {
  /** Pages of the file: half of memory. */
  readonly pages: number;
  readonly frames: number;
  readonly tmpfs: Evicted;
  /** What compresses best first. */
  readonly zram: readonly FileOnZram[];
}

/** Of ten pages so many do not compress; the others are those of object files. */
const RANDOM_TENTHS = [0, 3, 6, 10];
/** Pages of the disk beside the file's: of the file system's tables. */
const TABLES = 64;
/** Evicting this share of the working set is to evict half of it. */
const HALF = 0.45;

/** Frames of clean pages, which are freed when memory is short. */
class CleanPages {
  /** Pages that were freed. */
  dropped = 0;
  readonly #machine: SmallMachine;
  readonly #frames: number[] = [];

  constructor(machine: SmallMachine) {
    this.#machine = machine;
  }

  get size(): number {
    return this.#frames.length;
  }

  /** Reads one more page in: whether there was a frame for it. */
  add(): boolean {
    const pfn = this.#machine.memory.allocPage();
    if (pfn !== NO_PAGE) this.#frames.push(pfn);
    return pfn !== NO_PAGE;
  }

  /** Drops a page: whether there was one. */
  drop(): boolean {
    const pfn = this.#frames.pop();
    if (pfn === undefined) return false;
    this.#machine.memory.freePage(pfn);
    this.dropped++;
    return true;
  }
}

/**
 * Frees clean pages until there is room for a page and what zram takes for it:
 * the frames of a zspage, above the watermark. The first lot goes first.
 */
function makeRoom(machine: SmallMachine, lots: readonly CleanPages[]): void {
  const { chainSize } = machine.swap.profile;
  const enough = machine.reserved * 3 / 2 + chainSize + 1;
  for (const lot of lots) {
    while (machine.freeFrames < enough && lot.drop());
  }
}

/** A working set that has all memory which is left. */
function fillMemory(machine: SmallMachine): CleanPages {
  const workingSet = new CleanPages(machine);
  while (machine.freeFrames > machine.reserved * 3 / 2) workingSet.add();
  return workingSet;
}

/** A page of the file. */
function pageOf(random: Random, randomTenths: number): Uint8Array {
  return makePage(random(10) < randomTenths ? "random" : "object", random);
}

/** The file grows on tmpfs, without swap. */
function growOnTmpfs({ profile, seed, sizes }: Given<"frames">): Evicted {
  const newPages = newPagesOf(profile);
  const machine = new SmallMachine(profile, { ...sizes, newPages });
  const workingSet = fillMemory(machine);
  const { size } = workingSet;
  const random = randomFrom(seed);
  const tmpfs = new Tmpfs(machine);
  while (tmpfs.pages < sizes.frames / 2) {
    makeRoom(machine, [workingSet]);
    const failure = tmpfs.append([pageOf(random, 0)]);
    if (failure !== undefined) throw new Error(`Cannot write: ${failure}`);
  }
  return { workingSet: size, evicted: workingSet.dropped };
}

/** The file grows on a file system on zram. */
function growOnZram(
  { profile, seed, sizes }: Given<"frames">,
  randomTenths: number,
  isCacheFirst: boolean,
): Evicted & { readonly ratio: number } {
  const newPages = newPagesOf(profile);
  const machine = new SmallMachine(profile, { ...sizes, newPages });
  const pages = Math.floor(sizes.frames / 2);
  const zram = zramOn(machine, { profile, newPages }, pages + TABLES);
  const workingSet = fillMemory(machine);
  const { size } = workingSet;
  const cache = new CleanPages(machine);
  const lots = isCacheFirst ? [cache, workingSet] : [workingSet, cache];
  const device = zramBlockDevice(zram);
  const system = new SmallFileSystem({
    ...device,
    // A page is in the cache before it is on the disk, and clean after that.
    writePage(page, data) {
      makeRoom(machine, lots);
      return cache.add() ? device.writePage(page, data) : "ENOMEM";
    },
  }, { inodes: 16 });
  const random = randomFrom(seed);
  const data = Array.from(
    { length: pages },
    () => pageOf(random, randomTenths),
  );
  const errno = system.create("temporary", data);
  if (errno !== undefined) throw new Error(`Cannot write the file: ${errno}`);
  const { orig_data_size, compr_data_size } = zram.mmStat();
  return {
    workingSet: size,
    evicted: workingSet.dropped,
    ratio: orig_data_size / compr_data_size,
  };
}

function run(given: Given<"frames">): TemporaryFile {
  const { frames } = given.sizes;
  return {
    frames,
    pages: Math.floor(frames / 2),
    tmpfs: growOnTmpfs(given),
    zram: RANDOM_TENTHS.map((tenths) => {
      const cacheFirst = growOnZram(given, tenths, true);
      const cacheLast = growOnZram(given, tenths, false);
      return { ratio: cacheFirst.ratio, cacheFirst, cacheLast };
    }),
  };
}

const share = ({ evicted, workingSet }: Evicted) => evicted / workingSet;
const shareText = ({ evicted, workingSet }: Evicted) =>
  percent(evicted, workingSet);

function figures({ frames, tmpfs, zram }: TemporaryFile): readonly Figures[] {
  return [{
    title: `The share of a working set of ${
      grouped(tmpfs.workingSet)
    } pages in ${grouped(frames)} frames that a file of half of them evicts`,
    columns: ["", "its cache first", "its cache last"],
    rows: [
      ["tmpfs", shareText(tmpfs), ""],
      ...zram.map(({ ratio, cacheFirst, cacheLast }) => [
        `zram, ${ratio.toFixed(1)}:1`,
        shareText(cacheFirst),
        shareText(cacheLast),
      ]),
    ],
  }];
}

/** The claims. */
export const TEMPORARY_FILE_CLAIMS: readonly Claim<TemporaryFile>[] = [
  {
    name: "temp-file-evicts-half-of-working-set",
    says:
      "A temporary file of half the memory drives half of the working set out when it is on tmpfs, and less when it is on zram.",
    who: "Minchan Kim, 2013",
    passages: [
      { thread: "002", at: "lines 8755-8759" },
      { thread: "000", at: "lines 154-158" },
    ],
    disputed:
      'Mel Gorman: "back it by a pseudo device that fails all writes" (002, lines 9213-9214)',
    decide({ tmpfs, zram }) {
      const isLess = (one: Evicted) => share(one) < HALF;
      const worse = zram.findIndex(({ cacheFirst }) => !isLess(cacheFirst));
      const better = worse < 0 ? zram : zram.slice(0, worse);
      const least = better.at(-1)?.ratio.toFixed(1);
      const staysLess = better.every(({ cacheLast }) => isLess(cacheLast));
      const told = zram.map(({ ratio, cacheFirst }) =>
        `${shareText(cacheFirst)} at ${ratio.toFixed(1)}:1`
      );
      return holdsIf(
        share(tmpfs) >= HALF && better.length > 0,
        `the file compresses ${least}:1 or better${
          staysLess ? "" : ", and its page cache goes first"
        }`,
        `on tmpfs ${shareText(tmpfs)} go, on zram ${told.join(", ")}; ${
          shareText(zram[0].cacheLast)
        } with the page cache of the file that compresses best`,
      );
    },
  },
];

/** The experiment. */
export const TEMPORARY_FILE = experiment<"frames", TemporaryFile>({
  name: "temporary-file",
  theme: "freeing",
  method:
    "Memory is full of clean pages of files, the working set. A file grows to half of memory, on tmpfs without swap, and on a file system on zram, with pages of object files and with more and more that do not compress; its own page cache goes first, or last. Counted are the pages of the working set that had to go.",
  sizes: {
    frames: { usual: 2048, least: 512, most: 65536, means: "frames of memory" },
  },
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: TEMPORARY_FILE_CLAIMS,
});
