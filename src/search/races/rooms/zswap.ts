/** zswap, to be explored: a few slots, one device, pools of small objects. */
import type { Codec } from "../../../codec/codec.ts";
import type { Profile } from "../../../linux/profile.ts";
import type { ZswapProfile } from "../../../linux/zswap_profile.ts";
import { Memory } from "../../../memory/memory.ts";
import { pick, type Random } from "../../../programs/random.ts";
import { InvariantError } from "../../../rules/invariant.ts";
import { Lockdep } from "../../../rules/lockdep.ts";
import type { Rule } from "../../../rules/rule.ts";
import { besideSwapoff, SWAPOFF } from "./beside_swapoff.ts";
import {
  acquire,
  blocked,
  release,
  runToEnd,
  sleeps,
  type Stop,
  writes,
} from "../../../rules/stop.ts";
import { checkZswap } from "../../../zswap/invariants.ts";
import { writeZswapParameterSteps } from "../../../zswap/parameters.ts";
import { shrinkMemcg } from "../../../zswap/shrink.ts";
import type { ZswapPool } from "../../../zswap/pools.ts";
import { Zswap } from "../../../zswap/zswap.ts";
import { ANYTHING } from "../linearizable.ts";
import { type RaceProgram, raceRoom } from "../room.ts";
import {
  assertKept,
  fillPage,
  type Folio,
  letterOf,
  RaceSlots,
  type Slot,
} from "./zswap_slots.ts";
import { smallOf } from "./small.ts";
import { noneCalled, roomWords } from "./words.ts";

/** zswap with what is above and below it. */
interface ZswapSubject {
  readonly zswap: Zswap;
  readonly around: RaceSlots;
  /** What swapoff brought into memory, by slot. */
  readonly inMemory: Map<number, string>;
  /** What schedules left that held, by all that it depends on. */
  readonly held: Set<string>;
}

/** What pools are referenced by. */
const REFERENCES: Rule = {
  id: "zswap/pool-references-left",
  sentence:
    "A pool is referenced by whoever made it the current one, by each entry in it and by the work that waits for it, and by nobody else.",
  source: "zswap_pool_get, zswap_pool_put, mm/zswap.c, 6.7",
};

/** Slots that a program can name, from 0 on. */
const SLOTS = 4;

/** A page of one letter becomes that letter; two of the kind, to choose from. */
const ofOneLetter = (name: string): Codec => ({
  name,
  compress(page, into) {
    into.fill(page[0], 0, 24);
    return 24;
  },
  decompress: (compressed, page) => fillPage(page, compressed[0]),
});

const CODECS = ["first", "second"].map(ofOneLetter);

/** A kernel as it is explored, and what was found to hold of its zswap. */
interface Explored {
  readonly kernel: Profile;
  readonly held: Set<string>;
}

const EXPLORED = new WeakMap<Profile, Explored>();

/** A kernel with few size classes, and those compressors alone. */
function exploredAs(profile: Profile): Explored {
  return EXPLORED.getOrInsertComputed(profile, () => {
    const zswap = { ...profile.zswap, compressors: [] };
    return { kernel: { ...smallOf(profile), zswap }, held: new Set() };
  });
}

type Operation = (subject: ZswapSubject) => Generator<Stop, unknown>;

const STORE = "swap_writeout, mm/page_io.c";

const store = (offset: number, letter: string): Operation =>
  function* ({ zswap, around, inMemory }) {
    const slot = around.slots[offset];
    const mayTake = () => {
      if (!around.isWritable || slot.isFreeing) return false;
      return slot.inUse = true;
    };
    let folio = yield* around.lockFolio(slot, mayTake);
    while (folio === undefined && slot.isFreeing) {
      yield blocked(
        "folio_alloc_swap, mm/swapfile.c: the slot is not free yet",
      );
      folio = yield* around.lockFolio(slot, mayTake);
    }
    if (folio === undefined) return "off";
    inMemory.delete(offset);
    slot.letter = letter;
    fillPage(folio.page, letter.charCodeAt(0));
    folio.uptodate = true;
    const outcome = yield* zswap.storeSteps(0, offset, [folio.page]);
    if (outcome !== "stored") yield sleeps(STORE);
    slot.onDevice = outcome === "stored" ? undefined : folio.page.slice();
    folio.dirty = false;
    yield* around.dropFolio(slot);
    yield release(folio.lock, "__remove_mapping, mm/vmscan.c");
    return ANYTHING;
  };

/** Fills a folio that is locked from zswap, or else from the device. */
function* readFolio(
  { zswap }: ZswapSubject,
  { offset, onDevice }: Slot,
  folio: Folio,
): Generator<Stop, void> {
  const errno = yield* zswap.loadSteps(0, offset, folio.page, true);
  folio.uptodate = true;
  folio.dirty = errno === undefined && zswap.profile.zswap.frontswap === "none";
  if (errno !== "ENOENT" || onDevice === undefined) return;
  yield sleeps("swap_read_folio, mm/page_io.c");
  folio.page.set(onDevice);
}

