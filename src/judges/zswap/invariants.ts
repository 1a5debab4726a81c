/** Judging the model of zswap by its own invariants. */
import type {
  ZswapSlot,
  ZswapStep,
  ZswapSteps,
} from "../../programs/zswap/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import type { ZswapModel } from "../../targets/zswap/model.ts";
import type { ModelledZswap } from "../../targets/zswap/modelled_zswap.ts";
import type { ZswapResults } from "../../targets/zswap/results.ts";
import { CheckedZswap } from "../../zswap/checked_zswap.ts";
import {
  checkFrontswap,
  frontswapBefore,
} from "../../zswap/frontswap_invariants.ts";
import {
  checkZswapStore,
  type ZswapLimitsBefore,
  zswapLimitsBefore,
} from "../../zswap/invariants.ts";
import { cgroupMayZswap } from "../../zswap/limits.ts";
import type { StoreOutcome } from "../../zswap/zswap.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import type { Judge } from "../judge.ts";
import { nowAndThen } from "../now_and_then.ts";

type Answer = ZswapResults[keyof ZswapResults] | Refusal;

/** Steps after which all is checked, while there are few entries. */
const FEW_STEPS = 256;

/** The slots that a step names. */
function slotsNamed(step: ZswapStep): ZswapSlot[] {
  if (!("offset" in step)) return [];
  const { type, offset } = step;
  if (step.op !== "store_folio") return [{ type, offset }];
  return Array.from(
    { length: step.pages.length },
    (_, nth) => ({ type, offset: offset + nth }),
  );
}

/** The slots that a step touched: those it names, and those of evictions. */
function slotsTouched(step: ZswapStep, { around }: ModelledZswap): ZswapSlot[] {
  const slots = slotsNamed(step);
  for (const event of around.events) {
    if (event.what === "asked") slots.push(event);
  }
  return slots;
}

/**
 * The limits before a store; `undefined` where an older page, or another of the
 * cgroup's, goes before they are looked at.
 */
function limitsBefore(
  step: ZswapStep,
  { zswap }: ModelledZswap,
): ZswapLimitsBefore | undefined {
  if (step.op !== "store" && step.op !== "store_folio") return undefined;
  // At its own limit a cgroup may be shrunk before they are looked at.
  if (!cgroupMayZswap(zswap)) return undefined;
  const known = zswap.trees.get(step.type)?.frontswapMap.has(step.offset);
  const goes = zswap.profile.zswap.frontswap === "older-page-goes";
  return known && goes ? undefined : zswapLimitsBefore(zswap);
}

/** What frontswap was answered: by a load, nothing where there is a page. */
function outcomeOf(answer: Answer): StoreOutcome | undefined {
  if (isRefusal(answer)) return "EIO";
  if (typeof answer !== "object") return undefined;
  if ("stored" in answer) return answer.stored ? "stored" : "refused";
  return "data" in answer && answer.data === null ? "ENOENT" : undefined;
}

/** Looks at frontswap before a step that is one operation of its; checks it after that. */
function frontswapCheck(
  step: ZswapStep,
  { zswap }: ModelledZswap,
  reach: Reach,
): ((answer: Answer) => void) | undefined {
  const isOne = step.op === "store" || step.op === "load" ||
    step.op === "invalidate";
  if (!isOne || !zswap.trees.has(step.type)) return undefined;
  const { op, type, offset } = step;
  const before = frontswapBefore(zswap, type, offset);
  return (answer) => {
    const outcome = outcomeOf(answer);
    checkFrontswap(before, { zswap, type, offset, op, outcome }, reach);
  };
}

/**
 * A judge of a model by every invariant: on what a step touched after it, on
 * everything now and then and at the end. It counts in `reach`.
 */
export function zswapInvariants(
  model: ZswapModel,
  reach: Reach,
): Judge<ZswapSteps, ZswapResults> {
  let checked: CheckedZswap | undefined;
  let limits: ZswapLimitsBefore | undefined;
  let checkAnswer: ((answer: Answer) => void) | undefined;
  const isDue = nowAndThen();
  return {
    before(step) {
      const { current } = model;
      limits = current && limitsBefore(step, current);
      checkAnswer = current && frontswapCheck(step, current, reach);
    },
    after(step, answer) {
      const { current } = model;
      // A question changes nothing.
      if (current === undefined || step.op === "stats") return;
      // What a kernel left that stopped is not specified.
      if (model.isStopped) checked = undefined;
      if (model.isStopped) return;
      const { zswap } = current;
      if (checked?.zswap !== zswap) {
        checked = new CheckedZswap(zswap, reach);
        return;
      }
      if (step.op === "swapoff") checked.checkType(step.type);
      checked.check(slotsTouched(step, current));
      if (limits !== undefined) checkZswapStore(limits, zswap, reach);
      checkAnswer?.(answer);
      // All entries cost about what as many steps do.
      if (isDue(Math.max(FEW_STEPS, checked.entries))) checked.checkAll();
    },
    end() {
      checked?.checkAll();
    },
  };
}
