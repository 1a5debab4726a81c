/**
 * Isolation: a frame is taken out of use by others before it is migrated, and
 * put back where that did not come to pass.
 */
import type { Profile } from "../linux/profile.ts";
import { InvariantError } from "../rules/invariant.ts";
import type { Lock } from "../rules/lock.ts";
import { acquire, reads, release, type Stop, writes } from "../rules/stop.ts";
import type { Memory } from "../memory/memory.ts";
import { zspageAt } from "./locate.ts";
import { fullnessState, type PoolLocks } from "./locks.ts";
import type { PageHolds } from "./page_holds.ts";
import { lockPage, trylockPage, unlockPage } from "./page_locks.ts";
import { ZSMALLOC_RACE_RULES } from "./race_rules.ts";
import {
  fullnessGroup,
  GROUP_EMPTY,
  insertZspage,
  removeZspage,
  type SizeClass,
} from "./size_class.ts";
import {
  NO_ZSPAGE,
  ZSPAGE_FULLNESS,
  ZSPAGE_INUSE,
  ZSPAGE_STRIDE,
  type Zspages,
} from "./zspage.ts";

/** What isolation works on. */
export interface IsolationPool {
  readonly profile: Profile;
  readonly memory: Memory;
  readonly zspages: Zspages;
  readonly holds: PageHolds;
  readonly locks: PoolLocks;
  /** Gives a frame back that is of no zspage. */
  giveBackPage(pfn: number): void;
  /** Whether the pool was destroyed. */
  readonly isDestroyed: boolean;
  classOfZspage(zspage: number): SizeClass;
  /** The worker that frees empty zspages is to run (`kick_deferred_free`). */
  kickDeferredFree(): void;
}

/** What isolating a frame does to its zspage, and ending that. */
interface Isolation {
  /** Whether a zspage's frame may be isolated, which is then done to it. */
  begin(pool: IsolationPool, zspage: number): boolean;
  /** The last isolated frame of a zspage was migrated or put back. */
  end(pool: IsolationPool, zspage: number): void;
}

const ISOLATIONS: Readonly<Record<Profile["isolated"], Isolation>> = {
  /**
   * The zspage leaves its list, so that nothing is allocated from it. An empty
   * one, or one that another has taken off, is refused. Specifies
   * `zs_page_isolate` and `putback_zspage_deferred`, 4.8 to 5.18.
   */
  "off-list": {
    begin(pool, zspage) {
      const { zspages, holds } = pool;
      if (holds.offLists.has(zspage)) {
        return holds.offLists.get(zspage) === "isolated";
      }
      if (zspages.get(zspage, ZSPAGE_INUSE) === 0) return false;
      removeZspage(zspages, pool.classOfZspage(zspage), zspage);
      holds.offLists.set(zspage, "isolated");
      return true;
    },
    end(pool, zspage) {
      const { holds, zspages } = pool;
      const sizeClass = pool.classOfZspage(zspage);
      const group = fullnessGroup(zspages, sizeClass, zspage);
      holds.offLists.delete(zspage);
      insertZspage(zspages, sizeClass, zspage, group);
      // Its frame is locked, so that it cannot be freed here.
      if (group === GROUP_EMPTY) pool.kickDeferredFree();
    },
  },
  /** The zspage stays as it is, and may be freed. Since 5.19. */
  "on-list": {
    begin: ({ holds }, zspage) => holds.offLists.get(zspage) !== "being-freed",
    end() {},
  },
};

/** Whether a frame could be isolated that its zspage allows to be. */
function mayIsolate({ profile, holds }: IsolationPool, pfn: number): boolean {
  return profile.movable && !holds.isIsolated(pfn);
}

/** Asks the zspage of a frame that may be isolated, and isolates it. */
function beginIsolation(
  pool: IsolationPool,
  pfn: number,
  zspage: number,
): boolean {
  const { profile, holds } = pool;
  const isIsolated = ISOLATIONS[profile.isolated].begin(pool, zspage);
  if (isIsolated) holds.isolate(pfn, zspage);
  return isIsolated;
}

/** Ends a frame's isolation. */
function endIsolation(pool: IsolationPool, pfn: number): void {
  const { profile, holds } = pool;
  const zspage = holds.release(pfn);
  assertPoolThere(pool, zspage, pfn);
  if (zspage !== NO_ZSPAGE && !holds.isZspageIsolated(zspage)) {
    ISOLATIONS[profile.isolated].end(pool, zspage);
  }
}

/** Throws where a frame's zspage is there still, but its pool is not. */
export function assertPoolThere(
  { isDestroyed }: IsolationPool,
  zspage: number,
  pfn: number,
): void {
  if (!isDestroyed || zspage === NO_ZSPAGE) return;
  throw new InvariantError(ZSMALLOC_RACE_RULES.poolThere, {
    where: `page ${pfn}`,
    expected: "the pool of its zspage",
    found: "a pool that was destroyed",
  });
}

