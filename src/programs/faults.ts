/**
 * Faults to inject: which allocations of frames (`failPageAlloc` of a memory)
 * or of handles' cells (`failslab` of a pool) fail. Any function of the
 * allocation's number will do; these are the ones that are asked for most.
 */
import { randomFrom } from "./random.ts";

/** Whether allocation 0, 1, 2, … fails. */
export type Fails = (allocation: number) => boolean;

/**
 * The nth allocation fails, counted from 0. Linux: `fail-nth`,
 * `lib/fault-inject.c`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { failNth, LINUX_6_18, Memory, ZsPool } from "zspec";
 *
 * const memory = new Memory({ failPageAlloc: failNth(1) });
 * const pool = new ZsPool(LINUX_6_18, { memory });
 * // The second page that is asked for cannot be had.
 * assertEquals(typeof pool.malloc(1000), "number");
 * assertEquals(pool.malloc(2000), "ENOMEM");
 * assertEquals(memory.allocatedPages, 1);
 * ```
 */
export function failNth(nth: number): Fails {
  return (allocation) => allocation === nth;
}

/**
 * Of each `each` allocations the last one fails, or the `before`th from the
 * last; without `each` none does. Linux: `interval`, `lib/fault-inject.c`.
 */
export function failEach(each: number | undefined, before = 1): Fails {
  return each === undefined
    ? () => false
    : (allocation) => allocation % each === each - before;
}

/**
 * One allocation of `oneIn` fails, at random from `seed`. Linux: `probability`,
 * `lib/fault-inject.c`.
 */
export function failAtRandom(seed: number, oneIn: number): Fails {
  const random = randomFrom(seed);
  return () => random(oneIn) === 0;
}
