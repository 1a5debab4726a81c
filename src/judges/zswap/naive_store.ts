/** The second model's stores: when a page is taken, and when it is refused. */
import type { Bytes } from "../../programs/bytes.ts";
import type { ZswapSlot } from "../../programs/zswap/steps.ts";
import type { ZswapStored } from "../../targets/target.ts";
import { expectSame } from "../judge.ts";
import type { Allocation } from "./event_reader.ts";
import { expectEvictions } from "./naive_evictions.ts";
import { lookAtSome } from "./naive_list.ts";
import { expectFreed } from "./naive_load.ts";
import { holdingOf, type PageRefusal } from "./naive_pages.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import { keyOf, type NaiveZswap } from "./naive_zswap.ts";

/** Why a page is refused: by the rule of that name. */
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
  /** Pages of the pools after it. */
  readonly after: number;
}

/** Pages that an allocator tries before it gives up. */
const RECLAIM_TRIES = 8;

/** What a refusal is called in kernels that say more than no: those with frontswap. */
const REASON: Readonly<Record<NaiveRefusal, string>> = {
  disabled: "ENODEV",
  limit: "ENOMEM",
  hysteresis: "ENOMEM",
  entry: "ENOMEM",
  memory: "ENOMEM",
  notSame: "EINVAL",
  codec: "EINVAL",
  codecPoor: "EINVAL",
  poor: "ENOSPC",
  node: "ENOMEM",
  cgroup: "ENOMEM",
  folio: "EINVAL",
};

/** Holds the answer to a store against what should have come of it. */
function expectOutcome(
  naive: NaiveZswap,
  { answer }: NaiveStore,
  refusal: NaiveRefusal | undefined,
): void {
  naive.reached(refusal ?? "taken");
  if (refusal === "codecPoor") naive.reached("codec");
  const reason = refusal && (naive.hasFrontswap ? REASON[refusal] : "refused");
  const found = answer.stored ? "stored" : answer.reason;
  expectSame(RULES[refusal ?? "taken"], reason ?? "stored", found);
}

/** Counts a refusal as the kernel does. */
function countRefusal(
  { counters, facts }: NaiveZswap,
  refusal: NaiveRefusal,
): void {
  if (refusal === "entry") counters.reject_kmemcache_fail++;
  const isPoor = refusal === "poor" || refusal === "codecPoor";
  if (isPoor) counters.reject_compress_poor++;
  if (refusal === "memory" || refusal === "node") counters.reject_alloc_fail++;
  if (refusal === "codec" && facts.countsRefused) {
    counters.reject_compress_fail++;
  }
}

/** Why the limits refuse a page where the pools have so many, if they do. */
function refusedAt(
  naive: NaiveZswap,
  pages: number,
): "limit" | "hysteresis" | undefined {
  const { hasList, maxPages, threshold, profile: { zswap } } = naive;
  if (hasList ? pages >= maxPages : pages > maxPages) {
    naive.counters.pool_limit_hit++;
    if (zswap.shrink !== "in-store") naive.reachedFull = true;
    if (zswap.shrink === "page-in-worker") naive.pools.queueLast();
    return "limit";
  }
  if (!naive.reachedFull) return undefined;
  if (hasList ? pages > threshold : pages >= threshold) return "hysteresis";
  naive.reached("acceptsAgain");
  naive.reachedFull = false;
  return undefined;
}

