/** A machine of two zones whose processes swap to zram, or to a disk. */
import { GFP_KERNEL } from "../../linux/gfp.ts";
import type { Profile } from "../../linux/profile.ts";
import { Memory, NO_PAGE } from "../../memory/memory.ts";
import { type Random, randomFrom, shuffle } from "../../programs/random.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { AnonPages } from "./anon_pages.ts";
import { mallocIn } from "./stored_pages.ts";

/** Of how many frames one is kept back: 4 MiB of 1 GiB (`init_per_zone_wmark_min`). */
const FRAMES_PER_RESERVED = 256;
/** Of how many frames reclaim keeps one free: the report has 84 MB. */
const FRAMES_PER_FREE = 12;
/** Of how many frames of Normal the kernel has one for itself. */
const FRAMES_PER_KERNEL = 8;
/** Processes, of which a half exits in the end. */
const PROCESSES = 16;
/** SWAP_CLUSTER_MAX: pages that reclaim takes at a time. */
const SWAP_CLUSTER_MAX = 32;

/** What a machine is made of. */
export interface MachinePlan {
  readonly profile: Profile;
  readonly seed: number;
  /** Frames, three quarters of them in the zone Normal. */
  readonly frames: number;
  /** What is stored of pages that go out. */
  readonly pages: readonly Uint8Array[];
  /** Whether they go to zram; to a disk else, which takes no frames. */
  readonly hasZram: boolean;
}

/** As on the machine of the report: 32 bits, so that there is high memory. */
const onArm = (profile: Profile): Profile => ({
  ...profile,
  wordBits: 32,
  physBits: 32,
});

/** Of the frames, those of which pages that are out have three. */
const IN_MEMORY = 1 / 4;
/** What zspages take beside objects, and what stays free. */
const BESIDE = 1.2;

/** So many pages that a quarter of the frames has some in memory. */
function pagesFor(
  stored: readonly Uint8Array[],
  frames: number,
  pageSize: number,
): number {
  const bytes = stored.reduce((sum, { length }) => sum + length, 0);
  const share = BESIDE * bytes / stored.length / pageSize;
  return Math.floor(frames * (IN_MEMORY + (1 - IN_MEMORY) / share));
}

/** A machine, and what its processes have on it. */
export class FragmentedMachine {
  readonly memory: Memory;
  /** zram's pool. */
  readonly pool: ZsPool;
  readonly anon: AnonPages;
  /** Pages of all processes. */
  readonly pages: number;

  readonly #plan: MachinePlan;
  readonly #random: Random;
  /** Objects of pages that are out, by page. */
  readonly #out = new Map<number, { handle: number; stored: Uint8Array }>();
  readonly #keptFree: number;

  /** Nothing runs yet. */
  constructor(plan: MachinePlan) {
    const { frames } = plan;
    const profile = onArm(plan.profile);
    const normal = 3 * frames / 4;
    const reserved = (pages: number) => Math.ceil(pages / FRAMES_PER_RESERVED);
    this.memory = new Memory({
      pageSize: profile.pageSize,
      firstPfn: 0,
      buddy: {
        release: profile.release.pageAlloc,
        zones: [
          { name: "Normal", pages: normal, min: reserved(normal) },
          {
            name: "HighMem",
            pages: frames - normal,
            min: reserved(frames - normal),
          },
        ],
      },
    });
    this.pool = new ZsPool(profile, { memory: this.memory });
    this.anon = new AnonPages(this.memory);
    this.#plan = plan;
    this.#random = randomFrom(plan.seed);
    this.#keptFree = frames / FRAMES_PER_FREE;
    for (let nth = 0; nth < normal / FRAMES_PER_KERNEL; nth++) {
      this.memory.allocPage(GFP_KERNEL);
    }
    this.pages = pagesFor(plan.pages, this.freeFrames, profile.pageSize);
  }

  /** Frames that are free in all zones. */
  get freeFrames(): number {
    return this.#plan.frames - this.memory.allocatedPages;
  }

  /** Bytes of objects. */
  get objectBytes(): number {
    let bytes = 0;
    for (const { stored } of this.#out.values()) bytes += stored.length;
    return bytes;
  }

  /** Objects that are not what was stored. */
  get wrongObjects(): number {
    return [...this.#out.values()].filter(({ handle, stored }) =>
      this.pool.read(handle, new Uint8Array(stored.length))
        .some((byte, at) => byte !== stored[at])
    ).length;
  }

  /** Every page is written once, then so many are used at random. */
  use(touches: number): void {
    for (let number = 0; number < this.pages; number++) this.#touch(number);
    for (let nth = 0; nth < touches; nth++) {
      this.#touch(this.#random(this.pages));
    }
  }

  /** A half of the processes exit; which page is whose is by its number. */
  exitHalf(): void {
    const order = shuffle([...Array(PROCESSES).keys()], this.#random);
    const exiting = new Set(order.slice(0, PROCESSES / 2));
    for (let number = 0; number < this.pages; number++) {
      if (exiting.has(this.#processOf(number))) this.#forget(number);
    }
  }

  /** What brings the machine back to what it is now. */
  remember(): () => void {
    const parts = [this.pool.remember(), this.anon.remember()];
    return () => parts.forEach((restore) => restore());
  }

  /** A process has its pages in runs of a cluster, as it wrote them. */
  #processOf(number: number): number {
    return Math.floor(number / SWAP_CLUSTER_MAX) % PROCESSES;
  }

  #touch(number: number): void {
    if (this.anon.has(number)) return;
    while (this.freeFrames < this.#keptFree) this.#reclaim();
    this.#forget(number);
    if (!this.anon.add(number)) throw new Error("the machine is out of memory");
  }

  #reclaim(): void {
    for (let nth = 0; nth < SWAP_CLUSTER_MAX; nth++) {
      const { oldest } = this.anon;
      if (oldest === undefined) throw new Error("there is no page to swap out");
      if (this.#plan.hasZram) this.#store(oldest);
      this.anon.delete(oldest);
    }
  }

  #store(number: number): void {
    const { pages } = this.#plan;
    const stored = pages[number % pages.length];
    const handle = mallocIn(this.pool, stored.length);
    this.pool.write(handle, stored);
    this.#out.set(number, { handle, stored });
  }

  /** A page is no more what it was: its object goes, and its frame. */
  #forget(number: number): void {
    const object = this.#out.get(number);
    if (object !== undefined) this.pool.free(object.handle);
    this.#out.delete(number);
    this.anon.delete(number);
  }
}

/** Blocks of an order that can be had in a row, for the kernel; all are kept. */
export function takeBlocks(memory: Memory, order: number): number {
  let blocks = 0;
  while (memory.allocPages(order, GFP_KERNEL) !== NO_PAGE) blocks++;
  return blocks;
}
