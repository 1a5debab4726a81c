/** Reach: how often each rule was exercised. */
import type { Rule } from "./rule.ts";

/** How often rules were exercised, by their ids: a JSON value. */
export type ReachCounts = Readonly<Record<string, number>>;

/**
 * Counts how often each rule had something to say. A rule that is asked about
 * a subject it says nothing of was not exercised: only what was exercised can
 * be said to hold.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Reach } from "zspec";
 *
 * const rule = { id: "sums/small", sentence: "Sums are small.", source: "" };
 * const reach = new Reach();
 * assertEquals(reach.isExercised(rule), false);
 * reach.count(rule);
 * assertEquals([reach.of(rule), reach.counts()], [1, { "sums/small": 1 }]);
 * ```
 */
export class Reach {
  /** A cell for each rule, so that counting allocates nothing. */
  readonly #cells = new Map<string, { count: number }>();

  /** A rule had something to say, so many times. */
  count({ id }: Pick<Rule, "id">, times = 1): void {
    const cell = this.#cells.get(id);
    if (cell === undefined) this.#cells.set(id, { count: times });
    else cell.count += times;
  }

  /** How often a rule was exercised. */
  of({ id }: Pick<Rule, "id">): number {
    return this.#cells.get(id)?.count ?? 0;
  }

  /** Whether a rule was exercised at all. */
  isExercised(rule: Pick<Rule, "id">): boolean {
    return this.of(rule) > 0;
  }

  /** Adds what was counted elsewhere. */
  add(counts: ReachCounts): void {
    for (const [id, count] of Object.entries(counts)) this.count({ id }, count);
  }

  /** What was counted, by the rules' ids in their order. */
  counts(): ReachCounts {
    const entries = [...this.#cells].map(([id, { count }]) =>
      [id, count] as const
    );
    entries.sort(([one], [other]) => one < other ? -1 : 1);
    return Object.fromEntries(entries);
  }
}
