/** What the second models of zbud and z3fold share. */
import type { BuddyReclaimed, BuddySteps } from "../../programs/buddy/steps.ts";
import { Faults } from "../../targets/faults.ts";
import {
  CHUNKS,
  type NaiveObject,
  type NaivePage,
  PagesByRoom,
} from "./naive_pages.ts";

/** Why a malloc is refused, or the object that was made. */
export type NaiveMalloc =
  | { readonly error: string }
  | {
    /** The object. */
    readonly made: NaiveObject;
    /** Whether there were pages in which it could have had room. */
    readonly hadChoice: boolean;
  };

/** What a reclaim does. */
export type NaiveReclaim = Pick<BuddyReclaimed, "outcome" | "asked">;

/** What a second model is made for. */
export interface NaiveSetup {
  /** Bytes per page. */
  readonly pageSize: number;
  /** Bits per `unsigned long`. */
  readonly wordBits: number;
  /** The most frames that there are. */
  readonly maxPages: number;
  /** The release, by its name. */
  readonly release: string;
}

/** Whether a release's zbud keeps its pages by age, and empties the oldest. */
export const zbudReclaims = ({ release }: NaiveSetup): boolean =>
  release !== "linux-6.12";

/**
 * Whether a release's z3fold forgets to list what it could not empty, and makes
 * handles in slots that it does not have.
 */
export const isEarlyZ3fold = ({ release }: NaiveSetup): boolean =>
  release === "linux-5.10";

/** In this order a page's objects are evicted. */
const EVICTED = ["HEADLESS", "MIDDLE", "FIRST", "LAST"];

/** A second model: the same policy, by other means. */
export abstract class NaiveBuddy<
  Page extends NaivePage = NaivePage,
  Held extends NaiveObject = NaiveObject,
> {
  /** The objects that there are. */
  readonly objects: Map<number, Held> = new Map();
  /** Pages of the pool. */
  pages = 0;
  /** Structures of slots; 0 where there are none. */
  slots = 0;
  /** The pages whose objects the last operation may have moved. */
  readonly touched: Set<Page> = new Set();
  /** How often an object moved. */
  moves = 0;

  protected readonly chunkSize: number;
  protected readonly byRoom: PagesByRoom<Page> = new PagesByRoom();
  /** The pages that can be reclaimed, the oldest first. */
  protected readonly byAge: Set<Page> = new Set();
  protected readonly faults: Faults<"frame" | "slab"> = new Faults();

  /** An empty pool, the header of whose pages takes so many chunks. */
  constructor(
    protected readonly setup: NaiveSetup,
    protected readonly headerChunks: number,
  ) {
    this.chunkSize = setup.pageSize / CHUNKS;
  }

  /** Makes an object. */
  abstract malloc(step: BuddySteps["malloc"]): NaiveMalloc;

  /** Frees one. */
  abstract free(object: Held, later: boolean): void;

  /**
   * The handle that an object of this frame should have, where the handle that
   * it has, if any, is no free choice.
   */
  abstract handleOf(object: Held, found: number): number;

  /** The oldest page that can be emptied, or why there is none. */
  protected abstract oldest(): Page | "EINVAL" | "EAGAIN";

  /** A page without objects is given back, unless it is still needed. */
  protected abstract giveBack(page: Page): boolean;

  /** A page that could not be emptied is put back. */
  protected abstract putBack(page: Page): void;

  /** Runs what waits for the worker. */
  work(): void {}

  /** Maps an object. */
  map(object: Held): void {
    object.isMapped = true;
  }

  /** Unmaps it. */
  unmap(object: Held): void {
    object.isMapped = false;
  }

  /** It was read or written, and so mapped for a moment. */
  used(_object: Held): void {}

  /** Reclaims a page: the oldest first, each one's objects until one stays. */
  reclaim({ retries, refuseEach }: BuddySteps["reclaim"]): NaiveReclaim {
    this.touched.clear();
    const asked: number[] = [];
    if (retries === 0) return { outcome: "EINVAL", asked };
    for (let nth = 0; nth < retries; nth++) {
      const oldest = this.oldest();
      if (typeof oldest === "string") return { outcome: oldest, asked };
      this.byRoom.unlist(oldest);
      for (const buddy of EVICTED) {
        const one = oldest.objects.get(buddy);
        if (one === undefined) continue;
        const { object, isMapped } = one;
        asked.push(object);
        if (isMapped || refuseEach > 0 && object % refuseEach === 0) break;
        this.objects.delete(object);
        oldest.objects.delete(buddy);
      }
      if (oldest.objects.size === 0 && this.giveBack(oldest)) {
        return { outcome: "freed", asked };
      }
      this.putBack(oldest);
      this.touch(oldest);
    }
    return { outcome: "EAGAIN", asked };
  }

  /** One allocation will fail. */
  fail({ what, after }: BuddySteps["fail"]): void {
    this.faults.fail(what, after);
  }

  /** The byte of its page at which an object starts. */
  offsetOf({ buddy, chunks }: Held): number {
    const chunk = buddy === "FIRST" ? this.headerChunks : CHUNKS - chunks;
    return this.chunkSize * chunk;
  }

  /** The pages from the oldest on. */
  oldestFirst(): Iterable<Page> {
    return this.byAge;
  }

  /** Nothing is left: the kernel stopped. */
  stop(): void {
    this.objects.clear();
    this.touched.clear();
    this.pages = 0;
  }

  /** A page is the newest now. */
  protected touch(page: Page): void {
    this.byAge.delete(page);
    this.byAge.add(page);
  }

  /** Whether a frame can be had. */
  protected hasFrame(): boolean {
    return !this.faults.strikes("frame") && this.pages < this.setup.maxPages;
  }

  /** A page is no longer the pool's. */
  protected drop(page: Page): void {
    this.byRoom.unlist(page);
    this.byAge.delete(page);
    this.touched.delete(page);
    this.pages--;
  }
}
