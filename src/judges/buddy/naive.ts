/** What the judge of a second model of zbud or z3fold asks of it. */
import type { BuddySteps } from "../../programs/buddy/steps.ts";
import type { NaiveObject, NaivePage } from "./naive_pages.ts";

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
export interface NaiveReclaim {
  /** `freed`, or the errno. */
  readonly outcome: string;
  /** The objects that are to be evicted, in their order. */
  readonly asked: readonly number[];
}

/** A second model: the same policy, by other means. */
export interface NaiveBuddy {
  /** The objects that there are. */
  readonly objects: Map<number, NaiveObject>;
  /** Pages of the pool. */
  readonly pages: number;
  /** Structures of slots; 0 where there are none. */
  readonly slots: number;
  /** The pages whose objects the last operation may have moved. */
  readonly touched: ReadonlySet<NaivePage>;
  /** How often an object moved. */
  readonly moves: number;
  /** Nothing is left: the kernel stopped. */
  stop(): void;
  /** Makes an object. */
  malloc(step: BuddySteps["malloc"]): NaiveMalloc;
  /** Frees one. */
  free(object: NaiveObject, later: boolean): void;
  /** Runs what waits for the worker. */
  work(): void;
  /** Maps an object. */
  map(object: NaiveObject): void;
  /** Unmaps it. */
  unmap(object: NaiveObject): void;
  /** It was read or written, and so mapped for a moment. */
  used(object: NaiveObject): void;
  /** Reclaims a page. */
  reclaim(step: BuddySteps["reclaim"]): NaiveReclaim;
  /** One allocation will fail. */
  fail(step: BuddySteps["fail"]): void;
  /** The byte of its page at which an object starts. */
  offsetOf(object: NaiveObject): number;
  /**
   * The handle that an object of this frame should have, where the handle that
   * it has, if any, is no free choice.
   */
  handleOf(object: NaiveObject, found: number): number;
  /** The pages from the oldest on. */
  oldestFirst(): Iterable<NaivePage>;
}

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

/** Releases whose zbud has no reclaim. */
const WITHOUT_RECLAIM: ReadonlySet<string> = new Set(["linux-6.12"]);
/** Releases whose z3fold has what was mended later. */
const EARLY_Z3FOLD: ReadonlySet<string> = new Set(["linux-5.10"]);

/** Whether a release's zbud keeps its pages by age, and empties the oldest. */
export const zbudReclaims = ({ release }: NaiveSetup): boolean =>
  !WITHOUT_RECLAIM.has(release);

/**
 * Whether a release's z3fold forgets to list what it could not empty, and makes
 * handles in slots that it does not have.
 */
export const isEarlyZ3fold = ({ release }: NaiveSetup): boolean =>
  EARLY_Z3FOLD.has(release);

/** Counts down to the one allocation that fails. */
export class Countdown {
  #left = -1;

  /** So many more succeed, and then one does not. */
  set(after: number): void {
    this.#left = after;
  }

  /** Whether this allocation is the one that fails. */
  isOver(): boolean {
    return this.#left >= 0 && this.#left-- === 0;
  }
}
