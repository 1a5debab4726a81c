/** The locks of a zbud pool, and what its users look at without them. */
import { createLock, type Lock } from "../rules/lock.ts";
import { Lockdep } from "../rules/lockdep.ts";

/** `lock` of `struct zbud_pool`: it covers lists, headers and counts alike. */
export interface ZbudLocks {
  /** Who runs; shared with whoever uses the pool. */
  readonly lockdep: Lockdep;
  /** `pool->lock`. */
  readonly pool: Lock;
}

/** The locks of a new pool. */
export function createZbudLocks(lockdep: Lockdep = new Lockdep()): ZbudLocks {
  return { lockdep, pool: createLock("pool->lock", "spinlock", "of zbud") };
}

/** What is in a frame, which `zbud_map` leads to without a lock. */
export function frameState(pfn: number): string {
  return `the objects of page ${pfn}`;
}
