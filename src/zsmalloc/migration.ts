/**
 * Page migration: a frame under live objects is replaced by another, and no
 * holder of a handle learns of it.
 */
import type { Errno } from "../linux/errno.ts";
import type { Profile } from "../linux/profile.ts";
import {
  acquire,
  blocked,
  release,
  type Stop,
  trylock,
} from "../rules/stop.ts";
import {
  NO_PAGE,
  PAGE_FIRST_OBJ_OFFSET,
  PAGE_PRIVATE,
  PAGE_STRIDE,
} from "../memory/memory.ts";
import {
  assertPoolThere,
  isolateSteps,
  type IsolationPool,
  putbackLocked,
  putbackPage,
} from "./isolation.ts";
import { acquireAll, type Hold, releaseAll } from "./locks.ts";
import type { Mappings } from "./mapping.ts";
import { lockPage, unlockPage } from "./page_locks.ts";
import type { Handles } from "./obj.ts";
import { objectsBefore } from "./obj_index.ts";
import type { SizeClass } from "./size_class.ts";

/** What migration works on. */
export interface MigrationPool extends IsolationPool {
  readonly handles: Handles;
  readonly mappings: Mappings;
}

const MIGRATE = "migrate_pages, mm/migrate.c";
const ZS_MIGRATE = "zs_page_migrate, mm/zsmalloc.c";

/**
 * Moves what is in an isolated frame to a new one, rewrites the cells of the
 * objects that start in it, ends the isolation and frees the old frame; returns
 * the new one. `NO_PAGE` where the frame's zspage was freed meanwhile, so that
 * there is nothing to move. ENOMEM where there is no frame to be had, EAGAIN
 * (up to 5.18) where an object is pinned that is being freed, EINVAL (since
 * 6.15) or EBUSY (since 7.1) where one is mapped: it stays isolated then, or,
 * where `putsBack`, ends that. The frame is locked meanwhile. With a `target` it
 * is moved there, and who asks frees it. Specifies
 * `zs_page_migrate`, `mm/zsmalloc.c`, since 4.8, and what `mm/migrate.c` does
 * around it.
 */
export function* migrateIsolatedPage(
  pool: MigrationPool,
  pfn: number,
  putsBack = false,
  target = NO_PAGE,
): Generator<Stop, number | Errno> {
  yield* lockPage(pool, pfn, MIGRATE);
  let to: number | Errno = "EBUSY";
  try {
    to = yield* migrateLocked(pool, pfn, target);
    if (putsBack && typeof to === "string") yield* putbackLocked(pool, pfn);
  } finally {
    yield* unlockPage(pool, pfn, MIGRATE);
  }
  return to;
}

/** {@linkcode migrateIsolatedPage}, of a frame that is isolated for that. */
export function* migratePageSteps(
  pool: MigrationPool,
  pfn: number,
): Generator<Stop, number | Errno> {
  if (!(yield* isolateSteps(pool, pfn))) return "EBUSY";
  let isOver = false;
  try {
    const to = yield* migrateIsolatedPage(pool, pfn, true);
    isOver = true;
    return to;
  } finally {
    if (!isOver) putbackPage(pool, pfn);
  }
}

/** Migrates a frame that is isolated and locked. */
function* migrateLocked(
  pool: MigrationPool,
  pfn: number,
  target: number,
): Generator<Stop, number | Errno> {
  const zspage = pool.holds.zspageOf(pfn);
  if (pool.holds.isGone(pfn)) {
    putbackPage(pool, pfn);
    return NO_PAGE;
  }
  assertPoolThere(pool, zspage, pfn);
  const sizeClass = pool.classOfZspage(zspage);
  return yield* MIGRATE_UNDER[pool.profile.mapped](
    pool,
    { pfn, zspage, sizeClass, target },
  );
}

/** A frame that is being migrated. */
interface Migrated {
  readonly pfn: number;
  readonly zspage: number;
  readonly sizeClass: SizeClass;
  /** The frame that it is to be moved to, or NO_PAGE for a new one. */
  readonly target: number;
}

/** Locks the zspage and its class, moves the frame, and unlocks them. */
type MigrateUnder = (
  pool: MigrationPool,
  migrated: Migrated,
) => Generator<Stop, number | Errno>;

/**
 * The zspage's lock first, then its class's; each object is pinned. Specifies
 * `zs_page_migrate`, 4.8 to 5.18 (5.10.262).
 */
const underPins: MigrateUnder = function* (pool, migrated) {
  const { pfn, zspage, sizeClass } = migrated;
  const holds = [...zspageHold(pool, zspage), ...pool.locks.toMove(sizeClass)];
  yield* acquireAll(holds, ZS_MIGRATE);
  yield* waitForReaders(pool, zspage);
  const handles = [...objectsIn(pool, pfn)].map(({ handle }) => handle);
  const pinned = yield* pinAll(pool, handles);
  const isPinned = pinned.length === handles.length;
  const to = isPinned
    ? replacePage(pool, migrated)
    : pool.profile.migrationOfMapped;
  yield* releaseAll(pinned, ZS_MIGRATE);
  yield* releaseAll(holds, ZS_MIGRATE);
  return to;
};

