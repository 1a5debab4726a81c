/** Judging any compressed swap cache by its contract. */
import type { Profile } from "../../linux/profile.ts";
import { ExpandedPages } from "../../programs/expanded.ts";
import type {
  ZswapMeanwhile,
  ZswapStep,
  ZswapSteps,
} from "../../programs/zswap/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import type {
  ZswapMeanwhileDone,
  ZswapResults,
} from "../../targets/zswap/results.ts";
import { BUG } from "../../targets/step_target.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import { type Judge, judging, resultOf } from "../judge.ts";
import { ZswapContractBook } from "./contract_book.ts";
import { ZSWAP_CONTRACT as RULES } from "./rules.ts";

const STATS: readonly ZswapStep[] = [{ op: "stats" }];
const NONE: readonly ZswapStep[] = [];

/** What was done to a slot while its page was written back. */
function settleMeanwhile(
  book: ZswapContractBook,
  step: ZswapMeanwhile,
  done: ZswapMeanwhileDone,
  expanded: ExpandedPages,
): void {
  if (step.does === "store") {
    const page = expanded.of(step.data, book.pageSize);
    book.store(done, [page], done.stored?.stored ?? false);
  } else if (step.does === "invalidate") {
    book.drop(done);
  } else if (step.when === "allocated" && typeof done.loaded !== "string") {
    // One that is being written may be found still, or no more.
    book.load(done, done.loaded ?? null, true);
  }
}

/** Judges what a writeback answers: what it wrote, and what was done meanwhile. */
function settleWriteback(
  book: ZswapContractBook,
  { written, meanwhile: done, stale = [] }: ZswapResults["writeback"],
  step: ZswapMeanwhile | undefined,
  expanded: ExpandedPages,
): void {
  // It was done to the first page, before or after that was written.
  const before = done === undefined || step?.when === "allocated" ? 0 : 1;
  for (const one of written.slice(0, before)) book.written(one);
  if (done !== undefined && step !== undefined) {
    settleMeanwhile(book, step, done, expanded);
  }
  for (const one of written.slice(before)) book.written(one);
  // A bug of the kernel's own: it is counted, and no page of the book's.
  book.stale(stale.length);
}

/**
 * A judge of one program by the contract, which asks for the counters after
 * each step, and for every page at the end. It counts in `reach` what it held
 * against its rules.
 */
export function zswapContract(
  profile: Profile,
  reach: Reach,
  expanded: ExpandedPages = new ExpandedPages(),
): Judge<ZswapSteps, ZswapResults> {
  let made: ZswapContractBook | undefined;
  const book = (): ZswapContractBook => {
    if (made === undefined) throw new Error("No 'create' was judged");
    return made;
  };
  const answered = <Result>(answer: Result | Refusal): Result => {
    const result = resultOf(RULES.succeeds, answer);
    reach.count(RULES.succeeds);
    return result;
  };
  const judge = judging<ZswapSteps, ZswapResults>({
    create(step, answer) {
      answered(answer);
      made = new ZswapContractBook(profile, step, reach);
    },
    store(step, answer) {
      const page = expanded.of(step.data, book().pageSize);
      book().store(step, [page], answered(answer).stored);
    },
    store_folio(step, answer) {
      const { stored } = answered(answer);
      const folio = expanded.all(step.pages, book().pageSize);
      // Up to 6.12 zswap does not look at a larger folio, nor at what was there.
      const comes = folio.length === 1 || profile.zswap.folios === "whole";
      if (comes) book().store(step, folio, stored);
    },
    load(step, answer) {
      const { toSwapCache = true } = step;
      if (isRefusal(answer) && book().isDamaged(step)) return;
      // Since 7.1 every page is loaded into the swap cache.
      const leaves = toSwapCache || profile.zswap.load === "erased-always";
      book().load(step, answered(answer).data, leaves);
    },
    invalidate(step, answer) {
      answered(answer);
      book().drop(step);
    },
    writeback({ meanwhile }, answer) {
      settleWriteback(book(), answered(answer), meanwhile, expanded);
    },
    damage(step) {
      book().damage(step);
    },
    set({ attr, value }, answer) {
      if (!isRefusal(answer)) book().set(attr, value);
    },
    swapoff({ type }) {
      book().dropType(type);
    },
    stats(_, answer) {
      book().count(answered(answer));
    },
  });
  return {
    after(step, answer) {
      const isStopped = isRefusal(answer) && answer.error === BUG;
      // Nothing is known of a kernel that stopped at a bug of its own.
      if (isStopped && made?.mayStop) made = undefined;
      else judge(step, answer);
    },
    questions: ({ op }) => op === "stats" ? NONE : STATS,
    closing: () =>
      (made?.slots() ?? []).map((slot) => ({ op: "load", ...slot })),
  };
}
