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
  checkZswapStore,
  type ZswapLimitsBefore,
  zswapLimitsBefore,
} from "../../zswap/invariants.ts";
import type { Judge } from "../judge.ts";

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
 * The limits before a store; `undefined` where an older page goes before they
 * are looked at.
 */
function limitsBefore(
  step: ZswapStep,
  { zswap }: ModelledZswap,
): ZswapLimitsBefore | undefined {
  if (step.op !== "store" && step.op !== "store_folio") return undefined;
  const known = zswap.trees.get(step.type)?.frontswapMap.has(step.offset);
  const goes = zswap.profile.zswap.frontswap === "older-page-goes";
  return known && goes ? undefined : zswapLimitsBefore(zswap);
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
  let unchecked = 0;
  return {
    before(step) {
      const { current } = model;
      limits = current === undefined ? undefined : limitsBefore(step, current);
    },
    after(step) {
      const { current } = model;
      // A question changes nothing.
      if (current === undefined || step.op === "stats") return;
      const { zswap } = current;
      if (checked?.zswap !== zswap) {
        checked = new CheckedZswap(zswap, reach);
        return;
      }
      if (step.op === "swapoff") checked.checkType(step.type);
      checked.check(slotsTouched(step, current));
      if (limits !== undefined) checkZswapStore(limits, zswap, reach);
      // All entries cost about what as many steps do.
      if (++unchecked <= Math.max(FEW_STEPS, checked.entries)) return;
      unchecked = 0;
      checked.checkAll();
    },
    end() {
      checked?.checkAll();
    },
  };
}
