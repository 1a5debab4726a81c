/** The second model's stores: when a page is taken, and when it is refused. */
import type { Bytes } from "../../programs/bytes.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { ZswapSlot } from "../../programs/zswap/steps.ts";
import type { ZswapStored } from "../../targets/target.ts";
import { Disagreement, expectSame } from "../judge.ts";
import type { Allocation, EventReader } from "./event_reader.ts";
import { expectEvictions } from "./naive_evictions.ts";
import { lookAtSome } from "./naive_list.ts";
import type { PagesBefore } from "./naive_load.ts";
import type { PageRefusal } from "./naive_pages.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import { keyOf, type NaiveAdmission, type NaiveZswap } from "./naive_zswap.ts";

/** Why a page is refused. */
export type NaiveRefusal =
  | PageRefusal
  | "disabled"
  | "limit"
  | "hysteresis"
  | "entry"
  | "node"
  | "cgroup"
  | "folio";

/** What is to be stored, and what came of it. */
export interface NaiveStore {
  /** Where. */
  readonly slot: ZswapSlot;
  /** Pages as steps have them. */
  readonly data: readonly Bytes[];
  /** The same as bytes. */
  readonly pages: readonly Uint8Array[];
  /** What the model answered. */
  readonly answer: ZswapStored;
  /** What was known of the pools before. */
  readonly before: PagesBefore;
  /** Pages of the pools after it. */
  readonly after: number;
}

/** Pages that an allocator tries before it gives up. */
const RECLAIM_TRIES = 8;

/** What a refusal is called in kernels that say more than no. */
const REASON: Readonly<Record<NaiveRefusal, string>> = {
  disabled: "ENODEV",
  limit: "ENOMEM",
  hysteresis: "ENOMEM",
  entry: "ENOMEM",
  memory: "ENOMEM",
  "not-same": "EINVAL",
  codec: "EINVAL",
  "codec-poor": "EINVAL",
  poor: "ENOSPC",
  node: "ENOMEM",
  cgroup: "ENOMEM",
  folio: "EINVAL",
};

/** The rule by which a page is refused. */
const ruleNameOf = (
  refusal: NaiveRefusal,
): Exclude<NaiveRefusal, "codec-poor"> =>
  refusal === "codec-poor" ? "codec" : refusal;

const ruleOf = (refusal: NaiveRefusal): Rule => RULES[ruleNameOf(refusal)];

/** Throws where the model's answer is not what should have come of a store. */
function expectOutcome(
  { answer }: NaiveStore,
  refusal: NaiveRefusal | undefined,
  reason: string,
): void {
  const found = answer.stored ? "stored" : answer.reason;
  const expected = refusal === undefined ? "stored" : reason;
  if (found === expected) return;
  const rule = refusal === undefined ? RULES.taken : ruleOf(refusal);
  throw new Disagreement(rule, expected, found);
}

/** Counts a refusal as the kernel does. */
function countRefusal(
  { counters, facts }: NaiveZswap,
  refusal: NaiveRefusal,
): void {
  if (refusal === "entry") counters.reject_kmemcache_fail++;
  const isPoor = refusal === "poor" || refusal === "codec-poor";
  if (isPoor) counters.reject_compress_poor++;
  if (refusal === "memory" || refusal === "node") counters.reject_alloc_fail++;
  if (refusal === "codec" && facts.countsRefused) {
    counters.reject_compress_fail++;
  }
}

/** Notes what the limits said, and answers whether they refuse. */
function admitted(
  naive: NaiveZswap,
  admission: NaiveAdmission,
): "limit" | "hysteresis" | undefined {
  const { shrink } = naive.profile.zswap;
  if (admission === "above-threshold") return "hysteresis";
  if (admission === "accepted") {
    if (naive.reachedFull) naive.reached("acceptsAgain");
    naive.reachedFull = false;
    return undefined;
  }
  naive.counters.pool_limit_hit++;
  if (shrink !== "in-store") naive.reachedFull = true;
  if (shrink === "page-in-worker") naive.pools.queueLast();
  return "limit";
}

/** Up to 5.5 a full zswap evicts before it stores; whether that fails. */
function failsToEvict(
  naive: NaiveZswap,
  events: EventReader,
  { type }: ZswapSlot,
): boolean {
  const isOwn = naive.profile.zswap.poolPer === "swap-type";
  const failures = expectEvictions(
    naive,
    events,
    (page) => isOwn ? page.type === type : page.pool === naive.pools.current,
  );
  // A page that was emptied is given back: then there is room.
  if (events.take("frame-freed") !== undefined) {
    naive.reached("evicted");
    return false;
  }
  // A pool without pages has none to try.
  if (failures > 0) {
    expectSame(RULES.tries, RECLAIM_TRIES, failures);
    naive.reached("tries");
  }
  naive.counters.reject_reclaim_fail++;
  return true;
}

/** Whether the limits refuse a page that comes through frontswap, and why. */
function refusedByLimits(
  naive: NaiveZswap,
  events: EventReader,
  { slot }: NaiveStore,
): "limit" | "hysteresis" | undefined {
  const refusal = admitted(naive, naive.admissionAt(naive.counted.most));
  if (naive.profile.zswap.shrink !== "in-store") return refusal;
  if (refusal === undefined || !failsToEvict(naive, events, slot)) {
    return undefined;
  }
  return refusal;
}

/**
 * Whether an allocator has no object. Where a page of z3fold's lacks its slots,
 * a new page is taken, which is given back where it lacks them too.
 */
