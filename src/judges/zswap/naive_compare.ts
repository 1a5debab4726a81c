/** Comparing the model of zswap with the second one. */
import { SWAP_TYPES } from "../../programs/zswap/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import type { ZswapStats } from "../../targets/target.ts";
import { zswapCounters } from "../../zswap/stats.ts";
import type { Zswap } from "../../zswap/zswap.ts";
import { Disagreement, expectSame } from "../judge.ts";
import {
  FRONTSWAP_COUNTER_RULES,
  ZSWAP_COUNTER_RULES,
  ZSWAP_NAIVE as RULES,
} from "./naive_rules.ts";
import { keyOf, type NaiveZswap } from "./naive_zswap.ts";

const FRONTSWAP_COUNTERS = [
  "loads",
  "succ_stores",
  "failed_stores",
  "invalidates",
] as const;

/** Compares counters, and counts those that are not what they were. */
class CounterComparison {
  readonly #rules: typeof ZSWAP_COUNTER_RULES;
  readonly #reach: Reach;
  readonly #before = new Map<string, number>();

  constructor(rules: typeof ZSWAP_COUNTER_RULES, reach: Reach) {
    this.#rules = rules;
    this.#reach = reach;
  }

  compare(name: string, expected: number, found: number): void {
    const rule = this.#rules.get(name);
    if (rule === undefined) throw new Error(`No counter is called ${name}`);
    if (expected !== found) throw new Disagreement(rule, expected, found);
    if (expected === (this.#before.get(name) ?? 0)) return;
    this.#before.set(name, expected);
    this.#reach.count(rule);
  }
}

/** Compares what can be seen of both models. */
export class NaiveComparison {
  readonly #naive: NaiveZswap;
  readonly #counters: CounterComparison;
  readonly #frontswap: CounterComparison;
  readonly #reach: Reach;

  /** Counts in `reach` what was exercised. */
  constructor(naive: NaiveZswap, reach: Reach) {
    this.#naive = naive;
    this.#reach = reach;
    this.#counters = new CounterComparison(ZSWAP_COUNTER_RULES, reach);
    this.#frontswap = new CounterComparison(FRONTSWAP_COUNTER_RULES, reach);
  }

  /** Compares every counter and both ends of the list; there are so many frames. */
  compare(zswap: Zswap, frames: number): void {
    const naive = this.#naive;
    const shown = zswapCounters(zswap);
    const expected: Readonly<Record<string, number>> = naive.counters;
    for (const name of zswap.profile.zswap.counters) {
      const found = shown[name] ?? NaN;
      if (name === "pool_pages") this.#comparePages(name, found, frames, 1);
      else if (name === "pool_total_size") {
        this.#comparePages(name, found, frames, zswap.profile.pageSize);
      } else this.#counters.compare(name, expected[name], found);
    }
    for (const name of FRONTSWAP_COUNTERS) {
      this.#frontswap.compare(
        name,
        naive.frontswap[name],
        zswap.frontswap[name],
      );
    }
    this.#comparePools(zswap);
    expectSame(RULES.reachedFull, naive.reachedFull, zswap.reachedFull);
    if (naive.reachedFull) this.#reach.count(RULES.reachedFull);
    if (naive.hasList) this.#compareEnds(zswap);
  }

  /** Compares the counters that every cache has. */
  compareStats(found: ZswapStats, pageSize: number): void {
    const { counters, counted } = this.#naive;
    this.#counters.compare(
      "stored_pages",
      counters.stored_pages,
      found.storedPages,
    );
    this.#counters.compare(
      "written_back_pages",
      counters.written_back_pages,
      found.writtenBackPages,
    );
    this.#counters.compare(
      "pool_total_size",
      counted.most * pageSize,
      found.poolTotalSize,
    );
  }

  /** Compares the whole list. */
  compareList({ lru }: Zswap): void {
    if (!this.#naive.hasList) return;
    const names = (type: number, offset: number, referenced: boolean) =>
      `${keyOf(type, offset)}${referenced ? " new" : ""}`;
    const found = [...lru]
      .map(({ type, offset, referenced }) => names(type, offset, referenced));
    const expected = [...this.#naive.held.values()]
      .map(({ type, offset, referenced }) => names(type, offset, referenced));
    expectSame(RULES.lru, expected.join(), found.join());
  }

  /**
   * The pages of the pools, shown in units of `unit`: since 6.9 as many as
   * there are frames; before, as they were counted last.
   */
  #comparePages(
    name: "pool_pages" | "pool_total_size",
    found: number,
    frames: number,
    unit: number,
  ): void {
    const naive = this.#naive;
    if (naive.hasList) naive.countPages(frames);
    const { least, most } = naive.counted;
    const pages = found / unit;
    const isWithin = pages >= least && pages <= most;
    naive.countPages(isWithin ? pages : most);
    this.#counters.compare(name, naive.counted.most * unit, found);
  }

  /** Up to 3.15 each swap type has a pool of its own; else each is compared. */
  #comparePools({ pools, profile }: Zswap): void {
    const expected = this.#naive.pools.list;
    const { list } = pools;
    const isOwn = profile.zswap.poolPer === "swap-type";
    const count = isOwn ? SWAP_TYPES.length : expected.length;
    if (list.length !== count) {
      throw new Disagreement(RULES.pools, count, list.length);
    }
    if (isOwn) return;
    for (let nth = 0; nth < count; nth++) {
      const { zpool, tfmName, kref } = list[nth];
      const { references, ...names } = expected[nth];
      if (
        zpool.type !== names.zpool || tfmName !== names.compressor ||
        kref !== references
      ) {
        throw new Disagreement(
          RULES.pools,
          `${names.zpool} and ${names.compressor}: ${references}`,
          `${zpool.type} and ${tfmName}: ${kref}`,
        );
      }
    }
    if (count > 1) this.#reach.count(RULES.pools);
  }

  #compareEnds({ lru }: Zswap): void {
    const { held } = this.#naive;
    expectSame(RULES.lru, held.size, lru.size);
    const [oldest] = held.values();
    const { oldest: found } = lru;
    if (oldest === undefined || found === undefined) return;
    if (
      oldest.type !== found.type || oldest.offset !== found.offset ||
      oldest.referenced !== found.referenced
    ) {
      const name = keyOf(found.type, found.offset);
      throw new Disagreement(
        RULES.lru,
        `${keyOf(oldest.type, oldest.offset)}, new: ${oldest.referenced}`,
        `${name}, new: ${found.referenced}`,
      );
    }
    this.#reach.count(RULES.lru);
  }
}
