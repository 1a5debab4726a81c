/** In which order locks are taken, over all schedules, as lockdep keeps it. */
import { InvariantError } from "../../rules/invariant.ts";
import type { Lock } from "../../rules/lock.ts";
import { LOCK_RULES } from "../../rules/lockdep.ts";

/** The classes of locks, and which were taken while others were held. */
export class LockOrder {
  /** For each class those that were taken under it, and where. */
  readonly #under = new Map<string, Map<string, string>>();

  /**
   * A lock is taken while others are held. Throws where two classes come in
   * both orders, be it by way of others.
   */
  add(held: readonly Lock[], lock: Lock, where: string): void {
    for (const { name } of held) {
      if (name === lock.name) continue;
      const under = this.#under.get(name) ?? new Map<string, string>();
      if (under.has(lock.name)) continue;
      const way = this.#wayFrom(lock.name, name, new Set());
      if (way !== undefined) {
        throw new InvariantError(LOCK_RULES.order, {
          where,
          expected: `${name} before ${lock.name} nowhere, as ${way}`,
          found: `${lock.name} taken under ${name}`,
        });
      }
      under.set(lock.name, where);
      this.#under.set(name, under);
    }
  }

  /** How one class comes before another, if it does. */
  #wayFrom(from: string, to: string, seen: Set<string>): string | undefined {
    seen.add(from);
    for (const [next, where] of this.#under.get(from) ?? []) {
      const step = `${next} is taken under ${from} (${where})`;
      if (next === to) return step;
      if (seen.has(next)) continue;
      const rest = this.#wayFrom(next, to, seen);
      if (rest !== undefined) return `${step}, ${rest}`;
    }
    return undefined;
  }
}
