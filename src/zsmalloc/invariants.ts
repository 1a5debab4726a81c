/**
 * The rules that a pool keeps, checked in full: every rule, on every zspage,
 * every class and the pool.
 */
import { assertHas } from "../rules/argument.ts";
import { assertInvariants, type Rule } from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import {
  COMPACTION_INVARIANTS,
  MIGRATION_INVARIANTS,
} from "./change_invariants.ts";
import { DESTROY_INVARIANTS } from "./destroy_invariants.ts";
import { OBJECT_INVARIANTS } from "./object_invariants.ts";
import { HANDLE_CLASS_INVARIANT } from "./free.ts";
import { MIGRATE_ZSPAGE_INVARIANT } from "./compaction.ts";
import type { ZsPool } from "./pool.ts";
import {
  CLASS_INVARIANTS,
  POOL_INVARIANTS,
  WHOLE_POOL_INVARIANTS,
} from "./pool_invariants.ts";
import { PoolTally } from "./tally.ts";
import { ZspageView } from "./view.ts";
import {
  checkZspage,
  CHUNK_INVARIANTS,
  FRAME_INVARIANTS,
  HOLD_INVARIANTS,
  PLACE_INVARIANTS,
} from "./zspage_invariants.ts";

/** Every rule about zsmalloc, as a list to read. */
export const ZSMALLOC_INVARIANTS: readonly Rule[] = [
  ...PLACE_INVARIANTS,
  ...HOLD_INVARIANTS,
  ...FRAME_INVARIANTS,
  ...CHUNK_INVARIANTS,
  ...CLASS_INVARIANTS,
  ...POOL_INVARIANTS,
  ...WHOLE_POOL_INVARIANTS,
  ...OBJECT_INVARIANTS,
  MIGRATE_ZSPAGE_INVARIANT,
  HANDLE_CLASS_INVARIANT,
  ...COMPACTION_INVARIANTS,
  ...MIGRATION_INVARIANTS,
  ...DESTROY_INVARIANTS,
];

/**
 * Checks every rule on every part of a pool. Throws an `InvariantError` at the
 * first one broken. `reach` counts the rules that had something to say.
 *
 * @example
 * ```ts
 * import { checkPool, LINUX_6_18, ZsPool } from "zspec";
 *
 * const pool = new ZsPool(LINUX_6_18);
 * pool.malloc(100);
 * checkPool(pool);
 * ```
 */
export function checkPool(pool: ZsPool, reach?: Reach): void {
  assertHas("check a pool", "pool", pool, "zspages", "a ZsPool");
  tallyPool(pool, reach);
}

/**
 * {@linkcode checkPool}, with what the pool's zspages add up to: in `tally`,
 * whatever it counted before.
 */
export function tallyPool(
  pool: ZsPool,
  reach?: Reach,
  tally: PoolTally = new PoolTally(pool),
): PoolTally {
  const view = new ZspageView(pool);
  tally.clear();
  for (const zspage of pool.zspages.live()) {
    checkZspage(pool, zspage, view, reach);
    tally.count(view);
  }
  for (const one of tally.classes) {
    assertInvariants(CLASS_INVARIANTS, pool, one, reach);
  }
  assertInvariants(POOL_INVARIANTS, pool, tally, reach);
  assertInvariants(WHOLE_POOL_INVARIANTS, pool, tally, reach);
  return tally;
}
