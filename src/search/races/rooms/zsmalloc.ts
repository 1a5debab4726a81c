/** zsmalloc, to be explored: few objects in a pool of three classes. */
import type { Profile } from "../../../linux/profile.ts";
import { Memory } from "../../../memory/memory.ts";
import type { Random } from "../../../programs/random.ts";
import { InvariantError } from "../../../rules/invariant.ts";
import { NOBODY } from "../../../rules/lock.ts";
import type { Rule } from "../../../rules/rule.ts";
import { reads, type Stop, writes } from "../../../rules/stop.ts";
import { checkPool } from "../../../zsmalloc/invariants.ts";
import { poolFingerprint } from "../../../zsmalloc/fingerprint.ts";
import { objectState } from "../../../zsmalloc/locks.ts";
import { ZsPool } from "../../../zsmalloc/pool.ts";
import { ANYTHING } from "../linearizable.ts";
import { type RaceProgram, raceRoom } from "../room.ts";

/** An object, by the name that the program gives it. */
interface Named {
  readonly handle: number;
  readonly size: number;
  isFreed: boolean;
}

/** A frame that somebody isolated. */
interface Isolated {
  /** The object that it was found by. */
  readonly name: string;
  readonly pfn: number;
  /** The thread that is to migrate it or put it back; nobody: any. */
  readonly thread: number;
}

/** A pool, and what the program did with it. */
interface ZsmallocSubject {
  readonly pool: ZsPool;
  readonly objects: Map<string, Named>;
  /** The frames that threads, or who came before them, isolated. */
  readonly isolated: Isolated[];
  /** Pages that compactions answered to have freed. */
  compacted: number;
  /** What schedules left that held, by all that it depends on. */
  readonly rests: Map<string, unknown>;
}

/** What compactions answer, and what the pool counts. */
const PAGES_COMPACTED: Rule = {
  id: "zsmalloc/pages-compacted",
  sentence: "What compactions answer adds up to what the pool has counted.",
  source: "zs_compact, zs_pool_stats, mm/zsmalloc.c, 5.12",
};

/** What a program has, and what the pool. */
const HANDLES_LEFT: Rule = {
  id: "zsmalloc/handles-left",
  sentence: "Nobody's handle is lost, and none is left that nobody has.",
  source: "cache_alloc_handle, cache_free_handle, mm/zsmalloc.c, 4.0",
};

/** Classes of 32, 2080 and 4096 bytes; three objects of the second in two frames. */
const small = (profile: Profile): Profile => ({
  ...profile,
  classBits: 1,
  chainSize: 2,
});

const SMALL = new WeakMap<Profile, Profile>();

function smallOf(profile: Profile): Profile {
  const known = SMALL.get(profile) ?? small(profile);
  SMALL.set(profile, known);
  return known;
}

/** An object that a program has, for something to be done with it. */
function objectOf(
  { objects }: ZsmallocSubject,
  verb: string,
  name: string,
): Named {
  const object = objects.get(name);
  if (object !== undefined && !object.isFreed) return object;
  throw new Error(`Cannot ${verb} ${name}: no object is called so`);
}

/** Whether zsmalloc itself writes zspages back. */
const writesBack = ({ deferredHandle }: Profile) => deferredHandle !== "none";

/** Who has an object, where it may be written back: one alone frees it. */
const ENTRIES = "the entries of zswap";

type Operation = (subject: ZsmallocSubject) => Generator<Stop, unknown>;

const malloc = (size: number, name: string): Operation =>
  function* (subject) {
    const { pool, objects } = subject;
    const answer = yield* pool.mallocSteps(size);
    if (typeof answer === "string") return answer;
    const before = objects.get(name);
    if (before !== undefined && !before.isFreed) {
      throw new Error(`Cannot malloc ${name}: an object is called so`);
    }
    objects.set(name, { handle: answer, size, isFreed: false });
    pool.write(answer, new Uint8Array(size));
    return "done";
  };

const free = (name: string): Operation =>
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

const write = (name: string, letter: string): Operation =>
  function* (subject) {
    const { handle, size } = objectOf(subject, "write", name);
    const bytes = new Uint8Array(size).fill(letter.charCodeAt(0));
    yield* subject.pool.writeSteps(handle, bytes);
    return "done";
  };

