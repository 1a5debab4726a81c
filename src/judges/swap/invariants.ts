/** Judges the model of the swap path by its invariants. */
import {
  ONE_PROCESS,
  type SwapResults,
  type SwapSteps,
} from "../../programs/swap/steps.ts";
import type { StepOf } from "../../programs/program.ts";
import type { Reach } from "../../rules/reach.ts";
import {
  checkSwapPage,
  checkSwapPath,
  checkSwapSlot,
} from "../../swap/invariants.ts";
import type { SwpEntry } from "../../zswap/swp_entry.ts";
import type { SwapSubject } from "../../targets/swap/subject.ts";
import type { SwapModel } from "../../targets/swap/swap_model.ts";
import { checkZram } from "../../zram/invariants.ts";
import { checkZswap } from "../../zswap/invariants.ts";
import type { Judge } from "../judge.ts";
import { nowAndThen } from "../now_and_then.ts";

/** The fewest steps between two checks of everything. */
const LEAST_STEPS = 128;

/** Steps that outweigh a check of everything: slots, pages and objects are looked at. */
function stepsBetween({ swap }: SwapSubject): number {
  const slots = swap.types.values().reduce((sum, { slots }) => sum + slots, 0);
  const stored = swap.zswap?.counters.stored_pages ?? 0;
  return Math.max(LEAST_STEPS, slots / 4 + 2 * stored);
}

/** Checks every rule of the swap path and of what is below it. */
function checkAll({ swap, zrams }: SwapSubject, reach: Reach): void {
  checkSwapPath(swap, reach);
  if (swap.zswap !== undefined) checkZswap(swap.zswap);
  for (const zram of zrams) checkZram(zram);
}

/** A slot that a page had before a step, and may have no more. */
function checkOlder(
  { swap }: SwapSubject,
  older: SwpEntry | undefined,
  reach: Reach,
): void {
  const swapType = older && swap.types.get(older.type);
  if (older === undefined || swapType?.map[older.offset] !== 0) return;
  checkSwapSlot(swap, { swapType, offset: older.offset, users: 0 }, reach);
}

/**
 * Checks the page that a step names and its slots after each step; everything
 * now and then, after a swapoff, and at the end.
 */
export function swapInvariantsJudge(
  model: SwapModel,
  reach: Reach,
): Judge<SwapSteps, SwapResults> {
  const isDue = nowAndThen();
  let older: SwpEntry | undefined;
  const pageOf = (step: StepOf<SwapSteps>) =>
    "page" in step
      ? model.subject?.swap.pageOf(step.process ?? ONE_PROCESS, step.page)
      : undefined;
  const checkNow = () => {
    if (model.subject !== undefined) checkAll(model.subject, reach);
  };
  return {
    before(step) {
      older = pageOf(step)?.slot;
    },
    after(step) {
      const { subject } = model;
      if (subject === undefined) return;
      if ("page" in step) {
        const { process = ONE_PROCESS, page } = step;
        checkSwapPage(subject.swap, process, page, reach);
        checkOlder(subject, older, reach);
      }
      const isTime = isDue(stepsBetween(subject));
      if (isTime || step.op === "swapoff") checkNow();
    },
    end: checkNow,
  };
}
