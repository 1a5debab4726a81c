/** How frames of the model's pool are held by a program, and objects freed amid. */
import type {
  ZsmallocResults,
  ZsmallocSteps,
} from "../../programs/zsmalloc/steps.ts";
import { NO_PAGE } from "../../memory/memory.ts";
import { isBlocked } from "../../rules/stop.ts";
import { unlockedStops } from "../../rules/unlocked.ts";
import { type Outcome, SKIPPED } from "../step_target.ts";
import { compactAmidFree } from "./pool_compaction.ts";
import { misuseOf, type PoolState } from "./pool_state.ts";

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

/** Isolates the frame of an object. */
export function isolate(
  state: PoolState,
  step: ZsmallocSteps["isolate"],
): Outcome<ZsmallocResults["isolate"]> {
  const pfn = frameToHold(state, step);
  if (pfn === undefined) return SKIPPED;
  const isolated = state.pool.isolatePage(pfn);
  if (isolated) state.isolated.set(step.page, pfn);
  return { isolated };
}

/** Migrates a frame that is isolated. */
export function migrateIsolated(
  { pool, isolated }: PoolState,
  { page }: ZsmallocSteps["migrate_isolated"],
): Outcome<ZsmallocResults["migrate_isolated"]> {
  const pfn = isolated.get(page);
  if (pfn === undefined) return SKIPPED;
  let to: number | string = NO_PAGE;
  const misuse = misuseOf(() => {
    to = pool.migrateIsolated(pfn);
  });
  if (misuse !== undefined) return { misuse };
  if (typeof to === "string") return { error: to };
  isolated.delete(page);
  return to === NO_PAGE ? { gone: true } : undefined;
}

/** Puts a frame back that is isolated. */
export function putback(
  { pool, isolated }: PoolState,
  { page }: ZsmallocSteps["putback"],
): Outcome<ZsmallocResults["putback"]> {
  const pfn = isolated.get(page);
  if (pfn === undefined) return SKIPPED;
  pool.putbackPage(pfn);
  isolated.delete(page);
}

/** Locks the frame of an object. */
export function lock(
  state: PoolState,
  step: ZsmallocSteps["lock"],
): Outcome<ZsmallocResults["lock"]> {
  const pfn = frameToHold(state, step);
  if (pfn === undefined || !state.pool.profile.movable) return SKIPPED;
  const locked = state.pool.lockPage(pfn);
  if (locked) state.locked.set(step.page, pfn);
  return { locked };
}

/** Unlocks a frame. */
export function unlock(
  { pool, locked }: PoolState,
  { page }: ZsmallocSteps["unlock"],
): Outcome<ZsmallocResults["unlock"]> {
  const pfn = locked.get(page);
  if (pfn === undefined) return SKIPPED;
  pool.unlockPage(pfn);
  locked.delete(page);
}

/** Runs the worker; whatever it waits for is unlocked. */
export function freeDeferred(
  state: PoolState,
): Outcome<ZsmallocResults["free_deferred"]> {
  const unlocked: number[] = [];
  const work = state.pool.freeDeferredSteps();
  let step = work.next();
  for (; !step.done; step = work.next()) {
    if (!isBlocked(step.value)) continue;
    const [oldest] = state.locked.keys();
    unlock(state, { page: oldest });
    unlocked.push(oldest);
  }
  return { pagesFreed: step.value, unlocked };
}

/** Frees an object, with something done before `zs_free` has its lock. */
export function freeAround(
  state: PoolState,
  { object, amid }: ZsmallocSteps["free_around"],
): Outcome<ZsmallocResults["free_around"]> {
  const { pool, objects } = state;
  const there = objects.get(object);
  if (there === undefined || pool.mappings.isMapped(there.handle)) {
    return SKIPPED;
  }
  const free = unlockedStops(pool.freeSteps(there.handle));
  free.next();
  state.whenUnlocked();
  const done = amid === "compact"
    ? compactAmidFree(state, () => free.next())
    : migratedAmid(state, there.handle);
  const isLate = !free.next().done;
  if (isLate) state.whenUnlocked();
  const pagesAfterLock = isLate ? pool.pagesAllocated : undefined;
  while (!free.next().done);
  objects.delete(object);
  state.freed = { object, handle: there.handle };
  return { amid: done, pagesAfterLock };
}

/** Replaces the frame of an object: what came of it. */
function migratedAmid({ pool }: PoolState, handle: number): string {
  const pfn = pool.handles.pfnOf(handle);
  const found: (number | string)[] = [];
  const waits = misuseOf(() => void found.push(pool.migratePage(pfn)));
  if (waits !== undefined) return "waits";
  return typeof found[0] === "number" ? "done" : found[0];
}
