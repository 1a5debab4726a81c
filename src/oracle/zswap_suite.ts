/** How compressed swap caches are judged. */
import type { Suite } from "./judge.ts";
import type { ZswapTarget } from "./target.ts";
import { ZswapJudge } from "./zswap_judge.ts";
import { ZSWAP_CONTRACT } from "./zswap_rules.ts";
import {
  parseZswapStep,
  simplerZswapSteps,
  type ZswapStep,
  zswapTargetPrograms,
} from "./zswap_steps.ts";

/** The suite of zswap. */
export const ZSWAP_SUITE: Suite<ZswapTarget, ZswapStep> = {
  target: "zswap",
  rules: Object.values(ZSWAP_CONTRACT),
  prepare: (_target, plan) => Promise.resolve(plan),
  programs: zswapTargetPrograms,
  judge: (target, plan) => new ZswapJudge(target, plan),
  simpler: simplerZswapSteps,
  parse: parseZswapStep,
};
