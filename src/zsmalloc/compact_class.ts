/**
 * The ways of compacting a class: which zspage gives its objects away, which
 * takes them, and when that ends.
 */
import type { Profile } from "../linux/profile.ts";
import { blocked, type Wait } from "../rules/wait.ts";
import {
  type CompactionPool,
  cursorAt,
  isFull,
  isolateZspage,
  migrateZspage,
  putbackSource,
  putbackZspage,
} from "./compaction.ts";
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
) => Generator<Wait, number>;

const EMPTIEST = GROUP_EMPTY + 1;

const fullest = (sizeClass: SizeClass) => groupFull(sizeClass) - 1;

/** Nothing can move: handles are locations. Linux 3.12 to 3.19. */
// deno-lint-ignore require-yield
function* none(): Generator<Wait, number> {
  return 0;
}

/**
 * One destination is kept until it is full; sources come from the emptiest
 * list up, and one with a mapped object ends it. Specifies `__zs_compact`,
 * `mm/zsmalloc.c`, since 6.4 (since 6.15 as to mapped objects).
 */
function* destinationFirst(
  pool: CompactionPool,
  sizeClass: SizeClass,
): Generator<Wait, number> {
  let destination = NO_ZSPAGE;
  let pagesFreed = 0;
  while (canCompact(sizeClass) > 0) {
    if (destination === NO_ZSPAGE) {
      destination = isolateZspage(
        pool,
        sizeClass,
        fullest(sizeClass),
        EMPTIEST,
      );
      if (destination === NO_ZSPAGE) break;
    }
    const source = isolateZspage(pool, sizeClass, EMPTIEST, fullest(sizeClass));
    if (source === NO_ZSPAGE) break;
    if (pool.mappings.isReadLocked(source)) {
      putbackZspage(pool, sizeClass, source);
      break;
    }
    const cursor = cursorAt(pool, source);
    migrateZspage(pool, sizeClass, source, cursor, destination);
    pagesFreed += putbackSource(pool, sizeClass, source);
    if (isFull(pool, sizeClass, destination)) {
      putbackZspage(pool, sizeClass, destination);
      destination = NO_ZSPAGE;
      yield "__zs_compact: lock dropped, cond_resched";
    }
  }
  if (destination !== NO_ZSPAGE) putbackZspage(pool, sizeClass, destination);
  return pagesFreed;
}

/** Waits until no object of a zspage is mapped (`migrate_write_lock`). */
function* migrateWriteLock(
  { mappings }: CompactionPool,
  zspage: number,
): Generator<Wait, void> {
  while (mappings.isReadLocked(zspage)) {
    yield blocked("__zs_compact: migrate_write_lock waits for a mapped object");
  }
}

/**
 * Fills destinations from one source until nothing of it is left to move;
 * returns the last of them, off its list, or `NO_ZSPAGE` where the class ran
 * out of them first.
 */
function* emptySource(
  pool: CompactionPool,
  sizeClass: SizeClass,
  source: number,
): Generator<Wait, number> {
  const cursor = cursorAt(pool, source);
  for (;;) {
    const destination = isolateZspage(
      pool,
      sizeClass,
      fullest(sizeClass),
      EMPTIEST,
    );
    if (destination === NO_ZSPAGE) return NO_ZSPAGE;
    let outcome;
    try {
      yield* migrateWriteLock(pool, destination);
      outcome = migrateZspage(pool, sizeClass, source, cursor, destination);
    } finally {
      if (outcome !== "source-done") {
        putbackZspage(pool, sizeClass, destination);
      }
    }
    if (outcome === "source-done") return destination;
  }
}

/**
 * One source after another is emptied, the almost empty ones first, into
 * destinations that are almost full. Specifies `__zs_compact`,
 * `mm/zsmalloc.c`, 4.3 to 6.3.
 */
function* sourceFirst(
  pool: CompactionPool,
  sizeClass: SizeClass,
): Generator<Wait, number> {
  let pagesFreed = 0;
  for (;;) {
    const source = isolateZspage(pool, sizeClass, EMPTIEST, fullest(sizeClass));
    if (source === NO_ZSPAGE) return pagesFreed;
    let destination = NO_ZSPAGE;
    try {
      yield* migrateWriteLock(pool, source);
      if (canCompact(sizeClass) > 0) {
        destination = yield* emptySource(pool, sizeClass, source);
      }
    } finally {
      if (destination === NO_ZSPAGE) putbackZspage(pool, sizeClass, source);
    }
    if (destination === NO_ZSPAGE) return pagesFreed;
    putbackZspage(pool, sizeClass, destination);
    pagesFreed += putbackSource(pool, sizeClass, source);
    yield "__zs_compact: lock dropped, cond_resched";
  }
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
): Generator<Wait, number> {
  let pagesFreed = 0;
  for (;;) {
    const source = isolateZspage(pool, sizeClass, EMPTIEST, EMPTIEST);
    if (source === NO_ZSPAGE) return pagesFreed;
    const destination = yield* emptySource(pool, sizeClass, source);
    if (destination === NO_ZSPAGE) {
      putbackZspage(pool, sizeClass, source);
      return pagesFreed;
    }
    putbackZspage(pool, sizeClass, destination);
    const freed = putbackSource(pool, sizeClass, source);
    pagesFreed += freed;
    yield freed > 0
      ? "__zs_compact: lock dropped, cond_resched"
      : blocked("__zs_compact: a mapped object stays in its zspage");
  }
}

/** The ways of compacting a class, by the name that a profile gives them. */
export const COMPACT_CLASS: Readonly<
  Record<Profile["compaction"], CompactClass>
> = {
  "none": none,
  "first-merged": firstMerged,
  "source-first": sourceFirst,
  "destination-first": destinationFirst,
};
