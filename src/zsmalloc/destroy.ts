/**
 * The end of a pool: what it waits for, and what was left in it. Specifies
 * `zs_destroy_pool`, `mm/zsmalloc.c`.
 */
import { blocked, type Stop, writes } from "../rules/stop.ts";
import type { ZsPool } from "./pool.ts";

/** Objects of one class that a destroyed pool still held. */
export interface LeakedObjects {
  /** Bytes per chunk of the class. */
  readonly size: number;
  /** Zspages that were left. */
  readonly zspages: number;
  /** Objects in them. */
  readonly objects: number;
}

/** {@linkcode ZsPool.destroySteps}. */
export function* destroySteps(
  pool: ZsPool,
): Generator<Stop, readonly LeakedObjects[]> {
  yield writes("pool->destroying", "zs_destroy_pool, mm/zsmalloc.c");
  if (pool.profile.destroyAwaits === "isolated-pages") {
    while (pool.holds.isolatedPages > 0) {
      yield blocked("zs_unregister_migration: waits for an isolated page");
    }
  }
  yield* pool.flushWorkSteps();
  yield "zs_destroy_pool: kfree(pool)";
  return end(pool);
}

/** {@linkcode ZsPool.destroy}: throws where that would wait. */
export function destroy(pool: ZsPool): readonly LeakedObjects[] {
  if (pool.mappings.count > 0) {
    throw new Error("Cannot destroy the pool: an object is mapped");
  }
  if (pool.holds.isolatedPages > 0) {
    throw new Error(
      "Cannot destroy the pool: zs_unregister_migration waits for an isolated page, or nobody does",
    );
  }
  pool.freeDeferred();
  return end(pool);
}

/** The pool is there no more: what it still held. */
function end(pool: ZsPool): readonly LeakedObjects[] {
  pool.isDestroyed = true;
  return pool.classes
    .filter(({ objsAllocated }) => objsAllocated > 0)
    .map(({ size, objsAllocated, objectsPerZspage, objsUsed }) => ({
      size,
      zspages: objsAllocated / objectsPerZspage,
      objects: objsUsed,
    }));
}