/**
 * What covers the class first, then the zspage's lock: it is waited for up to
 * 6.14, and tried since. Specifies `zs_page_migrate`, since 5.19.
 */
const underZspage: MigrateUnder = function* (pool, migrated) {
  const { zspage, sizeClass } = migrated;
  const { profile, locks } = pool;
  const wide = locks.toMove(sizeClass);
  yield* acquireAll(wide, ZS_MIGRATE);
  if (!(yield* writeLockZspage(pool, zspage))) {
    yield* releaseAll(wide, ZS_MIGRATE);
    return profile.migrationOfMapped;
  }
  const to = replacePage(pool, migrated);
  const holds = [...wide, ...zspageHold(pool, zspage)];
  const isWidestFirst = profile.locks.migrationDrops === "widest-first";
  yield* releaseAll(isWidestFirst ? holds.toReversed() : holds, ZS_MIGRATE);
  return to;
};

const MIGRATE_UNDER: Readonly<Record<Profile["mapped"], MigrateUnder>> = {
  "unmovable": underZspage,
  "pinned": underPins,
  "waited-for": underZspage,
  "left-alone": underZspage,
};

function zspageHold({ locks }: MigrationPool, zspage: number): Hold[] {
  const lock = locks.ofZspage(zspage);
  return lock === undefined ? [] : [{ lock, mode: "exclusive" }];
}

/** Locks a zspage against its readers, or answers that there are some. */
function* writeLockZspage(
  pool: MigrationPool,
  zspage: number,
): Generator<Stop, boolean> {
  const { locks, profile, mappings } = pool;
  const lock = locks.ofZspage(zspage);
  if (profile.mapped === "left-alone") {
    if (lock === undefined) return !mappings.hasReaders(zspage);
    if ((yield trylock(lock, ZS_MIGRATE)) === false) return false;
    if (!mappings.hasReaders(zspage)) return true;
    yield release(lock, ZS_MIGRATE);
    return false;
  }
  if (lock !== undefined) yield acquire(lock, ZS_MIGRATE);
  yield* waitForReaders(pool, zspage);
  return true;
}

function* waitForReaders(
  { mappings }: MigrationPool,
  zspage: number,
): Generator<Stop, void> {
  while (mappings.hasReaders(zspage)) {
    yield blocked(
      "zs_page_migrate: migrate_write_lock waits for a mapped object",
    );
  }
}

/** Pins objects up to the first that is pinned, and returns the pins. */
function* pinAll(
  { locks, mappings }: MigrationPool,
  handles: readonly number[],
): Generator<Stop, Hold[]> {
  const pinned: Hold[] = [];
  for (const handle of handles) {
    const lock = locks.pin(handle);
    if (lock === undefined) continue;
    if ((yield trylock(lock, ZS_MIGRATE)) === false) break;
    if (mappings.isPinned(handle)) {
      yield release(lock, ZS_MIGRATE);
      break;
    }
    pinned.push({ lock, mode: "exclusive" });
  }
  return pinned;
}

/**
 * Has another frame in the place of one, whose isolation ends. Where it was
 * given that other, who gave it sees to the first.
 */
function replacePage(
  pool: MigrationPool,
  { pfn, target }: Migrated,
): number | Errno {
  const { zspages } = pool;
  const newPfn = target === NO_PAGE ? zspages.allocPage() : target;
  if (newPfn === NO_PAGE) return "ENOMEM";
  zspages.assertNameable(newPfn);
  movePage(pool, pfn, newPfn);
  putbackPage(pool, pfn);
  if (target === NO_PAGE) zspages.memory.freePage(pfn);
  return newPfn;
}

/** Copies a frame, rewrites the cells, and puts the copy in its place. */
function movePage(pool: MigrationPool, pfn: number, newPfn: number): void {
  const { zspages, handles, locks } = pool;
  const zspage = pool.holds.zspageOf(pfn);
  const sizeClass = pool.classOfZspage(zspage);
  locks.assertCovered(sizeClass, ZS_MIGRATE);
  zspages.replacePage(pfn, newPfn);
  for (const { handle, objIndex } of objectsIn(pool, newPfn)) {
    handles.recordObj(handle, newPfn, objIndex, sizeClass.size);
    locks.touchObject(handle);
  }
}

/** The objects that start in a frame, by their handles. */
function* objectsIn(
  pool: MigrationPool,
  pfn: number,
): Generator<{ handle: number; objIndex: number }> {
  const { zspages } = pool;
  const { memory } = zspages;
  const page = pfn * PAGE_STRIDE;
  const { size } = pool.classOfZspage(memory.page[page + PAGE_PRIVATE]);
  let objIndex = objectsBefore(zspages.nthPage(pfn), memory.pageSize, size);
  let offset = memory.page[page + PAGE_FIRST_OBJ_OFFSET];
  for (; offset < memory.pageSize; offset += size, objIndex++) {
    const handle = zspages.objAllocated(pfn, offset);
    if (handle !== 0) yield { handle, objIndex };
  }
}