/**
 * Isolates a frame of a zspage for its migration: false where it is locked or
 * isolated already, or the zspage may not be touched. Specifies
 * `isolate_movable_page`, `mm/migrate.c`, and `zs_page_isolate`,
 * `mm/zsmalloc.c`, since 4.8.
 */
export function isolatePage(
  pool: IsolationPool,
  pfn: number,
  zspage: number,
): boolean {
  return mayIsolate(pool, pfn) && !pool.holds.isLocked(pfn) &&
    beginIsolation(pool, pfn, zspage);
}

/**
 * Ends a frame's isolation. The frame of a zspage that was freed meanwhile is
 * given back now, as who isolated it held it. Specifies `zs_page_putback`.
 */
export function putbackPage(pool: IsolationPool, pfn: number): void {
  const isGone = pool.holds.isGone(pfn);
  endIsolation(pool, pfn);
  if (isGone) pool.memory.freePage(pfn);
}

const ISOLATE = "isolate_movable_page, mm/migrate.c";
const ZS_ISOLATE = "zs_page_isolate, mm/zsmalloc.c";
const PUTBACK = "putback_movable_page, mm/migrate.c";
const ZS_PUTBACK = "zs_page_putback, mm/zsmalloc.c";

/** {@linkcode isolatePage}, stopping where others may run. */
export function* isolateSteps(
  pool: IsolationPool,
  pfn: number,
): Generator<Stop, boolean> {
  if (!(yield* trylockPage(pool, pfn, ISOLATE))) return false;
  const zspage = zspageAt(pool, pfn);
  let isIsolated = false;
  if (zspage !== NO_ZSPAGE && mayIsolate(pool, pfn)) {
    isIsolated = yield* underCount(
      pool,
      zspage,
      ZS_ISOLATE,
      () => beginIsolation(pool, pfn, zspage),
    );
  }
  yield* unlockPage(pool, pfn, ISOLATE);
  return isIsolated;
}

/** {@linkcode putbackPage}, stopping where others may run. */
export function* putbackSteps(
  pool: IsolationPool,
  pfn: number,
): Generator<Stop, void> {
  yield* lockPage(pool, pfn, PUTBACK);
  yield* putbackLocked(pool, pfn);
  yield* unlockPage(pool, pfn, PUTBACK);
}

/** Ends the isolation of a frame that is locked. */
export function* putbackLocked(
  pool: IsolationPool,
  pfn: number,
): Generator<Stop, void> {
  const { holds } = pool;
  const zspage = holds.zspageOf(pfn);
  if (zspage === NO_ZSPAGE) return putbackPage(pool, pfn);
  assertPoolThere(pool, zspage, pfn);
  yield* underCount(pool, zspage, ZS_PUTBACK, () => putbackPage(pool, pfn));
}

/** Begins or ends an isolation, under what covers the count of isolated frames. */
type UnderCount = <Result>(
  pool: IsolationPool,
  zspage: number,
  where: string,
  section: () => Result,
) => Generator<Stop, Result>;

/**
 * Under the lock that covers the zspage's list, where isolation takes it off or
 * counts; 6.2 and later have no count, and take none.
 */
const underListLock: UnderCount = function* (pool, zspage, where, section) {
  const lock = listLock(pool, zspage);
  if (lock === undefined) return section();
  yield acquire(lock, where);
  const result = section();
  yield release(lock, where);
  return result;
};

/** The lock that isolation takes: the class's up to 5.18, the pool's in 6.1. */
function listLock(pool: IsolationPool, zspage: number): Lock | undefined {
  const { profile, locks } = pool;
  const { locks: { pool: poolLock, classes } } = profile;
  if (poolLock !== undefined && classes) return undefined;
  return locks.ofClass(pool.classOfZspage(zspage));
}

/**
 * Under the zspage's lock, though the word in which isolated frames are counted
 * has the zspage's fullness too, which changes under another: it is read, and
 * written back whole. Up to 6.4.
 */
const underZspageLock: UnderCount = function* (pool, zspage, where, section) {
  const lock = pool.locks.ofZspage(zspage);
  if (lock !== undefined) yield acquire(lock, where);
  yield reads(fullnessState(zspage), where);
  const { fields } = pool.zspages;
  const word = zspage * ZSPAGE_STRIDE + ZSPAGE_FULLNESS;
  const fullness = fields[word];
  yield writes(fullnessState(zspage), where);
  fields[word] = fullness;
  const result = section();
  if (lock !== undefined) yield release(lock, where);
  return result;
};

const UNDER_COUNT: Readonly<Record<Profile["isolatedCounted"], UnderCount>> = {
  "under-list-lock": underListLock,
  "under-zspage-lock": underZspageLock,
};

const underCount: UnderCount = (pool, zspage, where, section) =>
  UNDER_COUNT[pool.profile.isolatedCounted](pool, zspage, where, section);
