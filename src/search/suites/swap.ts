/** How a live kernel's process is judged: by the model, answer by answer. */
import { exactSwapJudge } from "../../judges/swap/exact.ts";
import { EXACT } from "../../judges/judge.ts";
import { SWAP_LANGUAGE } from "../../programs/swap/language.ts";
import { SWAP_TARGET_OPS, type SwapStep } from "../../programs/swap/steps.ts";
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
    trial: (target, { profile }, reach) =>
      trialOf(objectSwap(target, profile), [
        exactSwapJudge(profile, setup, reach),
      ]),
  };
}
