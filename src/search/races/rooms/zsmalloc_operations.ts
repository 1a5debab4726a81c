/** What threads do with a zsmalloc pool, and how it answers. */
import type { Profile } from "../../../linux/profile.ts";
import { NOBODY } from "../../../rules/lock.ts";
import { reads, type Stop, writes } from "../../../rules/stop.ts";
import { objectState } from "../../../zsmalloc/locks.ts";
import type { ZsPool } from "../../../zsmalloc/pool.ts";
import { ANYTHING } from "../linearizable.ts";
import { fullOf } from "./full_of.ts";

/** An object, by the name that the program gives it. */
export interface Named {
  readonly handle: number;
  readonly size: number;
  isFreed: boolean;
}

/** A frame that somebody isolated. */
export interface Isolated {
  /** The object that it was found by. */
  readonly name: string;
  readonly pfn: number;
  /** The thread that is to migrate it or put it back; nobody: any. */
  readonly thread: number;
}

/** A pool, and what the program did with it. */
export interface ZsmallocSubject {
  readonly pool: ZsPool;
  readonly objects: Map<string, Named>;
  /** The frames that threads, or who came before them, isolated. */
  readonly isolated: Isolated[];
  /** Pages that compactions answered to have freed. */
  compacted: number;
  /** What schedules left that held, by all that it depends on. */
  readonly rests: Map<string, unknown>;
}

/** An object that is there, for something to be done with it. */
function objectOf(
  { objects }: ZsmallocSubject,
  verb: string,
  name: string,
): Named {
  const object = objects.get(name);
  if (object !== undefined && !object.isFreed) return object;
  const why = object === undefined ? "not made" : "freed already";
  throw new Error(`Cannot ${verb} ${name}: it is ${why}`);
}

/** Whether zsmalloc itself writes zspages back. */
export const writesBack = ({ deferredHandle }: Profile): boolean =>
  deferredHandle !== "none";

/** Who has an object, where it may be written back: one alone frees it. */
const ENTRIES = "the entries of zswap";

/** Something that a thread does with a pool. */
export type ZsmallocOperation = (
  subject: ZsmallocSubject,
) => Generator<Stop, unknown>;

export const malloc = (size: number, name: string): ZsmallocOperation =>
  function* (subject) {
    const { pool, objects } = subject;
    const answer = yield* pool.mallocSteps(size);
    if (typeof answer === "string") return answer;
    objects.set(name, { handle: answer, size, isFreed: false });
    pool.write(answer, new Uint8Array(size));
    return "done";
  };

export const free = (name: string): ZsmallocOperation =>
  function* (subject) {
    if (writesBack(subject.pool.profile)) {
      yield writes(ENTRIES, "zswap_invalidate_entry, mm/zswap.c");
      if (subject.objects.get(name)?.isFreed) return "done";
    }
    const object = objectOf(subject, "free", name);
    object.isFreed = true;
    yield* subject.pool.freeSteps(object.handle);
    return "done";
  };

export const write = (name: string, letter: string): ZsmallocOperation =>
  function* (subject) {
    const { handle, size } = objectOf(subject, "write", name);
    const bytes = new Uint8Array(size).fill(letter.charCodeAt(0));
    yield* subject.pool.writeSteps(handle, bytes);
    return "done";
  };

export const read = (name: string): ZsmallocOperation =>
  function* (subject) {
    const { handle, size } = objectOf(subject, "read", name);
    const into = yield* subject.pool.readSteps(handle, new Uint8Array(size));
    return fullOf(into);
  };

export const compact = (isContended: boolean): ZsmallocOperation =>
  function* (subject) {
    const pages = yield* subject.pool.compactSteps(() => isContended);
    subject.compacted += pages;
    return ANYTHING;
  };

/** The frame in which an object starts when somebody comes by it. */
function* frameUnder(
  { pool, objects }: ZsmallocSubject,
  name: string,
): Generator<Stop, number | undefined> {
  const object = objects.get(name);
  if (object === undefined) {
    throw new Error(`Cannot find ${name}: it is not made`);
  }
  const { handle } = object;
  yield reads(
    objectState(handle),
    "isolate_migratepages_block, mm/compaction.c",
  );
  return pool.handles.isLive(handle) ? pool.handles.pfnOf(handle) : undefined;
}

/** Takes the frame of an object that this thread is to migrate or put back. */
function takeIsolated(
  { pool, isolated }: ZsmallocSubject,
  name: string,
): Isolated | undefined {
  const { current } = pool.locks.lockdep;
  const at = isolated.findIndex((one) =>
    one.name === name && (one.thread === current || one.thread === NOBODY)
  );
  return at < 0 ? undefined : isolated.splice(at, 1)[0];
}

export const isolate = (name: string): ZsmallocOperation =>
  function* (subject) {
    const { pool, isolated } = subject;
    const pfn = yield* frameUnder(subject, name);
    if (pfn !== undefined && (yield* pool.isolateSteps(pfn))) {
      isolated.push({ name, pfn, thread: pool.locks.lockdep.current });
    }
    return ANYTHING;
  };

export const migrate = (name: string): ZsmallocOperation =>
  function* (subject) {
    const { pool, isolated } = subject;
    const mine = takeIsolated(subject, name);
    if (mine === undefined) {
      const pfn = yield* frameUnder(subject, name);
      if (pfn === undefined) return ANYTHING;
      return whyNever(yield* pool.migratePageSteps(pfn));
    }
    const to = yield* pool.migrateIsolatedSteps(mine.pfn);
    if (typeof to === "string") isolated.push(mine);
    return whyNever(to);
  };

/** EINVAL says that it is never possible; all else, that it was not now. */
const whyNever = (to: number | string) => to === "EINVAL" ? to : ANYTHING;

export const putback = (name: string): ZsmallocOperation =>
  function* (subject) {
    const mine = takeIsolated(subject, name);
    if (mine === undefined) return ANYTHING;
    yield* subject.pool.putbackSteps(mine.pfn);
    return ANYTHING;
  };

/**
 * The zspage of an object is written back: who evicts one frees it, where nobody
 * has done so.
 */
export const reclaim = (name: string): ZsmallocOperation =>
  function* (subject) {
    const { pool, objects } = subject;
    const pfn = yield* frameUnder(subject, name);
    if (pfn === undefined) return ANYTHING;
    yield* pool.reclaimSteps(pfn, function* (handle) {
      yield writes(ENTRIES, "zswap_writeback_entry, mm/zswap.c");
      const object = [...objects.values()].find((one) =>
        one.handle === handle && !one.isFreed
      );
      if (object === undefined) return;
      object.isFreed = true;
      yield* pool.freeSteps(handle);
    });
    return ANYTHING;
  };

export function* deferred({ pool }: ZsmallocSubject): Generator<Stop, unknown> {
  yield* pool.flushWorkSteps();
  return ANYTHING;
}

export function* destroy({ pool }: ZsmallocSubject): Generator<Stop, unknown> {
  const leaked = yield* pool.destroySteps();
  return leaked.length;
}
