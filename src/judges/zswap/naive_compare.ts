/** Comparing the model of zswap with the second one. */
import { SWAP_TYPES, type ZswapSlot } from "../../programs/zswap/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import type { ZswapStats } from "../../targets/target.ts";
import { zswapCounters } from "../../zswap/stats.ts";
import type { Zswap } from "../../zswap/zswap.ts";
import { Disagreement, expectSame } from "../judge.ts";
import {
  COUNTER_RULES,
  FRONTSWAP_COUNTERS,
  ZSWAP_NAIVE as RULES,
} from "./naive_rules.ts";
import { keyOf, type NaiveZswap } from "./naive_zswap.ts";

/** An entry of the list, by its slot and whether it is new there. */
const nameOf = (entry: ZswapSlot & { readonly referenced: boolean }) =>
  keyOf(entry) + (entry.referenced ? " new" : "");

/** Compares what can be seen of both models. */
export class NaiveComparison {
  readonly #naive: NaiveZswap;
  readonly #reach: Reach;
  /** What counters were when they changed last. */
  readonly #before = new Map<string, number>();

  /** Counts in `reach` what was exercised. */
  constructor(naive: NaiveZswap, reach: Reach) {
    this.#naive = naive;
    this.#reach = reach;
  }

  /** Compares every counter and both ends of the list; there are so many frames. */
  compare(zswap: Zswap, frames: number): void {
    const { counters, frontswap, reachedFull, hasList } = this.#naive;
    const { pageSize, zswap: { counters: names } } = zswap.profile;
    const shown = zswapCounters(zswap);
    const { pool_pages, pool_total_size = NaN } = shown;
    this.#countPages(frames, pool_pages ?? pool_total_size / pageSize);
    for (const name of names) this.#same(name, counters[name], shown[name]);
    for (const name of FRONTSWAP_COUNTERS) {
      this.#same(name, frontswap[name], zswap.frontswap[name]);
    }
    this.#comparePools(zswap);
    expectSame(RULES.reachedFull, reachedFull, zswap.reachedFull);
    if (reachedFull) this.#reach.count(RULES.reachedFull);
    if (hasList) this.#compareEnds(zswap);
  }

  /** Compares the counters that every cache has. */
  compareStats(found: ZswapStats): void {
    const { counters } = this.#naive;
    const { stored_pages, written_back_pages, pool_total_size } = counters;
    this.#same("stored_pages", stored_pages, found.storedPages);
    this.#same(
      "written_back_pages",
      written_back_pages,
      found.writtenBackPages,
    );
    this.#same("pool_total_size", pool_total_size, found.poolTotalSize);
  }

  /** Compares the whole list. */
  compareList({ lru }: Zswap): void {
    if (!this.#naive.hasList) return;
    const expected = [...this.#naive.held.values()].map(nameOf);
    expectSame(RULES.lru, expected.join(), [...lru].map(nameOf).join());
  }

  /** A counter; its rule is exercised where it has changed. */
  #same(name: string, expected: number, found: number | undefined): void {
    const rule = COUNTER_RULES.get(name);
    if (rule === undefined) throw new Error(`No counter is called ${name}`);
    if (expected !== found) throw new Disagreement(rule, expected, found);
    if (expected === (this.#before.get(name) ?? 0)) return;
    this.#before.set(name, expected);
    this.#reach.count(rule);
  }

  /**
   * The pages of the pools: since 6.9 as many as there are frames; before, as
   * they were counted last, which may be known as far as the model shows it.
   */
  #countPages(frames: number, shown: number): void {
    const naive = this.#naive;
    if (naive.hasList) naive.countPages(frames);
    const { least, most } = naive.counted;
    const pages = shown >= least && shown <= most ? shown : most;
    naive.countPages(pages);
    naive.counters.pool_pages = pages;
    naive.counters.pool_total_size = pages * naive.profile.pageSize;
  }

  /** Up to 3.15 each swap type has a pool of its own; else each is compared. */
  #comparePools({ pools: { list }, profile }: Zswap): void {
    const expected = this.#naive.pools.list;
    const isOwn = profile.zswap.poolPer === "swap-type";
    const count = isOwn ? SWAP_TYPES.length : expected.length;
    expectSame(RULES.pools, count, list.length);
    if (isOwn) return;
    for (const [nth, { zpool, compressor, references }] of expected.entries()) {
      const { zpool: { type }, tfmName, kref } = list[nth];
      const isSame = type === zpool && tfmName === compressor &&
        kref === references;
      if (isSame) continue;
      throw new Disagreement(
        RULES.pools,
        `${zpool} and ${compressor}: ${references}`,
        `${type} and ${tfmName}: ${kref}`,
      );
    }
    if (count > 1) this.#reach.count(RULES.pools);
  }

  #compareEnds({ lru }: Zswap): void {
    const { held } = this.#naive;
    expectSame(RULES.lru, held.size, lru.size);
    const [oldest] = held.values();
    if (oldest === undefined || lru.oldest === undefined) return;
    expectSame(RULES.lru, nameOf(oldest), nameOf(lru.oldest));
    this.#reach.count(RULES.lru);
  }
}