const read = (name: string): Operation =>
  function* (subject) {
    const { handle, size } = objectOf(subject, "read", name);
    const into = yield* subject.pool.readSteps(handle, new Uint8Array(size));
    return letterOf(into);
  };

/** The letter that an object is full of. */
function letterOf(bytes: Uint8Array): string {
  const first = bytes[0];
  for (let at = 1; at < bytes.length; at++) {
    if (bytes[at] !== first) return `${first} and ${bytes[at]}`;
  }
  return first === 0 ? "nothing" : String.fromCharCode(first);
}

const compact = (isContended: boolean): Operation =>
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
    throw new Error(`Cannot find ${name}: no object is called so`);
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

const isolate = (name: string): Operation =>
  function* (subject) {
    const { pool, isolated } = subject;
    const pfn = yield* frameUnder(subject, name);
    if (pfn !== undefined && (yield* pool.isolateSteps(pfn))) {
      isolated.push({ name, pfn, thread: pool.locks.lockdep.current });
    }
    return ANYTHING;
  };

const migrate = (name: string): Operation =>
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

const putback = (name: string): Operation =>
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
const reclaim = (name: string): Operation =>
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

const deferred: Operation = function* ({ pool }) {
  yield* pool.flushWorkSteps();
  return ANYTHING;
};

const destroy: Operation = function* ({ pool }) {
  const leaked = yield* pool.destroySteps();
  return leaked.length;
};

const OPERATIONS = [
  "malloc SIZE NAME",
  "free NAME",
  "read NAME",
  "write NAME LETTER",
  "compact",
  "compact contended",
  "migrate NAME",
  "isolate NAME",
  "putback NAME",
  "reclaim NAME",
  "deferred",
  "destroy",
];

/** Operations that say no more than the name of an object. */
const OF_A_NAME: Readonly<Record<string, (name: string) => Operation>> = {
  free,
  read,
  migrate,
  isolate,
  putback,
  reclaim,
};

function operationOf(
  words: readonly string[],
  profile: Profile,
): Operation | undefined {
  const [verb, first, second, ...rest] = words;
  if (rest.length > 0) return undefined;
  if (verb === "reclaim" && !writesBack(profile)) return undefined;
  switch (words.length) {
    case 1:
      return verb === "compact"
        ? compact(false)
        : verb === "deferred"
        ? deferred
        : verb === "destroy"
        ? destroy
        : undefined;
    case 2:
      if (verb === "compact") {
        return first === "contended" ? compact(true) : undefined;
      }
      return Object.hasOwn(OF_A_NAME, verb)
        ? OF_A_NAME[verb](first)
        : undefined;
    default:
      if (verb === "malloc" && /^\d{1,5}$/.test(first)) {
        return malloc(Number(first), second);
      }
      return verb === "write" && /^[A-Za-z]$/.test(second)
        ? write(first, second)
        : undefined;
  }
}

/**
 * Throws where something is broken; answers what is in each object. What held
 * before, to the last bit, is not looked at again.
 */
function atRest(subject: ZsmallocSubject): unknown {
  const { pool, objects, compacted, rests } = subject;
  if (pool.isDestroyed) return { destroyed: true };
  let key = `${poolFingerprint(pool)} ${compacted}`;
  for (const [name, { handle, size, isFreed }] of objects) {
    if (!isFreed) key += ` ${name} ${handle} ${size}`;
  }
  let rest = rests.get(key);
  if (rest === undefined) {
    rest = checkedRest(subject);
    rests.set(key, rest);
  }
  return rest;
}

/** Checks every rule. */
function checkedRest({ pool, objects, compacted }: ZsmallocSubject): unknown {
  checkPool(pool);
  if (pool.pagesCompacted !== compacted) {
    throw new InvariantError(PAGES_COMPACTED, {
      where: "the pool",
      expected: pool.pagesCompacted,
      found: compacted,
    });
  }
  const there = [...objects].filter(([, { isFreed }]) => !isFreed);
  if (pool.handles.allocated !== there.length) {
    throw new InvariantError(HANDLES_LEFT, {
      where: "the pool",
      expected: there.length,
      found: pool.handles.allocated,
    });
  }
  return there.sort(([one], [other]) => one < other ? -1 : 1)
    .map(([name, { handle, size }]) => [
      name,
      letterOf(pool.read(handle, new Uint8Array(size))),
    ]);
}

