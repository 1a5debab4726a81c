/** A process of the user's, or of a guest, as what does steps. */
import type { Profile } from "../../linux/profile.ts";
import { expandBytes } from "../../programs/bytes.ts";
import {
  ONE_PROCESS,
  type ProcessChoice,
  type SwapResults,
  type SwapSteps,
} from "../../programs/swap/steps.ts";
import { SKIPPED, type StepTarget, tableTarget } from "../step_target.ts";
import type { SwapTarget } from "../swap_target.ts";

/**
 * What does the steps that a live kernel's process can be asked. It has one
 * process: steps of another are passed over.
 */
export function objectSwap(
  target: SwapTarget,
  { pageSize }: Profile,
): StepTarget<SwapSteps, SwapResults> {
  const own =
    <Step extends ProcessChoice, Result>(does: (step: Step) => Result) =>
    (step: Step) =>
      (step.process ?? ONE_PROCESS) === ONE_PROCESS ? does(step) : SKIPPED;
  return tableTarget<SwapSteps, SwapResults>({
    create: () => target.create(),
    set: ({ attr, value }) => target.set(attr, value),
    get: ({ attr }) => target.get(attr),
    write: own(({ page, data }) =>
      target.write(page, expandBytes(data, pageSize))
    ),
    read: own(({ page }) => target.read(page)),
    pageout: own(({ page }) => target.pageOut(page)),
    forget: own(({ page }) => target.forget(page)),
    counters: () => target.counters(),
  }, target);
}
