/** A process of the user's, or of a guest, as what does steps. */
import type { Profile } from "../../linux/profile.ts";
import { expandBytes } from "../../programs/bytes.ts";
import {
  ONE_PROCESS,
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
  const isOther = ({ process = ONE_PROCESS }: { process?: number }) =>
    process !== ONE_PROCESS;
  return tableTarget<SwapSteps, SwapResults>({
    create: () => target.create(),
    set: ({ attr, value }) => target.set(attr, value),
    get: ({ attr }) => target.get(attr),
    write: ({ data, ...at }) =>
      isOther(at)
        ? SKIPPED
        : target.write(at.page, expandBytes(data, pageSize)),
    read: (at) => isOther(at) ? SKIPPED : target.read(at.page),
    pageout: (at) => isOther(at) ? SKIPPED : target.pageOut(at.page),
    forget: (at) => isOther(at) ? SKIPPED : target.forget(at.page),
    counters: () => target.counters(),
  }, target);
}
