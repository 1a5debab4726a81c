/** How frames of the model's pool are held by a program, and objects freed amid. */
import { NO_PAGE } from "../../memory/memory.ts";
import { isBlocked } from "../../rules/stop.ts";
import { unlockedStops } from "../../rules/unlocked.ts";
import { SKIPPED } from "../step_target.ts";
import { compact } from "./pool_compaction.ts";
import { type PoolState, type PoolSteps, tried } from "./pool_state.ts";

/** The frame in which an object starts, where its page has no number yet. */
function frameToHold(
  { pool, objects, locked, isolated }: PoolState,
  { page, object }: { page: number; object: number },
): number | undefined {
  const there = objects.get(object);
  const isNamed = locked.has(page) || isolated.has(page);
  return there === undefined || isNamed
    ? undefined
    : pool.handles.pfnOf(there.handle);
}

/** What operations do to frames, and while they are held. */
export const HOLD_STEPS = {
  isolate(state, step) {
    const pfn = frameToHold(state, step);
    if (pfn === undefined) return SKIPPED;
    const isolated = state.pool.isolatePage(pfn);
    if (isolated) state.isolated.set(step.page, pfn);
    return { isolated };
  },

  migrate_isolated({ pool, isolated }, { page }) {
    const pfn = isolated.get(page);
    if (pfn === undefined) return SKIPPED;
    const to = tried(() => pool.migrateIsolated(pfn));
    if (typeof to === "object") return to;
    if (typeof to === "string") return { error: to };
    isolated.delete(page);
    return to === NO_PAGE ? { gone: true } : undefined;
  },

  putback({ pool, isolated }, { page }) {
    const pfn = isolated.get(page);
    if (pfn === undefined) return SKIPPED;
    pool.putbackPage(pfn);
    isolated.delete(page);
  },

  lock(state, step) {
    const pfn = frameToHold(state, step);
    if (pfn === undefined || !state.pool.profile.movable) return SKIPPED;
    const locked = state.pool.lockPage(pfn);
    if (locked) state.locked.set(step.page, pfn);
    return { locked };
  },

  unlock(state, { page }) {
    return state.locked.has(page) ? unlockOne(state, page) : SKIPPED;
  },

  /** Whatever the worker waits for is unlocked. */
  free_deferred(state) {
    const unlocked: number[] = [];
    const work = state.pool.freeDeferredSteps();
    let step = work.next();
    for (; !step.done; step = work.next()) {
      if (!isBlocked(step.value)) continue;
      const [oldest] = state.locked.keys();
      unlockOne(state, oldest);
      unlocked.push(oldest);
    }
    return { pagesFreed: step.value, unlocked };
  },

  /** Something is done before `zs_free` has its lock. */
  free_around(state, { object, amid }) {
    const { pool, objects } = state;
    const there = objects.get(object);
    if (there === undefined || pool.mappings.isMapped(there.handle)) {
      return SKIPPED;
    }
    const free = unlockedStops(pool.freeSteps(there.handle));
    free.next();
    state.whenUnlocked();
    const done = amid === "compact"
      ? compact(state, { finish: () => free.next() })
      : migratedAmid(state, there.handle);
    const isLate = !free.next().done;
    if (isLate) state.whenUnlocked();
    const pagesAfterLock = isLate ? pool.pagesAllocated : undefined;
    while (!free.next().done);
    objects.delete(object);
    state.freed = { object, handle: there.handle };
    return { amid: done, pagesAfterLock };
  },
} satisfies Partial<PoolSteps>;

function unlockOne({ pool, locked }: PoolState, page: number): void {
  const pfn = locked.get(page);
  if (pfn !== undefined) pool.unlockPage(pfn);
  locked.delete(page);
}

/** Replaces the frame of an object: what came of it. */
function migratedAmid({ pool }: PoolState, handle: number): string {
  const pfn = pool.handles.pfnOf(handle);
  const to = tried(() => pool.migratePage(pfn));
  if (typeof to === "object") return "waits";
  return typeof to === "number" ? "done" : to;
}
