/** Freeing an empty zspage, or leaving it to the worker (`free_zspage`). */
import type { Stop } from "../rules/stop.ts";
import type { DeferredFreePool } from "./deferred_free.ts";
import { assertToBeFreed, giveBackPages, trylockZspage } from "./page_locks.ts";
import type { SizeClass } from "./size_class.ts";

/** {@linkcode freeZspageSteps}, where nobody else runs. */
export function freeZspage(
  pool: DeferredFreePool,
  sizeClass: SizeClass,
  zspage: number,
): void {
  if (!isUnlocked(pool, zspage)) return;
  pool.uncountZspage(sizeClass, zspage);
  for (const pfn of pool.endZspage(sizeClass, zspage)) pool.giveBackPage(pfn);
}

/** Whether no frame of a zspage is locked; else the worker is to free it. */
function isUnlocked(pool: DeferredFreePool, zspage: number): boolean {
  const { holds, zspages } = pool;
  if (holds.count === 0) return true;
  const isLocked = zspages.pagesOf(zspage).some((pfn) => holds.isLocked(pfn));
  if (isLocked) pool.kickDeferredFree();
  return !isLocked;
}

/**
 * Frees an empty zspage whose class is covered; where a frame of it is locked,
 * the worker is to do that. Specifies `free_zspage`, `mm/zsmalloc.c`.
 */
export function* freeZspageSteps(
  pool: DeferredFreePool,
  sizeClass: SizeClass,
  zspage: number,
): Generator<Stop, void> {
  const locked = yield* trylockZspage(pool, zspage);
  if (locked === undefined) return pool.kickDeferredFree();
  pool.uncountZspage(sizeClass, zspage);
  assertToBeFreed(pool, zspage, locked);
  const pages = pool.endZspage(sizeClass, zspage);
  yield* giveBackPages(pool, pages, "free_zspage, mm/zsmalloc.c");
}
