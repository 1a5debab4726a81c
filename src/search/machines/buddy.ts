/** The machines of zbud and z3fold. */
import {
  buddyInvariantsJudge,
  type TouchedPages,
} from "../../judges/buddy/invariants_judge.ts";
import type { NaiveBuddy, NaiveSetup } from "../../judges/buddy/naive.ts";
import { naiveBuddyJudge } from "../../judges/buddy/naive_judge.ts";
import { NaiveZ3fold } from "../../judges/buddy/naive_z3fold.ts";
import { NaiveZbud } from "../../judges/buddy/naive_zbud.ts";
import {
  type BuddyRules,
  Z3FOLD_NAIVE,
  ZBUD_NAIVE,
} from "../../judges/buddy/rules.ts";
import {
  pageAllocJudge,
  poolPageAllocRules,
} from "../../judges/page_alloc/invariants_judge.ts";
import {
  LINUX_5_10,
  LINUX_6_1,
  type Profile,
  PROFILES,
} from "../../linux/profile.ts";
import {
  Z3FOLD_LANGUAGE,
  ZBUD_LANGUAGE,
} from "../../programs/buddy/language.ts";
import type { BuddyStep } from "../../programs/buddy/steps.ts";
import type { Language } from "../../programs/program.ts";
import type { Reach } from "../../rules/reach.ts";
import type { Rule } from "../../rules/rule.ts";
import {
  type BuddyAllocator,
  type BuddyPool,
  z3foldAllocator,
  zbudAllocator,
} from "../../targets/buddy/allocator.ts";
import { modelBuddy } from "../../targets/buddy/model.ts";
import { Z3FOLD_INVARIANTS } from "../../z3fold/invariants.ts";
import { TouchedZ3foldPages } from "../../z3fold/touched_pages.ts";
import { ZBUD_INVARIANTS } from "../../zbud/invariants.ts";
import { TouchedZbudPages } from "../../zbud/touched_pages.ts";
import type { Machine } from "../machine.ts";
import { trialOf } from "../trial.ts";

/** What the machine of one of the two is made of. */
interface Parts<Pool extends BuddyPool> {
  readonly sentence: string;
  readonly language: Language<BuddyStep>;
  /** Kernels that have it. */
  readonly profiles: readonly Profile[];
  readonly ops: readonly BuddyStep["op"][];
  readonly allocator: BuddyAllocator<Pool>;
  readonly invariants: readonly Rule[];
  readonly touchedOf: (pool: Pool, reach: Reach) => TouchedPages;
  readonly rules: BuddyRules;
  readonly makeNaive: (setup: NaiveSetup) => NaiveBuddy;
}

function buddyMachine<Pool extends BuddyPool>(
  parts: Parts<Pool>,
): Machine<BuddyStep> {
  const { sentence, language, profiles, ops, allocator, rules } = parts;
  return {
    name: language.name,
    sentence,
    language,
    scope: { profiles, anyGeometry: true, ops: new Set(ops), maxSteps: 2000 },
    rules: [
      ...parts.invariants,
      ...poolPageAllocRules(profiles),
      ...Object.values(rules),
    ],
    trial(profile, reach) {
      const target = modelBuddy(allocator, profile);
      const touchedOf = (pool: Pool) => parts.touchedOf(pool, reach);
      return trialOf(target, [
        pageAllocJudge(() => target.model?.pool.memory, reach, true),
        buddyInvariantsJudge(target, allocator, touchedOf),
        naiveBuddyJudge(rules, parts.makeNaive, profile, reach),
      ]);
    },
  };
}

/** zbud puts objects where it must, gives them back, and evicts in order. */
export const zbudMachine: Machine<BuddyStep> = buddyMachine({
  sentence:
    "zbud puts each object where it must, gives back what was put in, keeps its pages in the order of touching, evicts the oldest and refuses as it must.",
  language: ZBUD_LANGUAGE,
  profiles: PROFILES.filter(({ zswap }) => zswap.zpools.includes("zbud")),
  ops: ZBUD_LANGUAGE.ops.filter((op) => op !== "work"),
  allocator: zbudAllocator,
  invariants: ZBUD_INVARIANTS,
  touchedOf: (pool, reach) => new TouchedZbudPages(pool, reach),
  rules: ZBUD_NAIVE,
  makeNaive: (setup) => new NaiveZbud(setup),
});

/** z3fold puts objects where it must, moves them as it must, and evicts in order. */
export const z3foldMachine: Machine<BuddyStep> = buddyMachine({
  sentence:
    "z3fold puts and moves each object where it must, gives back what was put in, keeps its pages in the order of touching, evicts the oldest that it may and refuses as it must.",
  language: Z3FOLD_LANGUAGE,
  profiles: [LINUX_6_1, LINUX_5_10],
  ops: Z3FOLD_LANGUAGE.ops,
  allocator: z3foldAllocator,
  invariants: Z3FOLD_INVARIANTS,
  touchedOf: (pool, reach) => new TouchedZ3foldPages(pool, reach),
  rules: Z3FOLD_NAIVE,
  makeNaive: (setup) => new NaiveZ3fold(setup),
});
