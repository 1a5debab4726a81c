/** Judging the model of zswap by a second one. */
import type { Errno } from "../../linux/errno.ts";
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../../programs/bytes.ts";
import {
  SWAP_TYPES,
  type ZswapStep,
  type ZswapSteps,
} from "../../programs/zswap/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import { BUG } from "../../targets/step_target.ts";
import { isRefusal, type ZswapStored } from "../../targets/target.ts";
import type { ZswapModel } from "../../targets/zswap/model.ts";
import type { ModelledZswap } from "../../targets/zswap/modelled_zswap.ts";
import type { ZswapResults } from "../../targets/zswap/results.ts";
import {
  Disagreement,
  expectSame,
  type Judge,
  judging,
  resultOf,
} from "../judge.ts";
import { nowAndThen } from "../now_and_then.ts";
import { EventReader } from "./event_reader.ts";
import { NaiveComparison } from "./naive_compare.ts";
import { expectReclaim } from "./naive_evictions.ts";
import { answerAt } from "./naive_kernels.ts";
import { expectedCount, expectedScan, expectListWorker } from "./naive_list.ts";
import {
  expectInvalidate,
  expectLoad,
  expectSwapoff,
  type PagesBefore,
} from "./naive_load.ts";
import { expectGet, expectSet } from "./naive_parameters.ts";
import { NaiveStop } from "./naive_stop.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import { expectStore } from "./naive_store.ts";
import { keyOf, NaiveZswap } from "./naive_zswap.ts";

/** Steps after which the whole list is compared, while it is short. */
const FEW_STEPS = 64;

/** Both models, as one `create` made them, and what is known before a step. */
interface Pair {
  readonly naive: NaiveZswap;
  readonly model: ModelledZswap;
  readonly comparison: NaiveComparison;
  /** What was known of the pools before the step. */
  before: PagesBefore;
  /** When the whole list is compared. */
  readonly isDue: (cost: number) => boolean;
}

/** The worker, which runs if it was queued. */
function expectWorker({ naive, model }: Pair, events: EventReader): void {
  if (naive.hasList) {
    // Nothing changed since it began when it asks for the first page.
    const before = events.peek("asked")?.pages ??
      model.around.memory.allocatedPages;
    expectListWorker(naive, events, before);
    return;
  }
  const { queued } = naive.pools;
  if (queued.length === 0) return;
  naive.reached("worker");
  const freed = expectReclaim(
    naive,
    events,
    ({ pool }) => pool?.isQueued ?? false,
  );
  naive.counters.reject_reclaim_fail += queued.length - freed;
  for (const pool of queued) {
    pool.isQueued = false;
    naive.pools.release(pool);
  }
}

/** Holds a store against what should have come of it; a worker that does not wait runs then. */
function expectStored(
  pair: Pair,
  events: EventReader,
  step: { readonly type: number; readonly offset: number },
  data: readonly Bytes[],
  pages: readonly Uint8Array[],
  answer: ZswapStored,
): void {
  const { naive, model, before } = pair;
  expectStore(naive, events, {
    slot: step,
    data,
    pages,
    answer,
    before,
    after: model.around.pagesOf(step.type),
  });
  if (!naive.create.workerWaits) expectWorker(pair, events);
}

/** A writeback that was asked for: of the oldest entries, or of what the allocator chooses. */
function expectWriteback(
  { naive, model }: Pair,
  events: EventReader,
  entries: number,
): void {
  if (!naive.hasList) {
    expectReclaim(naive, events, () => true);
    return;
  }
  const before = naive.counters.written_back_pages;
  for (let left = 2 * naive.held.size; left > 0; left--) {
    if (naive.counters.written_back_pages - before >= entries) return;
    expectedScan(naive, events, 1);
  }
  expectSame(
    RULES.written,
    naive.counters.written_back_pages - before,
    model.around.written.length,
  );
}

/** Whether the last thing that happened is that z3fold had no slots. */
function lacksSlots({ naive, model }: Pair): boolean {
  const last = model.around.events.at(-1);
  return last?.what === "no-room" && last.of === "structure" &&
    naive.pools.current.zpool === "z3fold";
}

/**
 * The kernel stopped: at a damaged page that was loaded, or that it had just
 * asked the swap cache for a page for; or z3fold did.
 */
function expectBug(pair: Pair, step: ZswapStep): void {
  const { naive, model } = pair;
  const asked = model.around.events.findLast(({ what }) => what === "asked");
  const slot = step.op === "load" ? step : asked;
  const key = slot !== undefined && "offset" in slot
    ? keyOf(slot.type, slot.offset)
    : "";
  const page = naive.held.get(key) ?? naive.underWriteback;
  const { stopsAtDamage, stopsWithoutSlots } = naive.facts;
  const isRight = stopsAtDamage && page?.isDamaged === true ||
    stopsWithoutSlots && lacksSlots(pair);
  if (!isRight) throw new Disagreement(RULES.bug, "an answer", BUG);
  naive.reached("bug");
}

/**
 * A judge of a model by the second one, after each step, and by its list now
 * and then and at the end. It counts in `reach`.
 */
