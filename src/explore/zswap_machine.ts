/** The state machine of zswap: every release with every allocator it has. */
import { Memory } from "../memory/memory.ts";
import {
  checkZswap,
  checkZswapStore,
  zswapLimitsBefore,
} from "../zswap/invariants.ts";
import { writeZswapParameter } from "../zswap/parameters.ts";
import { type StoreOutcome, Zswap } from "../zswap/zswap.ts";
import { zswapCounters } from "../zswap/stats.ts";
import type { SwapLayer } from "../zswap/swap_layer.ts";
import { agree, agreeBytes } from "./agree.ts";
import { expandContents } from "../programs/contents.ts";
import type { Machine } from "./machine.ts";
import { runSteps, type StepTable } from "./steps.ts";
import { swapProfile } from "./swap_kernels.ts";
import { NaiveZswap, type Refusal, type Written } from "./zswap_model.ts";
import {
  type SlotChoice,
  type ZswapProgram,
  zswapPrograms,
  type ZswapSteps,
} from "./zswap_programs.ts";

interface State {
  readonly zswap: Zswap;
  readonly naive: NaiveZswap;
  /** What was written back since the step began. */
  readonly written: Written[];
  readonly isScarce: boolean;
}

const keyOf = (type: number, offset: number): string => `${type}:${offset}`;

/** The second model's swap layer: it is told what is written, and compares. */
function swapLayer(state: () => State): SwapLayer {
  return {
    *allocSwapCachePage(type, offset) {
      const { naive } = state();
      yield "alloc_page may sleep";
      const key = keyOf(type, offset);
      if (naive.inCache.has(key)) return "exists";
      return naive.noMemory.has(key) ? "no-memory" : "new";
    },
    deleteFromSwapCache(type, offset) {
      throw new Error(`page ${keyOf(type, offset)} was damaged or replaced`);
    },
    *writePage(type, offset, data) {
      const { naive, written, zswap } = state();
      const key = keyOf(type, offset);
      written.push({ key, pages: zswap.pools.totalPages });
      if (zswap.profile.zswap.shrink !== "entries-in-worker") {
        naive.writeBack(key, data);
      } else {
        const held = naive.held.get(key)?.bytes ?? new Uint8Array();
        agreeBytes(`page ${key} as it is written back`, data, held);
      }
      yield "bio submitted";
    },
  };
}

function start(program: ZswapProgram): State {
  const { kernel, totalRam, writeback, fails } = program;
  const profile = swapProfile(kernel);
  const { pageSize } = profile;
  const each = fails.what === "entries" ? fails.each : 0;
  const isScarce = fails.what === "memory";
  const zswap = new Zswap(profile, {
    totalRamPages: totalRam,
    memory: new Memory({
      pageSize,
      maxPages: isScarce ? fails.pages : Infinity,
    }),
    zpool: kernel.zpool,
    writeback,
    failEntry: (nth) => each > 0 && nth % each === 1,
    failNode: (nth) => each > 0 && nth % each === 2,
    failslab: (nth) => isScarce && nth % fails.each === 3,
    swap: swapLayer(() => state),
  });
  const state: State = {
    zswap,
    naive: new NaiveZswap(profile, totalRam, writeback, each, kernel.zpool),
    written: [],
    isScarce,
  };
  zswap.swapon(0);
  zswap.swapon(1);
  return state;
}

/** What a refusal is called, in kernels that say more than no. */
const ERRNO: Readonly<Record<Refusal, StoreOutcome>> = {
  disabled: "ENODEV",
  limit: "ENOMEM",
  entry: "ENOMEM",
  "not-same": "EINVAL",
  codec: "EINVAL",
  "too-large": "EINVAL",
  poor: "ENOSPC",
  node: "ENOMEM",
};

/** Whether the second model refuses a page that is not refused by the limits. */
function refusalOf({ naive }: State, bytes: Uint8Array): Refusal | undefined {
  if (naive.failsEntry()) return "entry";
  const kind = naive.kindOf(bytes);
  return kind === "same" || kind === "compressed" || kind === "whole"
    ? undefined
    : kind;
}

/**
 * Since 3.18 an older page goes before the limits are looked at, and how many
 * pages that frees only the allocator knows: near the limits it goes by itself.
 */
function freeOlderFirst(
  { zswap, naive }: State,
  { type, offset }: SlotChoice,
): void {
  const key = keyOf(type, offset);
  const isFar = zswap.countedPages < Math.min(naive.maxPages, naive.threshold);
  const goes = zswap.profile.zswap.frontswap === "older-page-goes";
  if (!goes || isFar || !naive.known.delete(key)) return;
  zswap.invalidate(type, offset);
  naive.drop(key);
}

