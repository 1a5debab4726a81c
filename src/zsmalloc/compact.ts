/** Compacting a pool: each class of it in turn (`zs_compact`, `mm/zsmalloc.c`). */
import { type Stop, writes } from "../rules/stop.ts";
import { COMPACT_CLASS } from "./compact_class.ts";
import { COUNT_COMPACTED } from "./count_compacted.ts";
import type { ZsPool } from "./pool.ts";

/** A pool's compactions that are in progress. */
export interface Compacting {
  /** How many there are. */
  count: number;
  /** What the latest asks whether somebody else wants the lock. */
  isContended: () => boolean;
}

const nobody = () => false;

/** None is in progress. */
export function notCompacting(): Compacting {
  return { count: 0, isContended: nobody };
}

const IN_PROGRESS = "pool->compaction_in_progress";

/** {@linkcode ZsPool.compactSteps}. */
export function* compactSteps(
  pool: ZsPool,
  compacting: Compacting,
  isContended: () => boolean = nobody,
): Generator<Stop, number> {
  const { compactions, compactedCounted } = pool.profile;
  if (compactions === "one") {
    yield writes(IN_PROGRESS, "zs_compact, mm/zsmalloc.c");
    if (compacting.count > 0) return 0;
  }
  const others = compacting.isContended;
  compacting.isContended = isContended;
  compacting.count++;
  try {
    const { compact } = COUNT_COMPACTED[compactedCounted];
    return yield* compact(pool, compactEvery(pool));
  } finally {
    compacting.count--;
    compacting.isContended = others;
    if (compactions === "one") pool.locks.lockdep.touch(IN_PROGRESS, true);
  }
}

/**
 * Compacts every class, from the largest to the smallest: the pages freed. Whom
 * nobody watches takes no lock of a class without zspages.
 */
function* compactEvery(pool: ZsPool): Generator<Stop, number> {
  const compactClass = COMPACT_CLASS[pool.profile.compaction];
  let pagesFreed = 0;
  for (let nth = pool.classes.length - 1; nth >= 0; nth--) {
    const sizeClass = pool.classes[nth];
    if (sizeClass.objsAllocated === 0 && !pool.locks.isWatched) continue;
    pagesFreed += yield* compactClass(pool, sizeClass);
  }
  return pagesFreed;
}
