/**
 * The ways of compacting a class: which zspage gives its objects away, which
 * takes them, and when that ends.
 */
import type { Profile } from "../linux/profile.ts";
import {
  acquire,
  blocked,
  release,
  sleeps,
  type Stop,
  trylock,
} from "../rules/stop.ts";
import {
  type CompactionPool,
  cursorAt,
  freeIfEmpty,
  isFull,
  isolateZspage,
  migrateZspage,
  putbackZspage,
} from "./compaction.ts";
import { acquireAll, type Hold, releaseAll } from "./locks.ts";
import {
  canCompact,
  GROUP_EMPTY,
  groupFull,
  type SizeClass,
} from "./size_class.ts";
import { NO_ZSPAGE } from "./zspage.ts";

/** Compacts one class; the value returned is the number of pages freed. */
export type CompactClass = (
  pool: CompactionPool,
  sizeClass: SizeClass,
) => Generator<Stop, number>;

const EMPTIEST = GROUP_EMPTY + 1;

const fullest = (sizeClass: SizeClass) => groupFull(sizeClass) - 1;

/** Nothing can move: handles are locations. Linux 3.12 to 3.19. */
// deno-lint-ignore require-yield
function* none(): Generator<Stop, number> {
  return 0;
}

const COMPACT = "__zs_compact, mm/zsmalloc.c";

/** Drops what covers a class, lets others run, and takes it again. */
function* reschedule(held: readonly Hold[]): Generator<Stop, void> {
  yield* releaseAll(held, COMPACT);
  yield sleeps("__zs_compact: cond_resched, mm/zsmalloc.c");
  yield* acquireAll(held, COMPACT);
}

/**
 * One destination is kept until it is full, or somebody else wants the lock;
 * sources come from the emptiest list up. One with a mapped object is waited
 * for; since 6.15 it ends the class's compaction. Specifies `__zs_compact`,
 * `mm/zsmalloc.c`, since 6.4.
 */
function* destinationFirst(
  pool: CompactionPool,
  sizeClass: SizeClass,
): Generator<Stop, number> {
  const held = pool.locks.toMove(sizeClass);
  let destination = NO_ZSPAGE;
  let pagesFreed = 0;
  yield* acquireAll(held, COMPACT);
  try {
    while (canCompact(sizeClass) > 0) {
      if (destination === NO_ZSPAGE) destination = takeFullest(pool, sizeClass);
      if (destination === NO_ZSPAGE) break;
      const freed = yield* emptyInto(pool, sizeClass, destination);
      if (freed === undefined) break;
      pagesFreed += freed;
      if (isFull(pool, sizeClass, destination) || pool.isContended()) {
        putbackZspage(pool, sizeClass, destination);
        destination = NO_ZSPAGE;
        yield* reschedule(held);
      }
    }
  } finally {
    if (destination !== NO_ZSPAGE) putbackZspage(pool, sizeClass, destination);
  }
  yield* releaseAll(held, COMPACT);
  return pagesFreed;
}

/**
 * Empties the emptiest zspage into a destination, as far as that has room: the
 * pages freed, or nothing where there is none that may be emptied.
 */
function* emptyInto(
  pool: CompactionPool,
  sizeClass: SizeClass,
  destination: number,
): Generator<Stop, number | undefined> {
  const source = takeEmptiest(pool, sizeClass);
  if (source === NO_ZSPAGE) return undefined;
  let isLocked = false;
  try {
    isLocked = yield* writeLock(pool, source);
  } finally {
    if (!isLocked) putbackZspage(pool, sizeClass, source);
  }
  if (!isLocked) return undefined;
  const cursor = cursorAt(pool, source);
  yield* migrateZspage(pool, sizeClass, source, cursor, destination);
  yield* writeUnlock(pool, source);
  const group = putbackZspage(pool, sizeClass, source);
  return yield* freeIfEmpty(pool, sizeClass, source, group);
}

const takeEmptiest = (pool: CompactionPool, sizeClass: SizeClass) =>
  isolateZspage(pool, sizeClass, EMPTIEST, fullest(sizeClass));

const takeFullest = (pool: CompactionPool, sizeClass: SizeClass) =>
  isolateZspage(pool, sizeClass, fullest(sizeClass), EMPTIEST);

