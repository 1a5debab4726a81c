/** A limit to zram's disk, with processes that end before it is full. */
import { LINUX_3_12, LINUX_7_3 } from "../../linux/profile.ts";
import { type Random, randomFrom } from "../../programs/random.ts";
import { grouped, percent } from "../../report/table.ts";
import { zramSwapDevice } from "../../swap/device.ts";
import { type Claim, holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { zramOn } from "../runs/minchan_setup.ts";
import { newPagesOf } from "../runs/new_pages.ts";
import { makePage } from "../runs/page_lengths.ts";
import { SmallMachine } from "../runs/small_machine.ts";

/** What came of one disk and one kind of data. */
export interface Limited {
  /** Pages that the disk has. */
  readonly disk: number;
  /** How often smaller the swapped pages are when they are compressed. */
  readonly ratio: number;
  /** Tabs that were opened before memory ran out, or all. */
  readonly opened: number;
  /** Whether memory ran out. */
  readonly isOutOfMemory: boolean;
  /** The most frames that zram had. */
  readonly peak: number;
}

/** What came of one kernel. */
export interface DiskLimit {
  readonly frames: number;
  /** Tabs that were to be opened. */
  readonly tabs: number;
  /** With the larger disk and with the smaller one, what compresses best first. */
  readonly larger: readonly Limited[];
  readonly smaller: readonly Limited[];
}

type Sizes = "frames" | "disk" | "smallerDisk" | "tabs";

/** Of ten pages so many do not compress; the others are those of object files. */
const RANDOM_TENTHS = [0, 2, 4, 6, 10];
/** A tab has this part of memory. */
const TABS_PER_MEMORY = 16;
/** Slots that are free when a tab is closed, as a part of the disk. */
const MARGIN = 1 / 8;

/** Opens tabs, each of which is a process, and closes the oldest in time. */
class Browser {
  readonly machine: SmallMachine;
  readonly #open: number[] = [];
  readonly #random: Random;
  readonly #randomTenths: number;
  readonly #margin: number;
  readonly #pagesPerTab: number;

  constructor(
    machine: SmallMachine,
    disk: number,
    randomTenths: number,
    random: Random,
  ) {
    this.machine = machine;
    this.#random = random;
    this.#randomTenths = randomTenths;
    this.#pagesPerTab = Math.floor(machine.frames / TABS_PER_MEMORY);
    this.#margin = Math.max(disk * MARGIN, this.#pagesPerTab);
  }

  /** Opens a tab, pages of others being used meanwhile: whether there was memory. */
  open(tab: number): boolean {
    const { machine } = this;
    this.#open.push(tab);
    for (let page = 0; page < this.#pagesPerTab; page++) {
      this.#closeInTime();
      const kind = this.#random(10) < this.#randomTenths ? "random" : "object";
      if (!machine.write(tab, page, makePage(kind, this.#random))) return false;
      if (page % 2 === 0 && !this.#useAny(tab)) return false;
    }
    return true;
  }

  /** Closes the oldest tabs where slots are about to be full. */
  #closeInTime(): void {
    while (this.machine.freeSlots < this.#margin && this.#open.length > 1) {
      const [oldest] = this.#open.splice(0, 1);
      this.machine.exit(oldest);
    }
  }

  /** Uses some page of another tab: whether there was memory to bring it in. */
  #useAny(tab: number): boolean {
    const other = this.#open[this.#random(this.#open.length)];
    return other === tab ||
      this.machine.touch(other, this.#random(this.#pagesPerTab));
  }
}

/** Opens tabs until memory runs out, or all of them are opened. */
function browse(
  { profile, seed, sizes }: Given<Sizes>,
  disk: number,
  randomTenths: number,
): Limited {
  const newPages = newPagesOf(profile);
  const { frames, tabs } = sizes;
  const machine = new SmallMachine(profile, { frames, newPages });
  const zram = zramOn(machine, { profile, newPages }, disk);
  machine.swap.swapon(zramSwapDevice(zram));
  const browser = new Browser(machine, disk, randomTenths, randomFrom(seed));
  let [opened, peak, isOutOfMemory] = [0, 0, false];
  for (; opened < tabs && !isOutOfMemory; opened++) {
    isOutOfMemory = !browser.open(opened + 1);
    peak = Math.max(peak, zram.initialisedPool.pagesAllocated);
  }
  const { orig_data_size, compr_data_size } = zram.mmStat();
  const ratio = orig_data_size / compr_data_size;
  return { disk, ratio, opened, isOutOfMemory, peak };
}

function run(given: Given<Sizes>): DiskLimit {
  const { frames, disk, smallerDisk, tabs } = given.sizes;
  const withDisk = (percentOfMemory: number) =>
    RANDOM_TENTHS.map((tenths) =>
      browse(given, Math.floor(frames * percentOfMemory / 100), tenths)
    );
  return {
    frames,
    tabs,
    larger: withDisk(disk),
    smaller: withDisk(smallerDisk),
  };
}

const ratioOf = ({ ratio }: Limited) =>
  Number.isFinite(ratio) ? `${ratio.toFixed(1)}:1` : "nothing stored";

/** Whether zram had a page to the last. */
const isTried = ({ ratio }: Limited) => Number.isFinite(ratio);

/** How well data must compress, by those that compress better and did not fail. */
function leastRatio(limited: readonly Limited[]): string | undefined {
  const failed = limited.findIndex(({ isOutOfMemory }) => isOutOfMemory);
  const last = limited.at(failed < 0 ? -1 : failed - 1);
  return failed === 0 || last === undefined ? undefined : ratioOf(last);
}

function figures(
  { frames, larger, smaller, tabs }: DiskLimit,
): readonly Figures[] {
  const rows = [...larger, ...smaller].map((one) => [
    `${(one.disk / frames).toFixed(2)} of memory`,
    ratioOf(one),
    percent(one.peak, frames),
    one.opened,
    one.isOutOfMemory ? "yes" : "no",
  ]);
  return [{
    title: `Up to ${tabs} tabs opened in ${grouped(frames)} frames`,
    columns: ["disk", "ratio", "zram's most", "opened", "out of memory"],
    rows,
  }];
}

/** "at 2.6:1, zram having 58.0% of memory": where one is nearest to the limit. */
const peakText = (one: Limited, frames: number) =>
  `at ${ratioOf(one)}, zram having ${percent(one.peak, frames)} of memory`;

/** Up to where memory lasts, and from where on it does not. */
function limitText(limited: readonly Limited[], frames: number): string {
  const lasting = limited.findLast(({ isOutOfMemory }) => !isOutOfMemory);
  const failed = limited.find(({ isOutOfMemory }) => isOutOfMemory);
  return [
    ...(lasting === undefined
      ? []
      : [`memory lasts ${peakText(lasting, frames)}`]),
    ...(failed === undefined
      ? []
      : [`memory runs out ${peakText(failed, frames)}`]),
  ].join("; ");
}

/** The claims. */
export const DISK_LIMIT_CLAIMS: readonly Claim<DiskLimit>[] = [
  {
    name: "disk-limit-keeps-zram-from-filling",
    says:
      "With a zram disk of at most 1.5 times the memory, and tabs closed before it is full, nobody runs out of memory.",
    who: "Luigi Semenzato, 2013",
    passages: [{ thread: "002", at: "lines 8047-8049" }],
    decide({ frames, larger, smaller }) {
      const least = [larger, smaller].map(leastRatio);
      // Without a page in zram nothing has been tried.
      if (![...larger, ...smaller].every(isTried)) return undefined;
      const evidence = limitText(larger, frames);
      if ([...larger, ...smaller].every((one) => !one.isOutOfMemory)) {
        return holds(true, evidence);
      }
      return holdsIf(
        least[0] !== undefined,
        `data compress ${least[0]} or better${
          least[1] === undefined ? "" : `, or ${least[1]} with the smaller disk`
        }`,
        evidence,
      );
    },
  },
];

/** The experiment. */
export const DISK_LIMIT = experiment<Sizes, DiskLimit>({
  name: "disk-limit",
  theme: "freeing",
  method:
    "Tabs are opened, processes of a sixteenth of memory each, and pages of the others used meanwhile; the swap is zram with a limited disk, and the oldest tabs are closed while less than an eighth of its slots is free. All that with pages of object files, and with more and more among them that do not compress.",
  sizes: {
    frames: { usual: 512, least: 256, most: 65536, means: "frames of memory" },
    disk: {
      usual: 150,
      least: 10,
      most: 1000,
      means: "percent of memory that the larger disk has",
    },
    smallerDisk: {
      usual: 100,
      least: 10,
      most: 1000,
      means: "percent of memory that the smaller disk has",
    },
    tabs: { usual: 48, least: 24, most: 4096, means: "tabs that are opened" },
  },
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: DISK_LIMIT_CLAIMS,
});
