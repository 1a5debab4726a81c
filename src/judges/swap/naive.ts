/** Judges the model of the swap path by a second, naive one. */
import {
  ONE_PROCESS,
  type PageChoice,
  type SwapResults,
  type SwapStep,
  type SwapSteps,
} from "../../programs/swap/steps.ts";
import { NO_PAGE } from "../../memory/memory.ts";
import type { Reach } from "../../rules/reach.ts";
import type { SwapSubject } from "../../targets/swap/subject.ts";
import type { SwapModel } from "../../targets/swap/swap_model.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import {
  Disagreement,
  expectBytes,
  expectSame,
  type Judge,
  type JudgeTable,
  judging,
} from "../judge.ts";
import { NaiveComparison } from "./naive_comparison.ts";
import { faultIn, reclaim, swapOff, writePage } from "./naive_fault.ts";
import { mayKeepBack, pageOut } from "./naive_out.ts";
import { NaiveSwap } from "./naive_swap.ts";
import { writeUnderWriteback } from "./naive_under_writeback.ts";
import { SWAP_MODEL } from "./rules.ts";

/** A machine of the model, and its naive model. */
interface Machine {
  readonly naive: NaiveSwap;
  readonly subject: SwapSubject;
  readonly comparison: NaiveComparison;
}

/**
 * Does with the naive model what a step did, to a page that it may name: the
 * answer's errno is the one that comes of it.
 */
function expectErrno(
  naive: NaiveSwap,
  answer: unknown,
  choice: PageChoice | undefined,
  does: () => string | undefined,
): void {
  const { lost, unread } = choice && naive.pageOf(choice) || {};
  const expected = does();
  const found = isRefusal(answer) ? answer.error : undefined;
  const rule = lost
    ? SWAP_MODEL.lost
    : unread
    ? SWAP_MODEL.notAgain
    : expected === "EIO"
    ? SWAP_MODEL.unreadable
    : SWAP_MODEL.noMemory;
  if (expected !== undefined) naive.reach.count(rule);
  expectSame(rule, expected ?? "no error", found ?? "no error");
}

function judgeRead(
  naive: NaiveSwap,
  choice: PageChoice,
  answer: SwapResults["read"] | Refusal,
): void {
  const page = naive.pageOf(choice);
  const data = page?.data ?? new Uint8Array(naive.profile.pageSize);
  expectErrno(
    naive,
    answer,
    choice,
    () =>
      page === undefined
        ? writePage(naive, choice, data)
        : faultIn(naive, page, false),
  );
  if (isRefusal(answer)) return;
  const rule = page === undefined
    ? SWAP_MODEL.fresh
    : page.replaced
    ? SWAP_MODEL.replaced
    : SWAP_MODEL.page;
  expectBytes(rule, data, answer.data);
  if (page === undefined || page.wasOut) naive.reach.count(rule);
}

/** A page is paged out in one part of a step; answers whether it is out. */
function goOut(
  { naive, subject: { swap } }: Machine,
  choice: PageChoice,
  part: number,
): boolean {
  const page = naive.pageOf(choice);
  return pageOut(naive, page, part, () => {
    const slot = page?.slot;
    const cache = slot && swap.types.get(slot.type)?.cache;
    return slot !== undefined && cache !== undefined && cache.has(slot.offset);
  });
}

function judgePageOut(
  machine: Machine,
  choice: PageChoice,
  answer: unknown,
): void {
  const { naive } = machine;
  const page = naive.pageOf(choice);
  const out = goOut(machine, choice, 0);
  const hasNoSlot = page !== undefined && !page.lost && !out;
  const rule = hasNoSlot ? SWAP_MODEL.noSlot : SWAP_MODEL.pagedOut;
  naive.reach.count(rule);
  expectSame(rule, { out }, answer);
}

/** Nobody can say what is in a page that could not be read and is mapped. */
function lookAtAnything({ naive, subject: { swap } }: Machine): void {
  for (const [process, pages] of naive.processes) {
    for (const [number, page] of pages) {
      const pfn = swap.pageOf(process, number)?.pfn ?? NO_PAGE;
      if (!page.anything || pfn === NO_PAGE) continue;
      page.data = swap.bytesOf(pfn).slice();
      page.anything = false;
      naive.reach.count(SWAP_MODEL.lost);
    }
  }
}

function judgeShrink(
  { naive, comparison }: Machine,
  answer: SwapResults["shrink"] | Refusal,
): void {
  const { counts, parameters } = naive;
  const isAsked = parameters.isOn("shrinker_enabled") &&
    !mayKeepBack(naive) && counts.stored > 0;
  const swapins = isAsked ? Math.min(counts.diskSwapins, counts.stored) : 0;
  counts.diskSwapins -= swapins;
  const backing = isAsked ? comparison.chargedPagesBefore : 0;
  if (isAsked) naive.reach.count(SWAP_MODEL.shrinker);
  const { freeable, written } = isRefusal(answer)
    ? { freeable: answer.error, written: 0 }
    : answer;
  const left = counts.stored - swapins;
  const expected = Math.floor(left * backing / Math.max(1, counts.stored));
  expectSame(SWAP_MODEL.shrinker, expected, freeable);
  const before = counts.writtenBack;
  naive.takeWritebacks(0);
  const gone = counts.writtenBack - before;
  if (written !== 0) expectSame(SWAP_MODEL.shrinker, gone, written);
}