/** What a mapped object does where compaction locks its whole zspage. */
const LOCKED: readonly Profile["mapped"][] = ["waited-for", "left-alone"];

/**
 * The lock of a zspage that compaction takes; up to 5.18 it takes none, and whom
 * nobody watches needs none: there is a lock for each zspage.
 */
function lockOf({ profile, locks }: CompactionPool, zspage: number) {
  return locks.isWatched && LOCKED.includes(profile.mapped)
    ? locks.ofZspage(zspage)
    : undefined;
}

/**
 * Locks a zspage against readers: waits until no object of it is mapped
 * (`migrate_write_lock`, 5.19 to 6.14), or answers that there is one
 * (`zspage_write_trylock`). Up to 5.18 objects are pinned one by one instead.
 */
function* writeLock(
  pool: CompactionPool,
  zspage: number,
): Generator<Stop, boolean> {
  const { mappings, profile } = pool;
  const lock = lockOf(pool, zspage);
  if (profile.mapped === "left-alone") {
    if (lock === undefined) return !mappings.isReadLocked(zspage);
    if ((yield trylock(lock, COMPACT)) === false) return false;
    if (!mappings.isReadLocked(zspage)) return true;
    yield release(lock, COMPACT);
    return false;
  }
  if (lock !== undefined) yield acquire(lock, COMPACT);
  while (mappings.isReadLocked(zspage)) {
    yield blocked("__zs_compact: migrate_write_lock waits for a mapped object");
  }
  return true;
}

/** Ends that. */
function* writeUnlock(
  pool: CompactionPool,
  zspage: number,
): Generator<Stop, void> {
  const lock = lockOf(pool, zspage);
  if (lock !== undefined) yield release(lock, COMPACT);
}

/**
 * Fills destinations from one source until nothing of it is left to move;
 * returns the last of them, off its list, or `NO_ZSPAGE` where the class ran
 * out of them first, or `isEnough` said so with the source half emptied.
 */
function* emptySource(
  pool: CompactionPool,
  sizeClass: SizeClass,
  source: number,
  isEnough: () => boolean,
): Generator<Stop, number> {
  const cursor = cursorAt(pool, source);
  for (;;) {
    const destination = takeFullest(pool, sizeClass);
    if (destination === NO_ZSPAGE) return NO_ZSPAGE;
    let outcome;
    try {
      yield* writeLock(pool, destination);
      outcome = yield* migrateZspage(
        pool,
        sizeClass,
        source,
        cursor,
        destination,
      );
    } finally {
      if (outcome !== "source-done") {
        putbackZspage(pool, sizeClass, destination);
      }
    }
    if (outcome === "source-done") return destination;
    yield* writeUnlock(pool, destination);
    if (isEnough()) return NO_ZSPAGE;
  }
}

const never = () => false;

/**
 * One source after another is emptied, the almost empty ones first, into
 * destinations that are almost full. What is mapped stays where it is, and its
 * zspage goes back to a list, to be a source again: the kernel tries on and on,
 * which is a wait once as many sources in a row as there are zspages gave no
 * page back. Specifies `__zs_compact`, `mm/zsmalloc.c`, 4.3 to 5.18 (5.10.262).
 */
function* sourceFirst(
  pool: CompactionPool,
  sizeClass: SizeClass,
): Generator<Stop, number> {
  const held = pool.locks.toMove(sizeClass);
  let pagesFreed = 0;
  let inVain = 0;
  yield* acquireAll(held, COMPACT);
  for (;;) {
    const source = takeEmptiest(pool, sizeClass);
    if (source === NO_ZSPAGE) break;
    const destination = canCompact(sizeClass) === 0
      ? NO_ZSPAGE
      : yield* emptySource(pool, sizeClass, source, never);
    if (destination === NO_ZSPAGE) {
      putbackZspage(pool, sizeClass, source);
      break;
    }
    putbackZspage(pool, sizeClass, destination);
    const group = putbackZspage(pool, sizeClass, source);
    const freed = yield* freeIfEmpty(pool, sizeClass, source, group);
    pagesFreed += freed;
    inVain = freed > 0 ? 0 : inVain + 1;
    const isInVain =
      inVain * sizeClass.objectsPerZspage >= sizeClass.objsAllocated;
    if (isInVain) inVain = 0;
    yield* isInVain && freed === 0
      ? waitForUnmap(pool, held)
      : reschedule(held);
  }
  yield* releaseAll(held, COMPACT);
  return pagesFreed;
}

