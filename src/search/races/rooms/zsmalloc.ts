/** zsmalloc, to be explored: few objects in a pool of three classes. */
import type { Profile } from "../../../linux/profile.ts";
import { Memory } from "../../../memory/memory.ts";
import { InvariantError } from "../../../rules/invariant.ts";
import type { Rule } from "../../../rules/rule.ts";
import { poolFingerprint } from "../../../zsmalloc/fingerprint.ts";
import { checkPool } from "../../../zsmalloc/invariants.ts";
import { ZsPool } from "../../../zsmalloc/pool.ts";
import { raceRoom } from "../room.ts";
import {
  compact,
  deferred,
  destroy,
  free,
  isolate,
  letterOf,
  malloc,
  migrate,
  putback,
  read,
  reclaim,
  write,
  writesBack,
  type ZsmallocOperation,
  type ZsmallocSubject,
} from "./zsmalloc_operations.ts";
import { randomZsmallocRace } from "./zsmalloc_random.ts";

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
const OF_A_NAME: Readonly<Record<string, (name: string) => ZsmallocOperation>> =
  {
    free,
    read,
    migrate,
    isolate,
    putback,
    reclaim,
  };

/** The operation that words stand for, if a kernel has it. */
function operationOf(
  words: readonly string[],
  profile: Profile,
): ZsmallocOperation | undefined {
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
  random: randomZsmallocRace,
});
