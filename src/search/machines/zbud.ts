/** The machine of zbud. */
import { PROFILES } from "../../linux/profile.ts";
import { ZBUD_LANGUAGE } from "../../programs/buddy/language.ts";
import type { BuddyStep } from "../../programs/buddy/steps.ts";
import {
  pageAllocJudge,
  poolPageAllocRules,
} from "../../judges/page_alloc/invariants_judge.ts";
import { buddyInvariantsJudge } from "../../judges/buddy/invariants_judge.ts";
import { naiveBuddyJudge } from "../../judges/buddy/naive_judge.ts";
import { NaiveZbud } from "../../judges/buddy/naive_zbud.ts";
import { listRules, ZBUD_NAIVE } from "../../judges/buddy/rules.ts";
import { zbudAllocator } from "../../targets/buddy/allocator.ts";
import { modelBuddy } from "../../targets/buddy/model.ts";
import { ZBUD_INVARIANTS } from "../../zbud/invariants.ts";
import { TouchedZbudPages } from "../../zbud/touched_pages.ts";
import type { Machine } from "../machine.ts";
import { trialOf } from "../trial.ts";

/** Kernels that have it. */
const KERNELS = PROFILES.filter(({ zswap }) => zswap.zpools.includes("zbud"));

/** zbud puts objects where it must, gives them back, and evicts in order. */
export const zbudMachine: Machine<BuddyStep> = {
  name: "zbud",
  sentence:
    "zbud puts each object where it must, gives back what was put in, keeps its pages in the order of touching, evicts the oldest and refuses as it must.",
  language: ZBUD_LANGUAGE,
  scope: {
    profiles: KERNELS,
    anyGeometry: true,
    ops: new Set(ZBUD_LANGUAGE.ops.filter((op) => op !== "work")),
    maxSteps: 2000,
  },
  rules: [
    ...ZBUD_INVARIANTS,
    ...poolPageAllocRules(KERNELS),
    ...listRules(ZBUD_NAIVE),
  ],
  trial(profile, reach) {
    const target = modelBuddy(zbudAllocator, profile);
    return trialOf(target, [
      pageAllocJudge(() => target.model?.pool.memory, reach, true),
      buddyInvariantsJudge(
        target,
        zbudAllocator,
        (pool) => new TouchedZbudPages(pool, reach),
      ),
      naiveBuddyJudge(
        ZBUD_NAIVE,
        (setup) => new NaiveZbud(setup),
        profile,
        reach,
      ),
    ]);
  },
};
