/** zsmalloc, to be explored: few objects in a pool of three classes. */
import type { Profile } from "../../../linux/profile.ts";
import { Memory } from "../../../memory/memory.ts";
import type { Random } from "../../../programs/random.ts";
import { InvariantError } from "../../../rules/invariant.ts";
import type { Rule } from "../../../rules/rule.ts";
import { reads, sleeps, type Stop } from "../../../rules/stop.ts";
import { checkPool } from "../../../zsmalloc/invariants.ts";
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

/** A pool, and what the program did with it. */
interface ZsmallocSubject {
  readonly pool: ZsPool;
  readonly objects: Map<string, Named>;
  /** The frames that the program isolated, by the object's name. */
  readonly isolated: Map<string, number>;
  /** Pages that compactions answered to have freed. */
  compacted: number;
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
  const [first] = bytes;
  const other = bytes.find((byte) => byte !== first);
  if (other !== undefined) return `${first} and ${other}`;
  return first === 0 ? "nothing" : String.fromCharCode(first);
}

const compact = (isContended: boolean): Operation =>
  function* (subject) {
    subject.compacted += yield* subject.pool.compactSteps(() => isContended);
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

const isolate = (name: string): Operation =>
  function* (subject) {
    const pfn = yield* frameUnder(subject, name);
    if (pfn !== undefined && (yield* subject.pool.isolateSteps(pfn))) {
      subject.isolated.set(name, pfn);
    }
    return ANYTHING;
  };

const migrate = (name: string): Operation =>
  function* (subject) {
    const { pool, isolated } = subject;
    const mine = isolated.get(name);
    if (mine === undefined) {
      const pfn = yield* frameUnder(subject, name);
      if (pfn === undefined) return ANYTHING;
      return whyNever(yield* pool.migratePageSteps(pfn));
    }
    const to = yield* pool.migrateIsolatedSteps(mine);
    if (typeof to === "number") isolated.delete(name);
    return whyNever(to);
  };

/** EINVAL says that it is never possible; all else, that it was not now. */
const whyNever = (to: number | string) => to === "EINVAL" ? to : ANYTHING;

const putback = (name: string): Operation =>
  function* ({ pool, isolated }) {
    yield sleeps("putback_movable_pages, mm/migrate.c");
    const pfn = isolated.get(name);
    if (pfn === undefined) return ANYTHING;
    yield* pool.putbackSteps(pfn);
    isolated.delete(name);
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
};

function operationOf(words: readonly string[]): Operation | undefined {
  const [verb, first, second, ...rest] = words;
  if (rest.length > 0) return undefined;
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

/** Throws where something is broken; answers what is in each object. */
function atRest({ pool, objects, compacted }: ZsmallocSubject): unknown {
  if (pool.isDestroyed) return { destroyed: true };
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
      isolated: new Map(),
      compacted: 0,
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
