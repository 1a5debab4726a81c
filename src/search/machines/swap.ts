/** The machine of the swap path: whatever keeps the pages below it. */
import { naiveSwapJudge } from "../../judges/swap/naive.ts";
import { swapInvariantsJudge } from "../../judges/swap/invariants.ts";
import { SWAP_MODEL_RULES } from "../../judges/swap/rules.ts";
import { LINUX_5_10, LINUX_6_1, PROFILES } from "../../linux/profile.ts";
import { SWAP_LANGUAGE } from "../../programs/swap/language.ts";
import type { SwapStep } from "../../programs/swap/steps.ts";
import { SWAP_INVARIANTS } from "../../swap/invariants.ts";
import { swapModel } from "../../targets/swap/swap_model.ts";
import type { Machine } from "../machine.ts";
import { trialOf } from "../trial.ts";

/** A page read back is the page last written, wherever it has been. */
export const swapMachine: Machine<SwapStep> = {
  name: "swap",
  sentence:
    "A page read back is the page last written, wherever it has been, and no slot, entry, object, block or frame is lost.",
  language: SWAP_LANGUAGE,
  scope: {
    // Most of all the kernels that evict what the allocator says.
    profiles: [...PROFILES, LINUX_6_1, LINUX_6_1, LINUX_5_10, LINUX_5_10],
    anyGeometry: true,
    ops: new Set(SWAP_LANGUAGE.ops),
    maxSteps: 2000,
  },
  rules: [...SWAP_INVARIANTS, ...SWAP_MODEL_RULES],
  trial(profile, reach) {
    const model = swapModel(profile);
    return trialOf(model, [
      naiveSwapJudge(model, reach),
      swapInvariantsJudge(model, reach),
    ]);
  },
};
