/** The machine of zswap: every release, with every allocator that it has. */
import { zswapContract } from "../../judges/zswap/contract.ts";
import { zswapInvariants } from "../../judges/zswap/invariants.ts";
import { zswapNaive } from "../../judges/zswap/naive.ts";
import { ZSWAP_NAIVE_RULES } from "../../judges/zswap/naive_rules.ts";
import { ZSWAP_CONTRACT } from "../../judges/zswap/rules.ts";
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  PROFILES,
} from "../../linux/profile.ts";
import { ZSWAP_LANGUAGE } from "../../programs/zswap/language.ts";
import type { ZswapStep } from "../../programs/zswap/steps.ts";
import { zswapModel } from "../../targets/zswap/model.ts";
import { ZSWAP_INVARIANTS } from "../../zswap/invariants.ts";
import type { Machine } from "../machine.ts";
import { trialOf } from "../trial.ts";

/** zswap of any release, over any of its allocators, holds what it took. */
export const zswapMachine: Machine<ZswapStep> = {
  name: "zswap",
  sentence:
    "zswap of any release, over any allocator it has, holds what it took and counts what it did, whatever fails and whatever happens meanwhile.",
  language: ZSWAP_LANGUAGE,
  scope: {
    // Every kernel, and those oftener that do what others do not.
    profiles: [
      ...PROFILES,
      LINUX_6_12,
      LINUX_6_1,
      LINUX_6_1,
      LINUX_5_10,
      LINUX_4_0,
      LINUX_4_0,
      LINUX_3_12,
      LINUX_3_12,
    ],
    anyGeometry: true,
    oddTexts: true,
    ops: new Set(ZSWAP_LANGUAGE.ops),
    maxSteps: 2000,
  },
  rules: [
    ...ZSWAP_INVARIANTS,
    ...ZSWAP_NAIVE_RULES,
    ...Object.values(ZSWAP_CONTRACT),
  ],
  trial(profile, reach) {
    const model = zswapModel(profile);
    // Those kernels break the contract themselves.
    const isJudged = profile.zswap.frontswap !== "older-page-stays";
    return trialOf(model, [
      zswapInvariants(model, reach),
      zswapNaive(model, profile, reach),
      ...isJudged ? [zswapContract(profile, reach, model.pages)] : [],
    ]);
  },
};
