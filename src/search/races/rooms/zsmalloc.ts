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
import { fullOf } from "./full_of.ts";
import { smallOf } from "./small.ts";
import { roomWords } from "./words.ts";

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

const compactIn = (
  { name, compaction }: Profile,
  isContended: boolean,
): ZsmallocOperation | string =>
  compaction === "none"
    ? `zsmalloc of ${name} does not compact`
    : compact(isContended);

const WORDS = roomWords<ZsmallocSubject>({
  "malloc SIZE NAME": ([size, name]) => malloc(Number(size), name),
  "free NAME": ([name]) => free(name),
  "read NAME": ([name]) => read(name),
  "write NAME LETTER": ([name, letter]) => write(name, letter),
  compact: (_, profile) => compactIn(profile, false),
  "compact contended": (_, profile) => compactIn(profile, true),
  "migrate NAME": ([name]) => migrate(name),
  "isolate NAME": ([name]) => isolate(name),
  "putback NAME": ([name]) => putback(name),
  "reclaim NAME": ([name], profile) =>
    writesBack(profile)
      ? reclaim(name)
      : `zsmalloc of ${profile.name} writes no zspage back`,
  deferred: () => deferred,
  destroy: () => destroy,
}, {
  SIZE: ["\\d{1,5}", "0 to 99999 bytes"],
  LETTER: ["[A-Za-z]", "a letter"],
});

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
      fullOf(pool.read(handle, new Uint8Array(size))),
    ]);
}

/** zsmalloc. */
export const ZSMALLOC_RACES = raceRoom<ZsmallocSubject>({
  name: "zsmalloc",
  ...WORDS,
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
  atRest,
  random: randomZsmallocRace,
});
