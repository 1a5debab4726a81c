/** The machine of z3fold. */
import { LINUX_5_10, LINUX_6_1 } from "../../linux/profile.ts";
import { Z3FOLD_LANGUAGE } from "../../programs/buddy/language.ts";
import type { BuddyStep } from "../../programs/buddy/steps.ts";
import {
  pageAllocJudge,
  poolPageAllocRules,
} from "../../judges/page_alloc/invariants_judge.ts";
import { buddyInvariantsJudge } from "../../judges/buddy/invariants_judge.ts";
import { naiveBuddyJudge } from "../../judges/buddy/naive_judge.ts";
import { NaiveZ3fold } from "../../judges/buddy/naive_z3fold.ts";
import { listRules, Z3FOLD_NAIVE } from "../../judges/buddy/rules.ts";
import { z3foldAllocator } from "../../targets/buddy/allocator.ts";
import { modelBuddy } from "../../targets/buddy/model.ts";
import { Z3FOLD_INVARIANTS } from "../../z3fold/invariants.ts";
import { TouchedZ3foldPages } from "../../z3fold/touched_pages.ts";
import type { Machine } from "../machine.ts";
import { trialOf } from "../trial.ts";

/** Kernels that have it. */
const KERNELS = [LINUX_6_1, LINUX_5_10];

/** z3fold puts objects where it must, moves them as it must, and evicts in order. */
export const z3foldMachine: Machine<BuddyStep> = {
  name: "z3fold",
  sentence:
    "z3fold puts and moves each object where it must, gives back what was put in, keeps its pages in the order of touching, evicts the oldest that it may and refuses as it must.",
  language: Z3FOLD_LANGUAGE,
  scope: {
    profiles: KERNELS,
    anyGeometry: true,
    ops: new Set(Z3FOLD_LANGUAGE.ops),
    maxSteps: 2000,
  },
  rules: [
    ...Z3FOLD_INVARIANTS,
    ...poolPageAllocRules(KERNELS),
    ...listRules(Z3FOLD_NAIVE),
  ],
  trial(profile, reach) {
    const target = modelBuddy(z3foldAllocator, profile);
    return trialOf(target, [
      pageAllocJudge(() => target.model?.pool.memory, reach, true),
      buddyInvariantsJudge(
        target,
        z3foldAllocator,
        (pool) => new TouchedZ3foldPages(pool, reach),
      ),
      naiveBuddyJudge(
        Z3FOLD_NAIVE,
        (setup) => new NaiveZ3fold(setup),
        profile,
        reach,
      ),
    ]);
  },
};