export function zswapNaive(
  model: ZswapModel,
  profile: Profile,
  reach: Reach,
): Judge<ZswapSteps, ZswapResults> {
  const events = new EventReader();
  let pair: Pair | undefined;
  const both = (): Pair => {
    if (pair === undefined) throw new Error("No 'create' was judged");
    return pair;
  };
  const judge = judging<ZswapSteps, ZswapResults>({
    store(step, answer) {
      const { data } = step;
      const { naive } = both();
      const pages = [model.pages.of(data, naive.profile.pageSize)];
      const stored = resultOf(RULES.taken, answer);
      expectStored(both(), events, step, [data], pages, stored);
    },
    store_folio(step, answer) {
      const { naive } = both();
      const pages = model.pages.all(step.pages, naive.profile.pageSize);
      const stored = resultOf(RULES.taken, answer);
      expectStored(both(), events, step, step.pages, pages, stored);
    },
    load({ type, offset, toSwapCache = true }, answer) {
      // A model is refused with errnos alone.
      const found = isRefusal(answer) ? answer.error as Errno : answer.data;
      expectLoad(both().naive, events, keyOf(type, offset), toSwapCache, found);
    },
    invalidate({ type, offset }) {
      const { naive, before } = both();
      expectInvalidate(naive, events, keyOf(type, offset), before);
    },
    writeback({ entries }, answer) {
      expectWriteback(both(), events, entries);
      const { stale = [] } = resultOf(RULES.written, answer);
      const expected = both().naive.stale.map((
        { type, offset },
      ) => [type, offset]);
      const found = stale.map(([type, offset]) => [type, offset]);
      expectSame(RULES.stale, expected, found);
    },
    work: () => expectWorker(both(), events),
    scan({ nr }, answer) {
      const { naive, before } = both();
      const { count, freed } = resultOf(RULES.scanned, answer);
      expectSame(RULES.shrinker, expectedCount(naive, before.pages), count);
      if (count > 0) naive.reached("shrinker");
      expectSame(RULES.scanned, expectedScan(naive, events, nr), freed);
      if (freed !== "SHRINK_STOP") naive.reached("scanned");
    },
    stats(_, answer) {
      const { naive } = both();
      const found = resultOf(RULES.taken, answer);
      both().comparison.compareStats(found, naive.profile.pageSize);
    },
    swapin({ pages }) {
      both().naive.diskSwapins += pages;
    },
    cache({ type, offset, state }) {
      const { swapCache, facts } = both().naive;
      const key = keyOf(type, offset);
      if (state === "free") swapCache.delete(key);
      else swapCache.set(key, answerAt(facts, state));
    },
    damage({ type, offset }) {
      const page = both().naive.held.get(keyOf(type, offset));
      if (page !== undefined) page.isDamaged = !page.isDamaged;
    },
    set: ({ attr, value }, answer) =>
      expectSet(both().naive, attr, value, answer),
    get: ({ attr }, answer) => expectGet(both().naive, attr, answer),
    swapoff({ type }) {
      const { naive, before } = both();
      expectSwapoff(naive, events, type, before.pages);
    },
  });
  return {
    before(step) {
      if (pair === undefined) return;
      const { around } = pair.model;
      const type = "type" in step ? step.type : SWAP_TYPES[0];
      const isLater = "offset" in step &&
        around.leavesToWorker(type, step.offset);
      pair.before = { pages: around.pagesOf(type), isLater };
    },
    after(step, answer) {
      const { current } = model;
      if (step.op === "create") {
        pair = isRefusal(answer) || current === undefined
          ? undefined
          : pairOf(current, new NaiveZswap(profile, step, reach), reach);
      }
      if (pair === undefined) return;
      if (isRefusal(answer) && answer.error === BUG) {
        expectBug(pair, step);
        pair = undefined;
        return;
      }
      pair.naive.stale.length = 0;
      events.begin(pair.model.around.events);
      try {
        judge(step, answer);
      } catch (error) {
        if (!(error instanceof NaiveStop)) throw error;
        throw new Disagreement(RULES.bug, BUG, "an answer");
      }
      events.end();
      // A question changes nothing.
      if (step.op === "stats") return;
      if (pair.model.around.events.length > 0) pair.naive.reached("events");
      const { around, zswap } = pair.model;
      pair.comparison.compare(zswap, around.memory.allocatedPages);
      const isDue = pair.isDue(Math.max(FEW_STEPS, pair.naive.held.size));
      if (isDue) pair.comparison.compareList(zswap);
    },
    closing() {
      // Kernels that are not judged by the contract load their pages here.
      if (profile.zswap.frontswap !== "older-page-stays") return [];
      return [...pair?.naive.held.values() ?? []]
        .map(({ type, offset }) => ({ op: "load", type, offset }));
    },
    end() {
      pair?.comparison.compareList(pair.model.zswap);
    },
  };
}

function pairOf(model: ModelledZswap, naive: NaiveZswap, reach: Reach): Pair {
  const comparison = new NaiveComparison(naive, reach);
  const before = { pages: 0, isLater: true };
  return { naive, model, comparison, before, isDue: nowAndThen() };
}