const load = (offset: number): Operation =>
  function* (subject) {
    const { around, inMemory } = subject;
    const slot = around.slots[offset];
    const folio = yield* around.lockFolio(slot, () => slot.inUse);
    if (folio === undefined) return inMemory.get(offset) ?? "free";
    if (!folio.uptodate) yield* readFolio(subject, slot, folio);
    assertKept(slot, folio.page, "do_swap_page, mm/memory.c");
    const letter = letterOf(folio.page);
    const isKept = folio.dirty && slot.inUse;
    if (!isKept) yield* around.dropFolio(slot);
    yield release(folio.lock, "do_swap_page, mm/memory.c");
    return letter;
  };

const invalidate = (offset: number): Operation =>
  function* ({ around, inMemory }) {
    inMemory.delete(offset);
    yield* around.free(around.slots[offset]);
    return ANYTHING;
  };

/** Has one entry written back, whoever would do so in a release. */
const WRITEBACK: Readonly<
  Record<ZswapProfile["shrink"], (zswap: Zswap) => Generator<Stop, unknown>>
> = {
  *"in-store"({ pools }) {
    yield "zswap_frontswap_store, mm/zswap.c: the pool is full";
    yield* pools.last?.zpool.shrinkSteps(1) ?? [];
  },
  *"page-in-worker"({ pools }) {
    yield "shrink_worker, mm/zswap.c: the pool was full";
    yield* pools.last?.zpool.shrinkSteps(1) ?? [];
  },
  "entries-in-worker": shrinkMemcg,
};

const writeback: Operation = function* ({ zswap }) {
  yield* WRITEBACK[zswap.profile.zswap.shrink](zswap);
  return ANYTHING;
};

const shrink: Operation = function* ({ zswap }) {
  yield* zswap.shrinkerScanSteps(2);
  return ANYTHING;
};

const worker: Operation = function* ({ zswap }) {
  yield* zswap.shrinkWorkSteps();
  return ANYTHING;
};

const set = (name: string, text: string): Operation =>
  function* ({ zswap }) {
    return (yield* writeZswapParameterSteps(zswap, name, text)) ?? "done";
  };

/** Brings each page into memory, then takes the device away (`try_to_unuse`). */
const swapoff: Operation = function* (subject) {
  const { zswap, around } = subject;
  const where = "swapoff, mm/swapfile.c";
  yield acquire(around.lock, where);
  const wasWritable = around.isWritable;
  around.isWritable = false;
  yield release(around.lock, where);
  if (!wasWritable) return "off";
  for (const slot of around.slots) yield* unuse(subject, slot);
  yield* zswap.swapoffSteps(0);
  yield writes("swap_info", where);
  around.isOn = false;
  return "done";
};

/** Brings a slot's page into memory, and frees the slot. */
function* unuse(
  subject: ZswapSubject,
  slot: Slot,
): Generator<Stop, void> {
  const { around, inMemory } = subject;
  const folio = yield* around.lockFolio(slot, () => slot.inUse);
  while (slot.isFreeing) {
    yield blocked("try_to_unuse, mm/swapfile.c: a slot is not free yet");
  }
  if (folio === undefined) return;
  if (!folio.uptodate) yield* readFolio(subject, slot, folio);
  assertKept(slot, folio.page, "unuse_pte, mm/swapfile.c");
  yield acquire(around.lock, "unuse_pte, mm/swapfile.c");
  if (slot.inUse) inMemory.set(slot.offset, slot.letter);
  slot.inUse = false;
  yield release(around.lock, "unuse_pte, mm/swapfile.c");
  yield* around.dropFolio(slot);
  yield release(folio.lock, "try_to_unuse, mm/swapfile.c");
}

const WORDS = roomWords<ZswapSubject>({
  "store SLOT LETTER": ([slot, letter]) => store(Number(slot), letter),
  "load SLOT": ([slot]) => load(Number(slot)),
  "invalidate SLOT": ([slot]) => invalidate(Number(slot)),
  writeback: () => writeback,
  shrink: () => shrink,
  worker: () => worker,
  swapoff: () => swapoff,
  "set PARAMETER VALUE": ([name, text], profile) => {
    const { parameters } = profile.zswap;
    return Object.hasOwn(parameters, name)
      ? set(name, text)
      : noneCalled(profile, "parameter", name, parameters);
  },
}, {
  SLOT: [`[0-${SLOTS - 1}]`, `0 to ${SLOTS - 1}`],
  LETTER: ["[A-Za-z]", "a letter"],
});

