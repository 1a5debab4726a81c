/** Frames are locked by whoever frees or moves them. */
import type { Profile } from "../linux/profile.ts";
import { InvariantError } from "../rules/invariant.ts";
import {
  acquire,
  blocked,
  release,
  type Stop,
  trylock,
} from "../rules/stop.ts";
import type { PoolLocks } from "./locks.ts";
import type { PageHolds } from "./page_holds.ts";
import { ZSMALLOC_RACE_RULES } from "./race_rules.ts";
import { ZSPAGE_INUSE, type Zspages } from "./zspage.ts";

/** What has frames that can be locked. */
export interface LockablePages {
  /** The zspages that have them. */
  readonly zspages: Zspages;
  /** Which are locked or isolated. */
  readonly holds: PageHolds;
  /** Their locks. */
  readonly locks: PoolLocks;
  /** Whose release says whether frames move, and so are locked. */
  readonly profile: Pick<Profile, "movable">;
  /** Gives a frame back that is of no zspage. */
  giveBackPage(pfn: number): void;
}

/** Locks a frame if that is not locked (`trylock_page`). */
export function* trylockPage(
  { holds, locks }: LockablePages,
  pfn: number,
  where: string,
): Generator<Stop, boolean> {
  const lock = locks.ofPage(pfn);
  if ((yield trylock(lock, where)) === false) return false;
  if (holds.lock(pfn)) return true;
  yield release(lock, where);
  return false;
}

/** Locks a frame once that is not locked (`lock_page`). */
export function* lockPage(
  { holds, locks }: LockablePages,
  pfn: number,
  where: string,
): Generator<Stop, void> {
  yield acquire(locks.ofPage(pfn), where);
  while (!holds.lock(pfn)) {
    yield blocked(`${where}: waits for the lock of the page`);
  }
}

/** Unlocks a frame. */
export function* unlockPage(
  { holds, locks }: LockablePages,
  pfn: number,
  where: string,
): Generator<Stop, void> {
  try {
    yield release(locks.ofPage(pfn), where);
  } finally {
    holds.unlock(pfn);
  }
}

/** Waits until a frame is not locked (`wait_on_page_locked`). */
function* waitForPage(
  { holds, locks }: LockablePages,
  pfn: number,
  where: string,
): Generator<Stop, void> {
  yield acquire(locks.ofPage(pfn), where);
  while (holds.isLocked(pfn)) {
    yield blocked(`${where}: lock_zspage waits for a locked page`);
  }
  yield release(locks.ofPage(pfn), where);
}

const TRYLOCK_ZSPAGE = "trylock_zspage, mm/zsmalloc.c";

/**
 * Locks every frame of a zspage, or none where one is locked: `undefined`.
 * Frames that do not move have no lock.
 * Specifies `trylock_zspage`, `mm/zsmalloc.c`, since 4.8.
 */
export function* trylockZspage(
  pages: LockablePages,
  zspage: number,
): Generator<Stop, readonly number[] | undefined> {
  const locked: number[] = [];
  if (!pages.profile.movable) return locked;
  for (const pfn of pages.zspages.pagesOf(zspage)) {
    if (yield* trylockPage(pages, pfn, TRYLOCK_ZSPAGE)) locked.push(pfn);
    else {
      yield* unlockPages(pages, locked, TRYLOCK_ZSPAGE);
      return undefined;
    }
  }
  return locked;
}

/** Unlocks the frames of a zspage that has ended, and gives each back. */
export function* giveBackPages(
  pool: LockablePages,
  pages: readonly number[],
  where: string,
): Generator<Stop, void> {
  for (const pfn of pages) {
    if (pool.profile.movable) yield* unlockPage(pool, pfn, where);
    pool.giveBackPage(pfn);
  }
}

/** Unlocks frames. */
export function* unlockPages(
  pages: LockablePages,
  locked: readonly number[],
  where: string,
): Generator<Stop, void> {
  for (const pfn of locked) yield* unlockPage(pages, pfn, where);
}

const LOCK_ZSPAGE = "lock_zspage, mm/zsmalloc.c";

/**
 * Locks every frame of a zspage, waiting for each that is locked. What is not
 * locked yet may be replaced meanwhile, so that the chain is looked at under the
 * zspage's lock alone, and again after each wait. Returns the frames.
 * Specifies `lock_zspage`, `mm/zsmalloc.c`, since 5.19 (5.10.262).
 */
function* lockChainAsItIs(
  pages: LockablePages,
  zspage: number,
  locked: number[],
): Generator<Stop, void> {
  const lock = pages.locks.ofZspage(zspage);
  if (lock !== undefined) yield acquire(lock, LOCK_ZSPAGE, "shared");
  for (;;) {
    const next = pages.zspages.pagesOf(zspage)
      .find((pfn) => !locked.includes(pfn));
    if (next === undefined) break;
    if (yield* trylockPage(pages, next, LOCK_ZSPAGE)) locked.push(next);
    else {
      if (lock !== undefined) yield release(lock, LOCK_ZSPAGE, "shared");
      yield* waitForPage(pages, next, LOCK_ZSPAGE);
      if (lock !== undefined) yield acquire(lock, LOCK_ZSPAGE, "shared");
    }
  }
  if (lock !== undefined) yield release(lock, LOCK_ZSPAGE, "shared");
}

/**
 * The same by a chain that nobody keeps as it is: a frame that is waited for may
 * leave it, and its next one is none then. Up to 5.18.
 */
function* lockChainAsItWas(
  pages: LockablePages,
  zspage: number,
  locked: number[],
): Generator<Stop, void> {
  const { zspages } = pages;
  let [pfn] = zspages.pagesOf(zspage);
  while (pfn >= 0) {
    yield* lockPage(pages, pfn, LOCK_ZSPAGE);
    locked.push(pfn);
    pfn = zspages.nextPage(pfn);
  }
}

const LOCK_CHAIN = {
  "as-it-is": lockChainAsItIs,
  "as-it-was": lockChainAsItWas,
} as const;

/** Locks every frame of a zspage; where it cannot go on, none stays locked. */
export function* lockZspage(
  pages: LockablePages,
  zspage: number,
  way: keyof typeof LOCK_CHAIN,
): Generator<Stop, readonly number[]> {
  const locked: number[] = [];
  let isDone = false;
  try {
    yield* LOCK_CHAIN[way](pages, zspage, locked);
    isDone = true;
    return locked;
  } finally {
    if (!isDone) yield* unlockPages(pages, locked, LOCK_ZSPAGE);
  }
}

/** Throws where a zspage is not to be freed: it has an object, or an unlocked frame. */
export function assertToBeFreed(
  { zspages, holds, profile }: LockablePages,
  zspage: number,
  locked: readonly number[],
): void {
  const inuse = zspages.get(zspage, ZSPAGE_INUSE);
  if (inuse !== 0) {
    throw new InvariantError(ZSMALLOC_RACE_RULES.freedEmpty, {
      where: `zspage ${zspage}`,
      expected: "no object",
      found: inuse,
    });
  }
  if (!profile.movable) return;
  const open = zspages.pagesOf(zspage)
    .find((pfn) => !holds.isLocked(pfn) || !locked.includes(pfn));
  if (open === undefined) return;
  throw new InvariantError(ZSMALLOC_RACE_RULES.freedLocked, {
    where: `page ${open} of zspage ${zspage}`,
    expected: "locked by who frees it",
    found: "not so",
  });
}
