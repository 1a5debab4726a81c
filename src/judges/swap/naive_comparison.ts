/** Compares the model of the swap path with the naive model, step by step. */
import { NO_PAGE } from "../../memory/memory.ts";
import { ONE_PROCESS, type PageChoice } from "../../programs/swap/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { SwapSubject } from "../../targets/swap/subject.ts";
import type { Zswap } from "../../zswap/zswap.ts";
import { expectSame } from "../judge.ts";
import { FRONTSWAP_COUNTERS } from "../zswap/naive_rules.ts";
import type { NaivePage } from "./naive_page.ts";
import type { NaiveCounts, NaiveSwap } from "./naive_swap.ts";
import { SWAP_MODEL } from "./rules.ts";

/** The whole pages that zswap's compressed pages would fill. */
function chargedPages({ trees, profile }: Zswap): number {
  let bytes = 0;
  for (const { entries } of trees.values()) {
    for (const { length } of entries.values()) bytes += length;
  }
  return Math.floor(bytes / profile.pageSize);
}

const VMSTAT = ["pswpin", "pswpout", "failedReads", "failedWrites"] as const;

/** Compares one machine with its naive model. */
export class NaiveComparison {
  readonly #naive: NaiveSwap;
  readonly #subject: SwapSubject;
  #before: NaiveCounts;
  #inUseBefore = 0;
  /** Whole pages that the compressed ones would have filled before the step. */
  chargedPagesBefore = 0;

  /** A machine without processes, and its naive model. */
  constructor(naive: NaiveSwap, subject: SwapSubject) {
    this.#naive = naive;
    this.#subject = subject;
    this.#before = { ...naive.counts };
  }

  /** Compares what a step can change: counters, and the page that it names. */
  compareStep(choice: PageChoice | undefined): void {
    this.#naive.requests.expectEnd();
    this.#compareSlots();
    if (choice !== undefined) this.#comparePage(choice);
    const { stats, zswap } = this.#subject.swap;
    this.#compareCounts(SWAP_MODEL.vmstat, VMSTAT, stats);
    if (zswap !== undefined) this.#compareZswap(zswap);
    this.#compareFrames();
    this.#compareRefusedWrites();
    Object.assign(this.#before, this.#naive.counts);
  }

  /** Compares every page. */
  comparePages(): void {
    for (const [process, pages] of this.#naive.processes) {
      for (const page of pages.keys()) this.#comparePage({ process, page });
    }
  }

  /** Nobody is left: nothing is in use. */
  compareEnd(): void {
    const { swap, zrams } = this.#subject;
    const rule = SWAP_MODEL.exit;
    this.#naive.reach.count(rule);
    const { counters, pools } = swap.zswap ?? {};
    for (
      const left of [
        this.#inUse(),
        counters?.stored_pages ?? 0,
        pools?.totalPages ?? 0,
        swap.memory.allocatedPages,
        ...zrams.map(({ memory }) => memory.allocatedPages),
        ...zrams.map(({ backing }) => backing?.used ?? 0),
      ]
    ) expectSame(rule, 0, left);
    const isPerType = swap.profile.zswap.poolPer === "swap-type";
    if (pools !== undefined && isPerType) {
      // A type that is off has taken its pool with it.
      expectSame(rule, swap.types.size, pools.list.length);
    }
  }

  #inUse(): number {
    return this.#subject.swap.types.values()
      .reduce((sum, { inUse }) => sum + inUse, 0);
  }

  #compareSlots(): void {
    const { inUse } = this.#naive.devices;
    const { isKeeping } = this.#naive.kept;
    const rule = isKeeping ? SWAP_MODEL.keptSlots : this.#naive.slotRule;
    expectSame(rule, inUse, this.#inUse());
    const counted = isKeeping ? SWAP_MODEL.keptSlots : SWAP_MODEL.slots;
    this.#count(counted, inUse !== this.#inUseBefore);
    this.#inUseBefore = inUse;
  }