/** Throws where something is broken; answers what is in each slot. */
function atRest(subject: ZswapSubject): unknown {
  const { around, inMemory } = subject;
  for (const slot of around.slots) {
    const { folio } = slot;
    // What nobody needs any more goes at the next reclaim.
    if (folio !== undefined && !slot.inUse) {
      runToEnd(around.reclaim(slot, folio));
    }
  }
  checkOnce(subject);
  return around.slots.map((slot) =>
    slot.inUse ? restOf(subject, slot) : inMemory.get(slot.offset) ?? "free"
  );
}

/** Checks every rule on zswap, unless it was found so before. */
function checkOnce({ zswap, held }: ZswapSubject): void {
  const text = fingerprint(zswap);
  if (held.has(text)) return;
  checkZswap(zswap);
  assertReferences(zswap);
  held.add(text);
}

/** All of zswap that its rules go by; its pools have rules of their own. */
function fingerprint(zswap: Zswap): string {
  const { pools, trees, lru, counters, countedPages, chargedBytes } = zswap;
  const pool = (one: ZswapPool | undefined) =>
    one === undefined ? -1 : pools.list.indexOf(one);
  return JSON.stringify([
    counters,
    countedPages,
    chargedBytes,
    zswap.shrinkQueued,
    zswap.reachedFull,
    zswap.parameters,
    pools.list.map((one) => [
      one.tfmName,
      one.kref,
      one.entries,
      one.shrinkQueued,
      one.zpool.totalPages,
      one.zpool.handles(),
    ]),
    [...trees.values()].map(({ entries, frontswapMap }) => [
      [...entries].map(([at, entry]) => [
        at,
        entry.handle,
        entry.length,
        entry.refcount,
        entry.isFreed,
        pool(entry.pool),
      ]),
      [...frontswapMap],
    ]),
    [...lru].map(({ offset, handle, referenced }) => [
      offset,
      handle,
      referenced,
    ]),
  ]);
}

/** What is read of a slot. */
function restOf({ zswap }: ZswapSubject, slot: Slot): string {
  const { folio, offset, onDevice } = slot;
  if (folio?.uptodate) {
    assertKept(slot, folio.page, "the swap cache");
    return letterOf(folio.page);
  }
  const page = new Uint8Array(zswap.profile.pageSize);
  const errno = zswap.load(0, offset, page);
  assertKept(
    slot,
    errno === undefined ? page : onDevice,
    errno === undefined ? "zswap" : "the device",
  );
  return slot.letter;
}

function assertReferences(zswap: Zswap): void {
  const { poolPer } = zswap.profile.zswap;
  for (const pool of zswap.pools.list) {
    const isOwned = poolPer === "swap-type" || pool === zswap.pools.current;
    const expected = Number(isOwned) + pool.entries + Number(pool.shrinkQueued);
    if (pool.kref === expected) continue;
    throw new InvariantError(REFERENCES, {
      where: `the pool of ${pool.tfmName}`,
      expected,
      found: pool.kref,
    });
  }
}

/** zswap. */
export const ZSWAP_RACES = raceRoom<ZswapSubject>({
  name: "zswap",
  ...WORDS,
  isIn: () => true,
  create(profile) {
    const lockdep = new Lockdep();
    const { kernel, held } = exploredAs(profile);
    const around: RaceSlots = new RaceSlots(
      kernel,
      SLOTS,
      lockdep,
      () => zswap,
    );
    const zswap = new Zswap(kernel, {
      totalRamPages: 1000,
      memory: new Memory({ pageSize: kernel.pageSize, initialFrames: 8 }),
      swap: around,
      compressor: "first",
      codecs: CODECS,
      lockdep,
    });
    zswap.parameters.shrinkerEnabled = true;
    zswap.swapon(0);
    return { zswap, around, inMemory: new Map(), held };
  },
  lockdepOf: ({ zswap }) => zswap.locks.lockdep,
  atRest,
  random: randomProgram,
});

/** Threads that meet at two slots, of which one is stored before they begin. */
function randomProgram(
  random: Random,
  profile: Profile,
  threads: number,
  operations: number,
): RaceProgram {
  const slot = () => random(2);
  const isOne = profile.zswap.poolPer === "kernel";
  const steps = [
    () => `store ${slot()} ${pick(random, "A", "B", "C")}`,
    () => `store ${slot()} ${pick(random, "D", "E", "F")}`,
    () => `load ${slot()}`,
    () => `invalidate ${slot()}`,
    () => "writeback",
    () => pick(random, "writeback", "shrink", "worker"),
    () =>
      "compressor" in profile.zswap.parameters && isOne
        ? pick(
          random,
          "set compressor second",
          "set enabled N",
          "set enabled Y",
        )
        : "writeback",
    () => SWAPOFF,
  ];
  return {
    before: ["store 0 Z", "writeback"],
    threads: besideSwapoff(random, steps, threads, operations),
  };
}
