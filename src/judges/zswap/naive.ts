/** Judging the model of zswap by a second one. */
import type { Errno } from "../../linux/errno.ts";
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../../programs/bytes.ts";
import type { ExpandedPages } from "../../programs/expanded.ts";
import {
  SWAP_TYPES,
  type ZswapSlot,
  type ZswapStep,
  type ZswapSteps,
} from "../../programs/zswap/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import { BUG } from "../../targets/step_target.ts";
import {
  isRefusal,
  type Refusal,
  type ZswapStored,
} from "../../targets/target.ts";
import type { ZswapModel } from "../../targets/zswap/model.ts";
import type { ModelledZswap } from "../../targets/zswap/modelled_zswap.ts";
import type { ZswapResults } from "../../targets/zswap/results.ts";
import {
  Disagreement,
  expectSame,
  type Judge,
  type JudgeTable,
  judging,
  resultOf,
} from "../judge.ts";
import { nowAndThen } from "../now_and_then.ts";
import { NaiveComparison } from "./naive_compare.ts";
import { expectReclaim } from "./naive_evictions.ts";
import { answerAt } from "./naive_kernels.ts";
import { expectedCount, expectedScan, expectListWorker } from "./naive_list.ts";
import { expectInvalidate, expectLoad, expectSwapoff } from "./naive_load.ts";
import { NaiveStop } from "./naive_stop.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import { expectStore } from "./naive_store.ts";
import { keyOf, NaiveZswap } from "./naive_zswap.ts";

/** Steps after which the whole list is compared, while it is short. */
const FEW_STEPS = 64;

/** Both models, as one `create` made them. */
interface Pair {
  readonly naive: NaiveZswap;
  readonly model: ModelledZswap;
}

/** The worker, which runs if it was queued. */
function expectWorker({ naive, model }: Pair): void {
  if (naive.hasList) {
    // Nothing changed since it began when it asks for the first page.
    naive.pages = naive.events.peek("asked")?.pages ??
      model.around.memory.allocatedPages;
    expectListWorker(naive);
    return;
  }
  const { queued } = naive.pools;
  if (queued.length === 0) return;
  naive.reached("worker");
  const freed = expectReclaim(naive, ({ pool }) => pool?.isQueued ?? false);
  naive.counters.reject_reclaim_fail += queued.length - freed;
  for (const pool of queued) {
    pool.isQueued = false;
    naive.pools.release(pool);
  }
}

/** Holds a store against what should have come of it; a worker that does not wait runs then. */
function expectStored(
  pair: Pair,
  slot: ZswapSlot,
  data: readonly Bytes[],
  pages: readonly Uint8Array[],
  answered: ZswapStored | Refusal,
): void {
  const { naive, model } = pair;
  const answer = resultOf(RULES.taken, answered);
  const after = model.around.pagesOf(slot.type);
  expectStore(naive, { slot, data, pages, answer, after });
  if (!naive.create.workerWaits) expectWorker(pair);
}

