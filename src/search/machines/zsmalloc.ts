/** The machine of zsmalloc. */
import {
  pageAllocJudge,
  poolPageAllocRules,
} from "../../judges/page_alloc/invariants_judge.ts";
import { zsmallocContract } from "../../judges/zsmalloc/contract.ts";
import { ZSMALLOC_CONTRACT } from "../../judges/zsmalloc/contract_rules.ts";
import { zsmallocInvariants } from "../../judges/zsmalloc/invariants.ts";
import { LiveObjects } from "../../judges/zsmalloc/live_objects.ts";
import {
  RAW_WORD_INVARIANTS,
  zsmallocRawWords,
} from "../../judges/zsmalloc/raw_words.ts";
import { zsmallocNaive } from "../../judges/zsmalloc/naive/judge.ts";
import { ZSMALLOC_NAIVE } from "../../judges/zsmalloc/naive/rules.ts";
import { PROFILES } from "../../linux/profile.ts";
import { ZSMALLOC_LANGUAGE } from "../../programs/zsmalloc/language.ts";
import type { ZsmallocStep } from "../../programs/zsmalloc/steps.ts";
import { zsmallocModel } from "../../targets/zsmalloc/pool_target.ts";
import { ZSMALLOC_INVARIANTS } from "../../zsmalloc/invariants.ts";
import type { Machine } from "../machine.ts";
import { trialOf } from "../trial.ts";

/** A pool of any kernel gives back what was put into it. */
export const zsmallocMachine: Machine<ZsmallocStep> = {
  name: "zsmalloc",
  sentence:
    "A pool of any kernel gives back what was put in, through every malloc, free, write, mapping, compaction, migration and failed allocation.",
  language: ZSMALLOC_LANGUAGE,
  scope: {
    profiles: PROFILES,
    anyGeometry: true,
    anySurroundings: true,
    ops: new Set(ZSMALLOC_LANGUAGE.ops),
    maxSteps: 2000,
  },
  rules: [
    ...ZSMALLOC_INVARIANTS,
    ...poolPageAllocRules(PROFILES),
    ...RAW_WORD_INVARIANTS,
    ...Object.values(ZSMALLOC_NAIVE),
    ...Object.values(ZSMALLOC_CONTRACT),
  ],
  trial(profile, reach) {
    const model = zsmallocModel(profile);
    const live = new LiveObjects();
    return trialOf(model, [
      pageAllocJudge(() => model.pool?.memory, reach, true),
      zsmallocInvariants(model, reach),
      zsmallocRawWords(model, reach),
      zsmallocContract(profile, live, reach),
      zsmallocNaive(profile, live, reach),
    ]);
  },
};
