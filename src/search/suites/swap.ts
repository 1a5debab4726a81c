/** How a live kernel's process is judged: by the model, answer by answer. */
import { exactSwapJudge } from "../../judges/swap/exact.ts";
import { EXACT } from "../../judges/judge.ts";
import { SWAP_LANGUAGE } from "../../programs/swap/language.ts";
import {
  ONE_PROCESS,
  SWAP_TARGET_OPS,
  type SwapStep,
} from "../../programs/swap/steps.ts";
import { objectSwap } from "../../targets/swap/object_swap.ts";
import type { SwapSetup, SwapTarget } from "../../targets/swap_target.ts";
import type { Suite } from "../suite.ts";
import { trialOf } from "../trial.ts";

/** The most steps of a program, each of which is asked of a live kernel. */
const MAX_STEPS = 2000;

/** The suite of a process of a machine with `setup`. It has one level: exact. */
export function swapSuite(setup: SwapSetup): Suite<SwapTarget, SwapStep> {
  return {
    target: "zswap",
    language: SWAP_LANGUAGE,
    rules: (level) => level === "exact" ? [EXACT] : [],
    prepare: (_target, plan) => plan,
    scope: ({ profile }) => ({
      profiles: [profile],
      anyGeometry: false,
      ops: new Set(SWAP_TARGET_OPS),
      maxSteps: MAX_STEPS,
    }),
    refusal: refusalOf,
    trial: (target, { profile }, reach) =>
      trialOf(objectSwap(target, profile), [
        exactSwapJudge(profile, setup, reach),
      ]),
  };
}

/** What of a program a live kernel's process cannot be asked. */
function refusalOf(steps: readonly SwapStep[]): string | undefined {
  for (const [nth, step] of steps.entries()) {
    const where = `step ${nth + 1} '${step.op}'`;
    if (!SWAP_TARGET_OPS.includes(step.op)) {
      return `${where} is not one of ${SWAP_TARGET_OPS.join(", ")}`;
    }
    if ("process" in step && (step.process ?? ONE_PROCESS) !== ONE_PROCESS) {
      return `${where} is of process ${step.process}, and there is one alone`;
    }
    if (step.op !== "create") continue;
    // A live kernel's machine is as it was booted.
    const field = Object.keys(step).find((name) => name !== "op");
    if (field !== undefined) {
      return `${where} has '${field}', which is the kernel's own`;
    }
  }
  return undefined;
}