function isRefused(
  zpool: string,
  { ranOut, lacked, freed }: Allocation,
): boolean {
  const isLost = zpool !== "z3fold" || freed > 0;
  return ranOut || lacked && isLost;
}

/** Why one page of a store is refused that the limits let through; else holds it. */
function settlePage(
  naive: NaiveZswap,
  events: EventReader,
  { slot, data, pages }: NaiveStore,
  nth: number,
): NaiveRefusal | undefined {
  events.expect("entry");
  if (naive.failsEntry()) return "entry";
  const bytes = pages[nth];
  const holding = naive.kindOf(data[nth], bytes);
  if (typeof holding === "string") return holding;
  const { kind, length } = holding;
  const { zpool } = naive.pools.current;
  if (isRefused(zpool, events.takeAllocation())) return "memory";
  if (naive.hasList && naive.failsNode()) return "node";
  const { type } = slot;
  const offset = slot.offset + nth;
  if (naive.held.has(keyOf(type, offset))) {
    naive.reached("replaced");
    if (!naive.hasList) naive.counters.duplicate_entry++;
  }
  naive.hold({ type, offset, bytes, kind, length });
  if (kind !== "compressed") naive.reached(kind);
  return undefined;
}

/** Since 3.18 an older page goes before the limits are looked at. */
function freeOlder(
  naive: NaiveZswap,
  events: EventReader,
  key: string,
  { pages, isLater }: PagesBefore,
): void {
  const page = naive.drop(key);
  if (page === undefined) return;
  naive.reached("replaced");
  // One that is being written back is freed when that is done.
  if (page === naive.underWriteback) return;
  naive.countFreed(pages, events.takeFreed(), isLater);
}

/** One page through frontswap. */
function expectThroughFrontswap(
  naive: NaiveZswap,
  events: EventReader,
  store: NaiveStore,
): void {
  const { slot, before, after } = store;
  const key = keyOf(slot.type, slot.offset);
  const hasOlder = naive.held.has(key);
  const goes = naive.profile.zswap.frontswap === "older-page-goes";
  if (goes && naive.known.delete(key)) freeOlder(naive, events, key, before);
  const refusal = !naive.isOn("enabled")
    ? "disabled"
    : naive.isCgroupFull
    ? "cgroup"
    : refusedByLimits(naive, events, store) ??
      settlePage(naive, events, store, 0);
  if (refusal === undefined) {
    naive.known.add(key);
    naive.frontswap.succ_stores++;
    naive.countPages(after);
    naive.reached("taken");
  } else {
    naive.known.delete(key);
    naive.frontswap.failed_stores++;
    countRefusal(naive, refusal);
    naive.reached(ruleNameOf(refusal));
    if (refusal === "codec-poor") naive.reached("codecPoor");
    if (hasOlder) naive.reached("refusedOver");
  }
  expectOutcome(store, refusal, refusal === undefined ? "" : REASON[refusal]);
}

/** Why a folio is refused without frontswap; else its pages are held. */
function settleFolio(
  naive: NaiveZswap,
  events: EventReader,
  store: NaiveStore,
): NaiveRefusal | undefined {
  if (!naive.isOn("enabled")) return "disabled";
  let { pages } = store.before;
  if (naive.isCgroupFull) {
    const madeRoom = lookAtSome(naive, events);
    if (madeRoom === undefined || madeRoom.written === 0) return "cgroup";
    naive.reached("cgroupMadeRoom");
    pages = madeRoom.pages ?? pages;
  }
  const refusal = admitted(naive, naive.admissionAt(pages));
  if (refusal !== undefined) return refusal;
  for (let nth = 0; nth < store.pages.length; nth++) {
    const refusal = settlePage(naive, events, store, nth);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** A folio without frontswap: all of it is stored, or none of it. */
function expectFolio(
  naive: NaiveZswap,
  events: EventReader,
  store: NaiveStore,
): void {
  const { slot, pages } = store;
  if (pages.length > 1 && !naive.facts.takesFolios) {
    naive.reached("folio");
    expectOutcome(store, "folio", "refused");
    return;
  }
  const keys = pages.map((_, nth) => keyOf(slot.type, slot.offset + nth));
  const hasOlder = keys.some((key) => naive.held.has(key));
  const refusal = settleFolio(naive, events, store);
  if (pages.length > 1) naive.reached("folio");
  naive.reached(refusal === undefined ? "taken" : ruleNameOf(refusal));
  if (refusal === "codec-poor") naive.reached("codecPoor");
  if (refusal !== undefined) {
    countRefusal(naive, refusal);
    if (refusal !== "disabled" && naive.reachedFull) naive.isQueued = true;
    for (const key of keys) naive.drop(key);
    if (hasOlder) naive.reached("refusedOver");
  }
  events.takeFreed();
  expectOutcome(store, refusal, "refused");
}

/** Holds a store against what should have come of it. */
export function expectStore(
  naive: NaiveZswap,
  events: EventReader,
  store: NaiveStore,
): void {
  if (naive.profile.zswap.frontswap === "none") {
    expectFolio(naive, events, store);
  } else if (store.pages.length > 1) {
    naive.reached("folio");
    const { answer } = store;
    const found = answer.stored ? "stored" : answer.reason;
    if (found !== "EINVAL") {
      throw new Disagreement(RULES.folio, "EINVAL", found);
    }
  } else {
    expectThroughFrontswap(naive, events, store);
  }
}