  #comparePage({ process = ONE_PROCESS, page }: PageChoice): void {
    const expected = this.#naive.pageOf({ process, page });
    const found = this.#subject.swap.pageOf(process, page);
    const rule = SWAP_MODEL.pagedOut;
    expectSame(rule, expected !== undefined, found !== undefined);
    if (expected === undefined || found === undefined) return;
    expectSame(rule, expected.mapped, found.pfn !== NO_PAGE);
    expectSame(SWAP_MODEL.lost, expected.lost, found.lost);
    this.#compareSlot(expected, found.slot);
  }

  #compareSlot(
    { slot, cached, dirty }: NaivePage,
    found: { readonly type: number; readonly offset: number } | undefined,
  ): void {
    const rule = this.#naive.slotRule;
    expectSame(rule, slot?.type ?? "none", found?.type ?? "none");
    expectSame(rule, slot?.offset ?? "none", found?.offset ?? "none");
    if (found === undefined) return;
    const { cache } = this.#subject.swap.typeOf(found.type);
    const page = cache.get(found.offset);
    expectSame(rule, cached, page !== undefined);
    if (page !== undefined) expectSame(rule, dirty, page.dirty);
  }

  #compareZswap(zswap: Zswap): void {
    const { counts } = this.#naive;
    const { counters, pools } = zswap;
    const rule = SWAP_MODEL.stored;
    // A page that goes while it is being evicted is counted until that is over.
    const held = this.#naive.leftWhileEvicting?.size ?? 0;
    const isHeld = counters.stored_pages === counts.stored + 1 && held > 0;
    if (!isHeld) expectSame(rule, counts.stored, counters.stored_pages);
    expectSame(rule, counts.sameFilled, counters.same_filled_pages);
    expectSame(rule, 0, counters.duplicate_entry);
    this.#count(rule, counts.stored !== this.#before.stored);
    const { writtenBack } = counts;
    expectSame(
      SWAP_MODEL.writtenBack,
      writtenBack,
      counters.written_back_pages,
    );
    // Whatever a step leaves to the worker, that has done by now.
    const isQueued = zswap.shrinkQueued ||
      pools.list.some(({ shrinkQueued }) => shrinkQueued);
    expectSame(SWAP_MODEL.writtenBack, false, isQueued);
    expectSame(SWAP_MODEL.shrinker, counts.diskSwapins, zswap.nrDiskSwapins);
    if (!this.#naive.isExclusive) {
      const { frontswap } = zswap;
      this.#compareCounts(SWAP_MODEL.frontswap, FRONTSWAP_COUNTERS, frontswap);
    }
    this.#compareRejections(zswap);
    this.chargedPagesBefore = chargedPages(zswap);
  }

  /** Reasons that are counted, beside the refusals that there were. */
  #compareRejections({ counters, profile }: Zswap): void {
    const isInStore = profile.zswap.shrink === "in-store";
    const reasons = counters.reject_alloc_fail +
      counters.reject_kmemcache_fail + counters.reject_compress_poor +
      counters.reject_compress_fail +
      (isInStore ? counters.reject_reclaim_fail : counters.pool_limit_hit);
    const { failed_stores } = this.#naive.counts;
    const rule = SWAP_MODEL.rejections;
    // Where stores evict, and the one compressor takes any page, no other reason is left.
    const expected = isInStore
      ? failed_stores
      : Math.min(failed_stores, reasons);
    expectSame(rule, expected, reasons);
    this.#count(rule, failed_stores !== this.#before.failed_stores);
  }

  #compareFrames(): void {
    const { swap } = this.#subject;
    const { frames } = this.#naive.counts;
    const pools = swap.zswap?.pools.totalPages ?? 0;
    expectSame(SWAP_MODEL.frames, frames, swap.memory.allocatedPages - pools);
    this.#count(SWAP_MODEL.frames, frames !== this.#before.frames);
  }

  /** zram counts each write that it refuses, with a bio or without. */
  #compareRefusedWrites(): void {
    const { zrams } = this.#subject;
    if (zrams.length === 0) return;
    const failed = zrams.reduce(
      (sum, { ioStat }) => sum + ioStat.failedWrites,
      0,
    );
    const { refusedWrites } = this.#naive.requests;
    expectSame(SWAP_MODEL.singlePage, refusedWrites, failed);
  }

  /** Compares some counters; their rule is exercised where one has changed. */
  #compareCounts<Name extends keyof NaiveCounts>(
    rule: Rule,
    names: readonly Name[],
    found: Readonly<Record<Name, number>>,
  ): void {
    const { counts } = this.#naive;
    let isChanged = false;
    for (const name of names) {
      expectSame(rule, counts[name], found[name]);
      isChanged ||= counts[name] !== this.#before[name];
    }
    this.#count(rule, isChanged);
  }

  #count(rule: Rule, isExercised: boolean): void {
    if (isExercised) this.#naive.reach.count(rule);
  }
}