/** A writeback that was asked for: of the oldest entries, or of what the allocator chooses. */
function expectWriteback({ naive, model }: Pair, entries: number): void {
  if (!naive.hasList) {
    expectReclaim(naive, () => true);
    return;
  }
  const before = naive.counters.written_back_pages;
  for (let left = 2 * naive.held.size; left > 0; left--) {
    if (naive.counters.written_back_pages - before >= entries) return;
    expectedScan(naive, 1);
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
  const held = slot !== undefined && "offset" in slot
    ? naive.at(slot)
    : undefined;
  const page = held ?? naive.underWriteback;
  const { stopsAtDamage, stopsWithoutSlots } = naive.facts;
  const isRight = stopsAtDamage && page?.isDamaged === true ||
    stopsWithoutSlots && lacksSlots(pair);
  if (!isRight) throw new Disagreement(RULES.bug, "an answer", BUG);
  naive.reached("bug");
}

/** How each step's answer is judged. */
function tableOf(
  pair: Pair,
  pages: ExpandedPages,
  comparison: NaiveComparison,
): JudgeTable<ZswapSteps, ZswapResults> {
  const { naive } = pair;
  const { parameters, pools, profile: { pageSize } } = naive;
  return {
    store(step, answer) {
      const { data } = step;
      const page = pages.of(data, pageSize);
      expectStored(pair, step, [data], [page], answer);
    },
    store_folio(step, answer) {
      const folio = pages.all(step.pages, pageSize);
      expectStored(pair, step, step.pages, folio, answer);
    },
    load(step, answer) {
      const { toSwapCache = true } = step;
      // A model is refused with errnos alone.
      const found = isRefusal(answer) ? answer.error as Errno : answer.data;
      expectLoad(naive, step, toSwapCache, found);
    },
    invalidate: (step) => expectInvalidate(naive, step),
    writeback({ entries }, answer) {
      expectWriteback(pair, entries);
      const { stale = [] } = resultOf(RULES.written, answer);
      const found = stale.map(([type, offset]) => keyOf({ type, offset }));
      expectSame(RULES.stale, naive.stale.map(keyOf), found);
    },
    work: () => expectWorker(pair),
    scan({ nr }, answer) {
      const { count, freed } = resultOf(RULES.scanned, answer);
      expectSame(RULES.shrinker, expectedCount(naive), count);
      if (count > 0) naive.reached("shrinker");
      expectSame(RULES.scanned, expectedScan(naive, nr), freed);
      if (freed !== "SHRINK_STOP") naive.reached("scanned");
    },
    stats: (_, answer) =>
      comparison.compareStats(resultOf(RULES.taken, answer)),
    swapin({ pages }) {
      naive.diskSwapins += pages;
    },
    cache(step) {
      const { swapCache, facts } = naive;
      if (step.state === "free") swapCache.delete(keyOf(step));
      else swapCache.set(keyOf(step), answerAt(facts, step.state));
    },
    damage(step) {
      const page = naive.at(step);
      if (page !== undefined) page.isDamaged = !page.isDamaged;
    },
    set({ attr, value }, answer) {
      parameters.set(attr, value, answer);
      pools.choose(parameters.text("zpool"), parameters.text("compressor"));
    },
    get: ({ attr }, answer) => parameters.get(attr, answer),
    swapoff: ({ type }) => expectSwapoff(naive, type),
  };
}

/**
 * A judge of what one `create` made, after each step, and of its list now and
 * then and at the end.
 */
function pairJudge(
  pair: Pair,
  pages: ExpandedPages,
  reach: Reach,
): Judge<ZswapSteps, ZswapResults> {
  const { naive, model: { around, zswap } } = pair;
  const comparison = new NaiveComparison(naive, reach);
  const judge = judging(tableOf(pair, pages, comparison));
  const isDue = nowAndThen();
  return {
    before(step) {
      naive.pages = around.pagesOf("type" in step ? step.type : SWAP_TYPES[0]);
      naive.leavesToWorker = "offset" in step &&
        around.leavesToWorker(step.type, step.offset);
    },
    after(step, answer) {
      naive.stale.length = 0;
      naive.events.begin(around.events);
      try {
        judge(step, answer);
      } catch (error) {
        if (!(error instanceof NaiveStop)) throw error;
        throw new Disagreement(RULES.bug, BUG, "an answer");
      }
      naive.events.end();
      // A question changes nothing.
      if (step.op === "stats") return;
      if (around.events.length > 0) naive.reached("events");
      comparison.compare(zswap, around.memory.allocatedPages);
      if (isDue(Math.max(FEW_STEPS, naive.held.size))) {
        comparison.compareList(zswap);
      }
    },
    closing() {
      // Kernels that are not judged by the contract load their pages here.
      if (zswap.profile.zswap.frontswap !== "older-page-stays") return [];
      return [...naive.held.values()]
        .map(({ type, offset }) => ({ op: "load", type, offset }));
    },
    end: () => comparison.compareList(zswap),
  };
}

/** A judge of a model by the second one. It counts in `reach`. */
export function zswapNaive(
  model: ZswapModel,
  profile: Profile,
  reach: Reach,
): Judge<ZswapSteps, ZswapResults> {
  let pair: Pair | undefined;
  let judge: Judge<ZswapSteps, ZswapResults> | undefined;
  return {
    before: (step) => judge?.before?.(step),
    after(step, answer) {
      const { current } = model;
      if (step.op === "create") {
        const isMade = !isRefusal(answer) && current !== undefined;
        pair = isMade
          ? { naive: new NaiveZswap(profile, step, reach), model: current }
          : undefined;
        judge = pair && pairJudge(pair, model.pages, reach);
      }
      if (pair === undefined) return;
      if (isRefusal(answer) && answer.error === BUG) {
        expectBug(pair, step);
        pair = judge = undefined;
        return;
      }
      judge?.after(step, answer);
    },
    closing: () => judge?.closing?.() ?? [],
    end: () => judge?.end?.(),
  };
}
