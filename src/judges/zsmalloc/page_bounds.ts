/** What any allocator's counters are held against, kept up step by step. */
import type { Profile } from "../../linux/profile.ts";
import { kernelAsked } from "../../programs/kernel.ts";
import type {
  ZsmallocCreate,
  ZsmallocResults,
} from "../../programs/zsmalloc/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import {
  type Geometry,
  sizeClassIndex,
  zsGeometry,
} from "../../zsmalloc/geometry.ts";
import { Disagreement } from "../judge.ts";
import { ZSMALLOC_CONTRACT as RULES } from "./contract_rules.ts";
import type { LiveObjects } from "./live_objects.ts";

/** Counters that a pool shows. */
type Stats = ZsmallocResults["stats"];

/** The bounds of the pages of one pool. */
export class PageBounds {
  readonly #setup: ZsmallocCreate;
  readonly #profile: Profile;
  /** Computed once an object has come: many pools end before. */
  #geometry: Geometry | undefined;
  readonly #live: LiveObjects;
  readonly #reach: Reach;
  /** Objects of each size, until the first is freed. */
  readonly #ofSize = new Map<number, number>();
  #packed = 0;
  #hasFreed = false;
  /** Whether zspages may be there without objects, as frames were held. */
  #mayBeHeld = false;
  #totalPages = 0;
  #pagesCompacted = 0;
  /** Pages that may have come since the counters were seen, and gone. */
  #mayAdd = 0;
  #mayFree = 0;
  /** Pages by which a compaction says that the pool shrank. */
  #shrank: number | undefined;

  /** Of an empty pool, whose objects are `live`. */
  constructor(
    profile: Profile,
    setup: ZsmallocCreate,
    live: LiveObjects,
    reach: Reach,
  ) {
    this.#setup = setup;
    this.#profile = profile;
    this.#live = live;
    this.#reach = reach;
  }

  /** Objects were asked for: so many of `size` bytes came. */
  came(size: number, count: number): void {
    this.#mayAdd += Math.max(count, 1) * this.#setup.chainSize;
    if (this.#hasFreed || count === 0) return;
    const before = this.#ofSize.get(size) ?? 0;
    this.#ofSize.set(size, before + count);
    this.#packed += this.#packedOf(size, before + count) -
      this.#packedOf(size, before);
  }

  /** Objects were freed. */
  went(): void {
    this.#mayFree = Infinity;
    this.#hasFreed = this.#live.objects.size > 0;
    this.#ofSize.clear();
    this.#packed = 0;
  }

  /** A frame was held: from now on a zspage may stay without its objects. */
  held(): void {
    this.#mayBeHeld = true;
  }

  /** The pool was compacted, and is said to have shrunk so far. */
  compacted(pagesFreed: number): void {
    this.#pagesCompacted += pagesFreed;
    this.#mayFree = Infinity;
    this.#shrank = pagesFreed;
  }

  /** The pool was compacted while others came and went. */
  compactedAround(pagesFreed: number): void {
    this.compacted(pagesFreed);
    this.#shrank = undefined;
  }

  /** Judges the counters, after what happened since they were last seen. */
  check(found: Stats): void {
    const { totalPages, pagesCompacted } = found;
    const { pageSize, chainSize } = this.#setup;
    const { bytes, objects: { size: count } } = this.#live;
    if (count > 0) {
      this.#within(RULES.enough, found, Math.ceil(bytes / pageSize));
    }
    if (!this.#mayBeHeld) {
      this.#within(RULES.bounded, found, 0, count * chainSize);
      if (!this.#hasFreed) this.#within(RULES.packed, found, 0, this.#packed);
    }
    const before = this.#totalPages;
    const least = before - this.#mayFree;
    this.#within(RULES.steady, found, least, before + this.#mayAdd);
    const compacted = this.#pagesCompacted;
    this.#expect(RULES.compacted, pagesCompacted === compacted, found, {
      pagesCompacted: compacted,
    }, compacted > 0);
    if (this.#shrank !== undefined && !this.#mayBeHeld) {
      const shrunk = before - this.#shrank;
      this.#expect(RULES.compactFreed, totalPages === shrunk, found, {
        totalPages: shrunk,
      }, this.#shrank > 0);
    }
    this.#totalPages = totalPages;
    this.#mayAdd = this.#mayFree = 0;
    this.#shrank = undefined;
  }

  #within(rule: Rule, found: Stats, least: number, most = Infinity): void {
    const { totalPages } = found;
    const isRight = totalPages >= least && totalPages <= most;
    const bound = totalPages < least ? `at least ${least}` : `at most ${most}`;
    const isExercised = this.#live.objects.size > 0;
    this.#expect(rule, isRight, found, { totalPages: bound }, isExercised);
  }

  #expect(
    rule: Rule,
    isRight: boolean,
    { totalPages, pagesCompacted }: Stats,
    expected: object,
    isExercised: boolean,
  ): void {
    if (!isRight) {
      throw new Disagreement(rule, expected, { totalPages, pagesCompacted });
    }
    if (isExercised) this.#reach.count(rule);
  }

  /**
   * Pages of objects of one size that came one after another, in classes half
   * as good.
   */
  #packedOf(size: number, count: number): number {
    if (count === 0) return 0;
    const geometry = this.#geometry ??= zsGeometry(
      kernelAsked(this.#profile, this.#setup),
    );
    const { classOf, handleSize } = geometry;
    const index = sizeClassIndex(geometry, size + handleSize);
    const { objectsPerZspage, pagesPerZspage } = classOf[index];
    const zspages = Math.ceil(count / objectsPerZspage);
    return 2 * zspages * pagesPerZspage + this.#setup.chainSize;
  }
}