/** One page through frontswap: the outcome is the second model's, or scarcity's. */
function storeSingle(
  state: State,
  { type, offset }: SlotChoice,
  bytes: Uint8Array,
): void {
  const { zswap, naive, isScarce } = state;
  const { frontswap, shrink } = zswap.profile.zswap;
  const key = keyOf(type, offset);
  const pages = zswap.countedPages;
  const reclaimFailures = zswap.counters.reject_reclaim_fail;
  const outcome = zswap.store(type, offset, [bytes]);
  if (frontswap === "older-page-goes" && naive.known.delete(key)) {
    naive.drop(key);
  }
  const settle = (refusal: Refusal | "memory" | undefined) => {
    if (refusal === undefined) {
      naive.known.add(key);
      const kind = naive.kindOf(bytes) === "same" ? "same" : "compressed";
      naive.hold(key, bytes, kind);
      agree("outcome", outcome, "stored");
      return;
    }
    naive.known.delete(key);
    naive.countRefusal(refusal);
    agree("outcome", outcome, refusal === "memory" ? "ENOMEM" : ERRNO[refusal]);
  };
  if (!naive.isOn("enabled")) return settle("disabled");
  if (naive.limits(pages)) return settle("limit");
  if (zswap.counters.reject_reclaim_fail > reclaimFailures) {
    // Which pages an allocator evicts, the second model does not know.
    agree("pages above the limit", pages > naive.maxPages, true);
    agree("who reclaims", shrink, "in-store");
    naive.counters.reject_reclaim_fail++;
    return settle("limit");
  }
  const refusal = refusalOf(state, bytes);
  const ranOut = refusal === undefined && outcome === "ENOMEM" && isScarce;
  settle(ranOut ? "memory" : refusal);
}

/** A folio without frontswap: all of it is stored, or none of it. */
function storeFolio(
  state: State,
  { type, offset }: SlotChoice,
  folio: readonly Uint8Array[],
): void {
  const { zswap, naive, isScarce } = state;
  const keys = folio.map((_, nth) => keyOf(type, offset + nth));
  const pages = zswap.pools.totalPages;
  const failed = zswap.counters.reject_alloc_fail;
  const outcome = zswap.store(type, offset, folio);
  const isEnabled = naive.isOn("enabled");
  let isStored = isEnabled && !naive.limits(pages);
  for (let nth = 0; nth < folio.length && isStored; nth++) {
    const ranOut = isScarce && zswap.counters.reject_alloc_fail > failed;
    const refusal = refusalOf(state, folio[nth]) ??
      (ranOut ? "memory" : naive.failsNode() ? "node" : undefined);
    if (refusal === undefined) {
      const isWhole = naive.kindOf(folio[nth]) === "whole";
      naive.hold(keys[nth], folio[nth], isWhole ? "whole" : "compressed");
    } else {
      naive.countRefusal(refusal);
      isStored = false;
    }
  }
  agree("outcome", outcome, isStored ? "stored" : "refused");
  if (isStored) return;
  if (isEnabled && naive.reachedFull) naive.queued = true;
  for (const key of keys) naive.drop(key);
}