/** Up to 5.5 a full zswap evicts before it stores; whether that fails. */
function failsToEvict(naive: NaiveZswap, { type }: ZswapSlot): boolean {
  const isOwn = naive.profile.zswap.poolPer === "swap-type";
  const failures = expectEvictions(
    naive,
    (page) => isOwn ? page.type === type : page.pool === naive.pools.current,
  );
  // A page that was emptied is given back: then there is room.
  if (naive.events.take("frame-freed") !== undefined) {
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
  { slot }: NaiveStore,
): "limit" | "hysteresis" | undefined {
  const refusal = refusedAt(naive, naive.counted.most);
  const evicts = naive.profile.zswap.shrink === "in-store";
  const hasRoom = refusal !== undefined && evicts && !failsToEvict(naive, slot);
  return hasRoom ? undefined : refusal;
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
  { slot, data, pages }: NaiveStore,
  nth: number,
): NaiveRefusal | undefined {
  const { events } = naive;
  events.expect("entry");
  if (naive.failsEntry()) return "entry";
  const bytes = pages[nth];
  const holding = holdingOf(naive, data[nth], bytes);
  if (typeof holding === "string") return holding;
  const { zpool } = naive.pools.current;
  if (isRefused(zpool, events.takeAllocation())) return "memory";
  if (naive.hasList && naive.failsNode()) return "node";
  const own = { type: slot.type, offset: slot.offset + nth };
  if (naive.at(own) !== undefined) {
    naive.reached("replaced");
    if (!naive.hasList) naive.counters.duplicate_entry++;
  }
  naive.hold({ ...own, ...holding, bytes });
  if (holding.kind !== "compressed") naive.reached(holding.kind);
  return undefined;
}

/** Why a page is refused that comes through frontswap; else it is held. */
function settleThroughFrontswap(
  naive: NaiveZswap,
  store: NaiveStore,
): NaiveRefusal | undefined {
  const { known, frontswap, profile } = naive;
  const key = keyOf(store.slot);
  // Since 3.18 an older page goes before the limits are looked at.
  const goes = profile.zswap.frontswap === "older-page-goes";
  if (goes && known.delete(key) && expectFreed(naive, store.slot)) {
    naive.reached("replaced");
  }
  const refusal = !naive.parameters.isOn("enabled")
    ? "disabled"
    : naive.isCgroupFull
    ? "cgroup"
    : refusedByLimits(naive, store) ?? settlePage(naive, store, 0);
  if (refusal === undefined) {
    known.add(key);
    frontswap.succ_stores++;
    naive.countPages(store.after);
  } else {
    known.delete(key);
    frontswap.failed_stores++;
  }
  return refusal;
}

/** Why a folio is refused without frontswap; else its pages are held. */
function settlePages(
  naive: NaiveZswap,
  store: NaiveStore,
): NaiveRefusal | undefined {
  if (!naive.parameters.isOn("enabled")) return "disabled";
  if (naive.isCgroupFull) {
    const written = lookAtSome(naive) ?? 0;
    if (written === 0) return "cgroup";
    naive.reached("cgroupMadeRoom");
  }
  const refusal = refusedAt(naive, naive.pages);
  if (refusal !== undefined) return refusal;
  for (let nth = 0; nth < store.pages.length; nth++) {
    const refusal = settlePage(naive, store, nth);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** A folio without frontswap: all of it is stored, or none of it. */
function settleFolio(
  naive: NaiveZswap,
  store: NaiveStore,
  slots: readonly ZswapSlot[],
): NaiveRefusal | undefined {
  const refusal = settlePages(naive, store);
  if (refusal !== undefined) {
    const isLimited = refusal !== "disabled" && naive.reachedFull;
    if (isLimited) naive.isQueued = true;
    for (const slot of slots) naive.drop(slot);
  }
  naive.events.takeFreed();
  return refusal;
}

/** Holds a store against what should have come of it. */
export function expectStore(naive: NaiveZswap, store: NaiveStore): void {
  const { slot: { type, offset }, pages } = store;
  const isFolio = pages.length > 1;
  if (isFolio && !naive.facts.takesFolios) {
    expectOutcome(naive, store, "folio");
    return;
  }
  if (isFolio) naive.reached("folio");
  const slots = pages.map((_, nth) => ({ type, offset: offset + nth }));
  const hasOlder = slots.some((slot) => naive.at(slot) !== undefined);
  const refusal = naive.hasFrontswap
    ? settleThroughFrontswap(naive, store)
    : settleFolio(naive, store, slots);
  if (refusal !== undefined) {
    countRefusal(naive, refusal);
    if (hasOlder) naive.reached("refusedOver");
  }
  expectOutcome(naive, store, refusal);
}