/**
 * The same, where nothing comes of it until nobody has an object mapped: the
 * kernel tries again and again meanwhile, which here is one wait.
 */
function* waitForUnmap(
  { mappings, locks }: CompactionPool,
  held: readonly Hold[],
): Generator<Stop, void> {
  yield* releaseAll(held, COMPACT);
  const pin = locks.anyHeldPin();
  if (pin !== undefined) {
    yield acquire(pin, COMPACT);
    yield release(pin, COMPACT);
  } else if (mappings.isAny) {
    yield blocked("__zs_compact: a mapped object stays in its zspage");
  } else yield sleeps("__zs_compact: cond_resched, mm/zsmalloc.c");
  yield* acquireAll(held, COMPACT);
}

/**
 * The same under one lock of the pool: what is mapped is waited for, and where
 * somebody else wants the lock once a destination is full, the source is left
 * half emptied and the class's compaction ends. Specifies `__zs_compact`,
 * `mm/zsmalloc.c`, 5.19 to 6.3 (6.1.192).
 */
function* sourceFirstUntilContended(
  pool: CompactionPool,
  sizeClass: SizeClass,
): Generator<Stop, number> {
  const held = pool.locks.toMove(sizeClass);
  let pagesFreed = 0;
  yield* acquireAll(held, COMPACT);
  for (;;) {
    const source = takeEmptiest(pool, sizeClass);
    if (source === NO_ZSPAGE) break;
    let destination = NO_ZSPAGE;
    try {
      yield* writeLock(pool, source);
      if (canCompact(sizeClass) > 0) {
        const isEnough = () => pool.isContended();
        destination = yield* emptySource(pool, sizeClass, source, isEnough);
      }
    } finally {
      if (destination === NO_ZSPAGE) putbackZspage(pool, sizeClass, source);
    }
    if (destination === NO_ZSPAGE) {
      yield* writeUnlock(pool, source);
      break;
    }
    putbackZspage(pool, sizeClass, destination);
    yield* writeUnlock(pool, destination);
    const group = putbackZspage(pool, sizeClass, source);
    yield* writeUnlock(pool, source);
    pagesFreed += yield* freeIfEmpty(pool, sizeClass, source, group);
    yield* reschedule(held);
  }
  yield* releaseAll(held, COMPACT);
  return pagesFreed;
}

/**
 * As first merged: almost empty zspages alone are sources, from their list's
 * head, until no zspage is left to take an object. What is mapped stays, and
 * its zspage becomes the source again and again until it is unmapped.
 * Specifies `__zs_compact`, `mm/zsmalloc.c`, 4.1.
 */
function* firstMerged(
  pool: CompactionPool,
  sizeClass: SizeClass,
): Generator<Stop, number> {
  const held = pool.locks.toMove(sizeClass);
  let pagesFreed = 0;
  yield* acquireAll(held, COMPACT);
  for (;;) {
    const source = isolateZspage(pool, sizeClass, EMPTIEST, EMPTIEST);
    if (source === NO_ZSPAGE) break;
    const destination = yield* emptySource(pool, sizeClass, source, never);
    if (destination === NO_ZSPAGE) {
      putbackZspage(pool, sizeClass, source);
      break;
    }
    putbackZspage(pool, sizeClass, destination);
    const group = putbackZspage(pool, sizeClass, source);
    const freed = yield* freeIfEmpty(pool, sizeClass, source, group);
    pagesFreed += freed;
    yield* freed > 0 ? reschedule(held) : waitForUnmap(pool, held);
  }
  yield* releaseAll(held, COMPACT);
  return pagesFreed;
}

/** The ways of compacting a class, by the name that a profile gives them. */
export const COMPACT_CLASS: Readonly<
  Record<Profile["compaction"], CompactClass>
> = {
  "none": none,
  "first-merged": firstMerged,
  "source-first": sourceFirst,
  "source-first-until-contended": sourceFirstUntilContended,
  "destination-first": destinationFirst,
};