const STEPS: StepTable<State, ZswapSteps> = {
  store(state, { type, offset, pages }) {
    const { zswap } = state;
    // Which page of a folio memory fails for, the second model cannot tell.
    const folio = pages.slice(0, state.isScarce ? 1 : pages.length)
      .map((one) => expandContents(one, zswap.profile.pageSize));
    freeOlderFirst(state, { type, offset });
    const before = zswapLimitsBefore(zswap);
    if (zswap.profile.zswap.frontswap === "none") {
      storeFolio(state, { type, offset }, folio);
    } else if (folio.length > 1) {
      agree("a large folio", zswap.store(type, offset, folio), "EINVAL");
    } else {
      storeSingle(state, { type, offset }, folio[0]);
    }
    checkZswapStore(before, zswap);
  },

  load({ zswap, naive }, { type, offset, toSwapCache }) {
    const key = keyOf(type, offset);
    expectLoad({ zswap, naive }, key, toSwapCache);
    if (toSwapCache && zswap.profile.zswap.frontswap === "none") {
      naive.drop(key);
    }
  },

  invalidate({ zswap, naive }, { type, offset }) {
    const key = keyOf(type, offset);
    zswap.invalidate(type, offset);
    const isNew = zswap.profile.zswap.frontswap === "none";
    if (naive.known.delete(key) || isNew) naive.drop(key);
  },

  work({ zswap, naive, written }) {
    const pages = zswap.pools.totalPages;
    const { counters } = zswap;
    const failed = counters.reject_reclaim_fail;
    zswap.shrinkWork();
    if (zswap.profile.zswap.shrink === "entries-in-worker") {
      naive.work(pages, written);
      return;
    }
    const rose = counters.reject_reclaim_fail - failed;
    agree(
      "failures of a worker that was not queued",
      naive.queued || rose === 0,
      true,
    );
    agree("failures of one worker", rose <= zswap.pools.list.length + 1, true);
    agree(
      "pages written back without being asked",
      naive.queued || written.length === 0,
      true,
    );
    naive.counters.reject_reclaim_fail += rose;
    naive.queued = false;
  },

  scan({ zswap, naive, written }, { nr }) {
    if (zswap.profile.zswap.shrink !== "entries-in-worker") return;
    const isOff = !naive.isOn("shrinker_enabled") || !naive.writeback;
    const saved = Math.floor(
      naive.lru.length * zswap.pools.totalPages / naive.lru.length,
    );
    agree("count", zswap.shrinkerCount(), isOff ? 0 : saved || 0);
    agree("scan", zswap.shrinkerScan(nr), naive.scan(nr, written));
  },

  cache({ naive }, { type, offset, state }) {
    const key = keyOf(type, offset);
    naive.inCache.delete(key);
    naive.noMemory.delete(key);
    if (state === "cached") naive.inCache.add(key);
    if (state === "no-memory") naive.noMemory.add(key);
  },

  parameter({ zswap, naive }, { name, text }) {
    const { parameters, zpools } = zswap.profile.zswap;
    const isThere = Object.hasOwn(parameters, name) &&
      (name !== "zpool" || zpools.some((one) => one === text));
    const errno = writeZswapParameter(zswap, name, `${text}\n`);
    agree(`writing ${text} to ${name}`, errno, isThere ? undefined : "ENOENT");
    if (isThere) naive.parameters.set(name, text);
  },

  swapoff({ zswap, naive }, { type }) {
    const own = [...naive.held.keys()].filter((key) =>
      key.startsWith(`${type}:`)
    );
    for (const key of own) {
      const offset = Number(key.split(":")[1]);
      // Since 6.7 every slot is freed before.
      if (zswap.profile.zswap.frontswap === "none") {
        zswap.invalidate(type, offset);
      }
      naive.drop(key);
    }
    for (const key of [...naive.known]) {
      if (key.startsWith(`${type}:`)) naive.known.delete(key);
    }
    zswap.swapoff(type);
    zswap.swapon(type);
  },
};

function expectLoad(
  { zswap, naive }: Pick<State, "zswap" | "naive">,
  key: string,
  toSwapCache: boolean,
): void {
  const [type, offset] = key.split(":").map(Number);
  const isNew = zswap.profile.zswap.frontswap === "none";
  const page = isNew || naive.known.has(key) ? naive.held.get(key) : undefined;
  const into = new Uint8Array(zswap.profile.pageSize);
  const errno = zswap.load(type, offset, into, toSwapCache);
  agree(`loading ${key}`, errno, page === undefined ? "ENOENT" : undefined);
  if (page !== undefined) agreeBytes(`page ${key}`, into, page.bytes);
}

function check({ zswap, naive, written }: State): void {
  checkZswap(zswap);
  written.length = 0;
  const expected = naive.count();
  for (const [name, found] of Object.entries(zswapCounters(zswap))) {
    if (name === "pool_pages" || name === "pool_total_size") continue;
    const value = Object.entries(expected).find(([one]) => one === name)?.[1];
    agree(name, found, value);
  }
  const listed = [...zswap.lru]
    .map(({ type, offset, referenced }) => `${type}:${offset} ${referenced}`);
  const lru = naive.lru
    .map((key) => `${key} ${naive.held.get(key)?.referenced}`);
  agree("the LRU list", listed.join(", "), lru.join(", "));
  agree("zswap_pool_reached_full", zswap.reachedFull, naive.reachedFull);
  for (const key of naive.held.keys()) {
    expectLoad({ zswap, naive }, key, false);
  }
}

/** The operations of {@linkcode zswapMachine}. */
export const ZSWAP_OPS: readonly string[] = Object.keys(STEPS);

/** zswap of any release over any of its allocators holds what it took. */
export const zswapMachine: Machine<ZswapProgram> = {
  name: "zswap",
  sentence:
    "zswap of any release, over any allocator it has, holds what it took and counts what it did, whatever fails.",
  programs: zswapPrograms,
  run(program) {
    runSteps(STEPS, start(program), program.steps, check);
  },
};
