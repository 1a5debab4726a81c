/** What a cache may hold, by what it was made for and what was written since. */
import type { Profile } from "../../linux/profile.ts";
import type { ZswapCreate } from "../../programs/zswap/steps.ts";
import { stringOf, wholeNumber } from "../texts.ts";

/** A share of some pages, in whole pages. */
const share = (pages: number, percent: number): number =>
  Math.floor(pages * percent / 100);

/** The limits of one cache, as its contract sees them. */
export class ZswapLimitBook {
  /** Pages that a zspage has at most. */
  readonly chainSize: number;
  readonly #totalPages: number;
  #maxPoolPercent: number;
  #acceptThresholdPercent: number;
  readonly #isPlain: boolean;
  /** Parameters without which no page is taken. */
  readonly #off = new Set<string>();

  /** The limits of a cache that is made so. */
  constructor({ chainSize }: Profile, create: ZswapCreate) {
    const { failing, maxPages, stated, cgroupMax } = create;
    this.chainSize = chainSize;
    this.#totalPages = create.totalPages;
    this.#maxPoolPercent = create.maxPoolPercent;
    this.#acceptThresholdPercent = create.acceptThresholdPercent;
    this.#isPlain = failing === undefined && maxPages === undefined &&
      stated === undefined && cgroupMax === undefined;
  }

  /** Pages that the pools may have when a page is stored. */
  get limit(): number {
    return share(this.#totalPages, this.#maxPoolPercent);
  }

  /**
   * Whether an empty cache has room for any page, and takes it: nothing fails,
   * nothing was turned off.
   */
  get hasRoom(): boolean {
    // A page that was evicted last may be counted still.
    const threshold = share(this.limit, this.#acceptThresholdPercent);
    return this.#isPlain && this.#off.size === 0 && threshold > 1 &&
      this.limit >= this.chainSize;
  }

  /** A parameter was written, and took it: a write of no bytes reaches none. */
  set(attr: string, value: string): void {
    if (value === "") return;
    if (attr === "enabled" || attr === "non_same_filled_pages_enabled") {
      // It starts as a text that says no, or one that says yes.
      if (/^([n0fd]|of)/i.test(value)) this.#off.add(attr);
      else this.#off.delete(attr);
    }
    const form = { bits: 32, anyBase: true };
    const number = Number(wholeNumber(stringOf(value), form));
    if (attr === "max_pool_percent") this.#maxPoolPercent = number;
    if (attr === "accept_threshold_percent") {
      this.#acceptThresholdPercent = number;
    }
  }
}