/** How each step's answer is judged. */
function tableOf(
  machine: Machine,
  expand: SwapModel["expand"],
): JudgeTable<SwapSteps, SwapResults> {
  const { naive, subject: { swap }, comparison } = machine;
  const { parameters, processes } = naive;
  return {
    set: ({ attr, value }, answer) => parameters.set(attr, value, answer),
    get: ({ attr }, answer) => parameters.get(attr, answer),
    write: (step, answer) =>
      expectErrno(
        naive,
        answer,
        step,
        () => writePage(naive, step, expand(step.data)),
      ),
    read: (step, answer) => judgeRead(naive, step, answer),
    pageout: (step, answer) => judgePageOut(machine, step, answer),
    forget(step) {
      const page = naive.pageOf(step);
      if (page !== undefined) naive.forget(page);
      processes.get(step.process ?? ONE_PROCESS)?.delete(step.page);
    },
    reclaim() {
      naive.slotRule = SWAP_MODEL.reclaimed;
      reclaim(naive);
      comparison.comparePages();
    },
    exit({ process = ONE_PROCESS }) {
      for (const page of processes.get(process)?.values() ?? []) {
        naive.forget(page);
      }
      processes.delete(process);
    },
    pageout_all({ process = ONE_PROCESS }, answer) {
      const pages = [...processes.get(process)?.keys() ?? []];
      const isOut = (page: number, part: number) =>
        goOut(machine, { process, page }, part);
      expectSame(
        SWAP_MODEL.pagedOut,
        { out: pages.filter(isOut).length },
        answer,
      );
    },
    write_under_writeback(step, answer) {
      const { process = ONE_PROCESS, page, data } = step;
      const isMapped = () => swap.pageOf(process, page)?.pfn !== NO_PAGE;
      expectErrno(
        naive,
        answer,
        step,
        () => writeUnderWriteback(naive, step, expand(data), isMapped),
      );
    },
    shrink: (_, answer) => judgeShrink(machine, answer),
    evict(_, answer) {
      naive.takeWritebacks(0);
      const isUnderWay = !isRefusal(answer) && answer.underWay;
      naive.leftWhileEvicting = isUnderWay ? new Set() : undefined;
    },
    evict_end() {
      naive.takeWritebacks(0);
      naive.leftWhileEvicting = undefined;
    },
    swapoff(_, answer) {
      expectErrno(naive, answer, undefined, () => swapOff(naive));
      lookAtAnything(machine);
      comparison.comparePages();
    },
  };
}

/** Judges every answer of a machine, and then how the machine is. */
function machineJudge(
  model: SwapModel,
  subject: SwapSubject,
  reach: Reach,
): Judge<SwapSteps, SwapResults> {
  const { requested, swap } = subject;
  const slots = [...swap.types.values()].map(({ device }) =>
    Math.max(0, device.pages - 1)
  );
  const naive = new NaiveSwap(subject, slots, reach);
  const comparison = new NaiveComparison(naive, subject);
  const machine = { naive, subject, comparison };
  const judge = judging(tableOf(machine, (data) => model.expand(data)));
  return {
    after(step, answer) {
      naive.slotRule = SWAP_MODEL.slots;
      naive.requests.begin(requested.requests);
      judge(step, answer);
      comparison.compareStep("page" in step ? step : undefined);
    },
    /** All is read, then nobody is left. */
    closing() {
      const { processes } = naive;
      const reads = [...processes].flatMap(([process, pages]) =>
        [...pages.keys()].map((page): SwapStep => ({
          op: "read",
          process,
          page,
        }))
      );
      const exits = [...processes.keys()].map((process): SwapStep => ({
        op: "exit",
        process,
      }));
      const steps: SwapStep[] = [{ op: "evict_end" }, { op: "reclaim" }];
      // What the processor keeps, it gives up where a device goes.
      return [...steps, ...reads, ...exits, { op: "swapoff" }];
    },
    end: () => comparison.compareEnd(),
  };
}

/** Judges every answer of the model by the naive model's, and how each page is. */
export function naiveSwapJudge(
  model: SwapModel,
  reach: Reach,
): Judge<SwapSteps, SwapResults> {
  let judge: Judge<SwapSteps, SwapResults> | undefined;
  return {
    after(step, answer) {
      if (step.op !== "create") {
        judge?.after(step, answer);
        return;
      }
      if (model.subject === undefined) {
        throw new Disagreement(SWAP_MODEL.exit, "a machine", "none");
      }
      judge = machineJudge(model, model.subject, reach);
    },
    // A kernel that stopped has nothing to be compared with.
    closing: () => model.subject === undefined ? [] : judge?.closing?.() ?? [],
    end() {
      if (model.subject !== undefined) judge?.end?.();
    },
  };
}
