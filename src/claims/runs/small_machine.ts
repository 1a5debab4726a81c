/** A small machine: frames, processes' pages, lists of who was used last, and reclaim. */
import type { Profile } from "../../linux/profile.ts";
import { Memory, NO_PAGE } from "../../memory/memory.ts";
import { assertWhole } from "../../rules/argument.ts";
import { nrSwapPages } from "../../swap/slot_cache.ts";
import { Swap } from "../../swap/swap.ts";

/** SWAP_CLUSTER_MAX: pages that reclaim takes at a time. */
const SWAP_CLUSTER_MAX = 32;
/**
 * Inactive anonymous pages are too few where this many times as many are active:
 * what `inactive_ratio` is of less than 1 GiB, as a machine of that size has
 * when the kernel has taken its part (`calculate_zone_inactive_ratio`,
 * `mm/page_alloc.c`, 3.12; `inactive_is_low`, `mm/vmscan.c`, 6.18).
 */
const INACTIVE_RATIO = 1;
/** Of how many frames one is kept back: 4 MiB of 1 GiB (`init_per_zone_wmark_min`). */
const FRAMES_PER_RESERVED = 256;

/** On which list a page is when it is new. */
export type NewPages = "active" | "inactive";

/** What a machine is made of. */
export interface SmallMachineOptions {
  /** Frames of memory. */
  readonly frames: number;
  /**
   * On which list new pages of processes come: "active" up to 5.8, "inactive"
   * since 5.9, those of tmpfs in both (`shmem_getpage_gfp`).
   */
  readonly newPages: NewPages;
  /** Runs after each 32 pages that reclaim took: somebody in user space. */
  readonly afterReclaim?: () => void;
}

/** A page of a process, by numbers. */
interface ListedPage {
  readonly process: number;
  readonly number: number;
}

/**
 * Memory that all share, and who makes room in it. An allocation finds a frame
 * above the watermark, or after reclaim has tried every page once; otherwise
 * the machine is out of memory. What reclaim itself needs, as zram does for a
 * page that is swapped out, comes from below the watermark (PF_MEMALLOC), down
 * to the last frame.
 *
 * Specifies in small what `try_to_free_pages` does to anonymous pages,
 * `mm/vmscan.c`, 3.12, without page cache, whose clean pages would go before.
 */
export class SmallMachine {
  /** The frames. */
  readonly memory: Memory;
  /** The swap path. */
  readonly swap: Swap;
  /** Frames that there are. */
  readonly frames: number;
  readonly #newPages: NewPages;
  readonly #afterReclaim: (() => void) | undefined;
  /** Oldest first, as a Map keeps its order. */
  readonly #lists: Readonly<Record<NewPages, Map<string, ListedPage>>> = {
    active: new Map(),
    inactive: new Map(),
  };
  readonly #referenced = new Set<string>();
  /** What is read of a page that is used. */
  readonly #into = new Uint8Array(4096);

  /** A machine with nothing on it. */
  constructor(profile: Profile, options: SmallMachineOptions) {
    assertWhole("make a machine", "frames", options.frames, 1);
    this.frames = options.frames;
    this.memory = new Memory({
      maxPages: options.frames,
      initialFrames: options.frames,
    });
    this.swap = new Swap(profile, { memory: this.memory });
    this.#newPages = options.newPages;
    this.#afterReclaim = options.afterReclaim;
  }

  /** Frames that are free. */
  get freeFrames(): number {
    return this.frames - this.memory.allocatedPages;
  }

  /** Slots that are free. */
  get freeSlots(): number {
    return nrSwapPages(this.swap);
  }

  /** Frames below which only reclaim itself gets any (the "min" watermark). */
  get reserved(): number {
    return Math.ceil(this.frames / FRAMES_PER_RESERVED);
  }

  /** Takes frames for ever, as the kernel does for itself and for tables. */
  keep(frames: number): void {
    for (let nth = 0; nth < frames; nth++) {
      if (this.memory.allocPage() === NO_PAGE) {
        throw new RangeError(
          `Cannot start the machine: of ${this.frames} frames, none is left`,
        );
      }
    }
  }

  /** A process writes a page: whether there was memory for it. */
  write(
    process: number,
    number: number,
    page: Uint8Array,
    list: NewPages = this.#newPages,
  ): boolean {
    if (!this.makeRoom()) return false;
    const errno = this.swap.write(process, number, page);
    if (errno === undefined) this.#add({ process, number }, list);
    return errno === undefined;
  }

  /** A process uses a page: whether there was memory to bring it in. */
  touch(process: number, number: number): boolean {
    const page = this.swap.pageOf(process, number);
    const isIn = page !== undefined && page.pfn !== NO_PAGE;
    if (!isIn && !this.makeRoom()) return false;
    if (this.swap.read(process, number, this.#into) !== undefined) return false;
    if (isIn) this.#referenced.add(keyOf({ process, number }));
    else this.#add({ process, number }, "active");
    return true;
  }

  /** A process ends. */
  exit(process: number): void {
    for (const number of this.swap.processes.get(process)?.keys() ?? []) {
      this.#remove(keyOf({ process, number }));
    }
    this.swap.exit(process);
  }

  /** Whether a frame is free above the watermark, after reclaim if it must be. */
  makeRoom(): boolean {
    const low = this.reserved * 5 / 4;
    if (this.freeFrames > low) return true;
    const high = this.reserved * 3 / 2;
    // Each page is tried once; what is moved from active to inactive, after that.
    let left = this.#lists.active.size + this.#lists.inactive.size;
    while (left > 0 && this.freeFrames < high) {
      left -= this.#shrink(Math.min(left, SWAP_CLUSTER_MAX));
      this.#afterReclaim?.();
    }
    if (this.freeFrames <= this.reserved) this.swap.reclaim();
    return this.freeFrames > this.reserved;
  }

  /** Tries the oldest pages; answers how many (`shrink_lruvec`). */
  #shrink(most: number): number {
    const { active, inactive } = this.#lists;
    if (inactive.size * INACTIVE_RATIO < active.size) this.#age();
    const tried = [...firstOf(inactive, most)];
    for (const [key, page] of tried) {
      inactive.delete(key);
      if (this.#referenced.delete(key)) {
        active.set(key, page);
        continue;
      }
      const outcome = this.swap.swapOut(page.process, page.number);
      // Without a slot or a taker it stays, as one that is in use.
      if (outcome !== "swapped-out") active.set(key, page);
    }
    return Math.max(tried.length, 1);
  }

  /** The oldest active pages are inactive, used or not (`shrink_active_list`). */
  #age(): void {
    const { active, inactive } = this.#lists;
    for (const [key, page] of [...firstOf(active, SWAP_CLUSTER_MAX)]) {
      active.delete(key);
      this.#referenced.delete(key);
      inactive.set(key, page);
    }
  }

  #add(page: ListedPage, list: NewPages): void {
    const key = keyOf(page);
    this.#remove(key);
    this.#lists[list].set(key, page);
  }

  #remove(key: string): void {
    this.#lists.active.delete(key);
    this.#lists.inactive.delete(key);
    this.#referenced.delete(key);
  }
}

function keyOf({ process, number }: ListedPage): string {
  return `${process}:${number}`;
}

/** The first entries of a list. */
function* firstOf<Entry>(
  list: Iterable<Entry>,
  most: number,
): Generator<Entry> {
  let left = most;
  if (left <= 0) return;
  for (const entry of list) {
    yield entry;
    if (--left <= 0) return;
  }
}
