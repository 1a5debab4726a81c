/** References of pools: who has one, its pool is not destroyed. */
import { acquire, reads, release, type Stop, under } from "../rules/stop.ts";
import { InvariantError } from "../rules/invariant.ts";
import { POOLS } from "./locks.ts";
import type { ZswapPool } from "./pools.ts";
import { ZSWAP_RACE_RULES } from "./race_rules.ts";
import type { Zswap } from "./zswap.ts";

/** The references of a pool. */
const refState = ({ tfmName, zpool }: ZswapPool): string =>
  `pool->ref of ${zpool.type} ${tfmName}`;

/** Throws where a pool was destroyed. */
export function assertPoolAlive(pool: ZswapPool, where: string): void {
  if (!pool.isDestroyed) return;
  throw new InvariantError(ZSWAP_RACE_RULES.poolAlive, {
    where,
    expected: `the pool of ${pool.zpool.type} and ${pool.tfmName}`,
    found: "a pool that was destroyed",
  });
}

/** Takes a reference, of which there is one already (`zswap_pool_get`). */
export function getPool({ locks }: Zswap, pool: ZswapPool): void {
  assertPoolAlive(pool, "zswap_pool_get, mm/zswap.c");
  locks.touchOf(refState, pool, false);
  pool.kref++;
}

/**
 * Takes a reference unless the last one was dropped; answers whether it did
 * (`kref_get_unless_zero`, since 6.9 `percpu_ref_tryget`).
 */
export function tryGetPool({ locks }: Zswap, pool: ZswapPool): boolean {
  assertPoolAlive(pool, "zswap_pool_tryget, mm/zswap.c");
  locks.touchOf(refState, pool, false);
  if (pool.kref === 0) return false;
  pool.kref++;
  return true;
}

/** The pool for new entries, referenced (`zswap_pool_current_get`). */
export function currentPoolGet(zswap: Zswap): ZswapPool | undefined {
  const pool = zswap.pools.current;
  return pool !== undefined && tryGetPool(zswap, pool) ? pool : undefined;
}

/** {@linkcode currentPoolGet}, stopping before the list is looked at. */
export function* currentPoolGetSteps(
  zswap: Zswap,
): Generator<Stop, ZswapPool | undefined> {
  yield reads(POOLS, "zswap_pool_current_get, mm/zswap.c");
  return currentPoolGet(zswap);
}

/** Drops a reference and answers whether it was the last. */
function dropReference({ locks, pools }: Zswap, pool: ZswapPool): boolean {
  assertPoolAlive(pool, "zswap_pool_put, mm/zswap.c");
  // While it is the current one, that is a reference too: none is the last.
  locks.touchOf(refState, pool, pool !== pools.current);
  return --pool.kref <= 0;
}

/** Takes a pool off the list. */
function delist({ locks, pools }: Zswap, pool: ZswapPool): void {
  pools.remove(pool);
  locks.touch(POOLS, true);
}

/**
 * Drops a reference; with the last one the pool is off the list, and a worker
 * destroys it. Specifies `zswap_pool_put` and `__zswap_pool_empty`.
 */
export function putPool(zswap: Zswap, pool: ZswapPool): void {
  if (!dropReference(zswap, pool)) return;
  delist(zswap, pool);
  pool.isDestroyed = true;
}

/** {@linkcode putPool}, stopping at the list's lock. */
export function* putPoolSteps(
  zswap: Zswap,
  pool: ZswapPool,
): Generator<Stop, void> {
  if (!dropReference(zswap, pool)) return;
  const { locks } = zswap;
  yield* under(
    locks.pools,
    "__zswap_pool_empty, mm/zswap.c",
    () => delist(zswap, pool),
  );
  // A worker does so, when nobody walks the list any more.
  pool.isDestroyed = true;
}

/**
 * Makes a pool the current one, as far as the references go: what the one
 * before it loses is its caller's to drop. The list's lock is held.
 */
export function putFirst(
  { locks, pools }: Zswap,
  pool: ZswapPool,
): ZswapPool | undefined {
  locks.lockdep.assertHeld(locks.pools, "__zswap_param_set, mm/zswap.c");
  const before = pools.current;
  pools.addFirst(pool);
  locks.touch(POOLS, true);
  if (before !== undefined) locks.touchOf(refState, before, true);
  return before;
}

/**
 * A pool of that allocator and compressor, referenced and off the list, if
 * there is one that is not about to be destroyed (`zswap_pool_find_get`).
 */
export function* takePool(
  zswap: Zswap,
  isIt: (pool: ZswapPool) => boolean,
  where: string,
): Generator<Stop, ZswapPool | undefined> {
  const { locks, pools } = zswap;
  yield acquire(locks.pools, where);
  const found = pools.list.find((pool) =>
    isIt(pool) && tryGetPool(zswap, pool)
  );
  if (found !== undefined) {
    pools.remove(found);
    locks.touch(POOLS, true);
    locks.touchOf(refState, found, true);
  }
  yield release(locks.pools, where);
  return found;
}