/** zsmalloc. */
export const ZSMALLOC_RACES = raceRoom<ZsmallocSubject>({
  name: "zsmalloc",
  operations: OPERATIONS,
  isIn: () => true,
  create(profile) {
    const memory = new Memory({
      pageSize: profile.pageSize,
      initialFrames: 12,
    });
    return {
      pool: new ZsPool(smallOf(profile), { memory }),
      objects: new Map(),
      isolated: [],
      compacted: 0,
      rests: new Map(),
    };
  },
  remember(subject) {
    const { pool, objects, isolated, compacted } = subject;
    const restorePool = pool.remember();
    const named = [...objects].map(([name, one]) =>
      [name, { ...one }] as const
    );
    const frames = [...isolated];
    return () => {
      restorePool();
      objects.clear();
      for (const [name, one] of named) objects.set(name, { ...one });
      isolated.length = 0;
      isolated.push(...frames);
      subject.compacted = compacted;
    };
  },
  lockdepOf: ({ pool }) => pool.locks.lockdep,
  operationOf,
  atRest,
  random: randomProgram,
});

/** Bytes of an object of which a zspage has three, the second in two frames. */
const SIZE = 2000;

/**
 * Threads with objects of their own in zspages that they share, half of them
 * gone, so that a compaction has something to move and a free some to leave
 * empty; they compact, and migrate frames of anybody.
 */
function randomProgram(
  random: Random,
  profile: Profile,
  threads: number,
  operations: number,
): RaceProgram {
  const names = Array.from(
    { length: threads },
    (_, thread) => [1, 2].map((nth) => `${"abcdefgh"[thread]}${nth}`),
  );
  const gone = Array.from({ length: threads }, (_, nth) => `x${nth}`);
  const inOrder = shuffled(random, [...names.flat(), ...gone]);
  return {
    before: [
      ...inOrder.map((name) => `malloc ${SIZE} ${name}`),
      ...gone.map((name) => `free ${name}`),
    ],
    threads: names.map((own) =>
      randomThread(random, profile, own, names.flat(), operations)
    ),
  };
}

/** What one thread does with its own objects, and with anybody's frames. */
function randomThread(
  random: Random,
  profile: Profile,
  own: readonly string[],
  all: readonly string[],
  operations: number,
): string[] {
  const live = [...own];
  const isolated: string[] = [];
  let made = 0;
  const any = <One>(ones: readonly One[]) => ones[random(ones.length)];
  const steps: (() => string | undefined)[] = [
    () => {
      const name = `${own[0][0]}${3 + made++}`;
      live.push(name);
      return `malloc ${any([SIZE, SIZE, SIZE, 4000])} ${name}`;
    },
    ...[0, 1].map(() => () =>
      live.length === 0
        ? undefined
        : `free ${live.splice(random(live.length), 1)[0]}`
    ),
    () => live.length === 0 ? undefined : `read ${any(live)}`,
    () => live.length === 0 ? undefined : `write ${any(live)} ${any(LETTERS)}`,
    () => profile.compaction === "none" ? undefined : "compact",
    () => profile.compaction === "none" ? undefined : "compact contended",
    () => profile.movable ? `migrate ${any(all)}` : undefined,
    () => {
      if (!profile.movable) return undefined;
      const ended = isolated.pop();
      if (ended !== undefined) return `${any(["putback", "migrate"])} ${ended}`;
      isolated.push(any(all));
      return `isolate ${isolated[0]}`;
    },
    () => profile.movable ? "deferred" : undefined,
  ];
  const thread: string[] = [];
  while (thread.length < operations) {
    const step = any(steps)();
    if (step !== undefined) thread.push(step);
  }
  return thread;
}

const LETTERS = ["A", "B"];

function shuffled<One>(random: Random, ones: readonly One[]): One[] {
  const left = [...ones];
  return ones.map(() => left.splice(random(left.length), 1)[0]);
}
