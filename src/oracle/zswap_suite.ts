/** How compressed swap caches are judged. */
import type { Plan, Suite } from "./judge.ts";
import { TargetMissing, type ZswapTarget } from "../targets/target.ts";
import { ZswapJudge } from "./zswap_judge.ts";
import { ZSWAP_CONTRACT } from "./zswap_rules.ts";
import {
  parseZswapStep,
  simplerZswapSteps,
  type ZswapStep,
  zswapTargetPrograms,
} from "./zswap_steps.ts";

/**
 * Refuses kernels that break the contract themselves: theirs is a page that is
 * written back over a newer one.
 */
function prepare(_target: ZswapTarget, plan: Plan): Promise<Plan> {
  const { name, zswap } = plan.profile;
  if (zswap.frontswap !== "older-page-stays") return Promise.resolve(plan);
  const message =
    `Cannot judge zswap: ${name} keeps a page where a newer one is refused, and writes it back`;
  return Promise.reject(new TargetMissing(message));
}

/** The suite of zswap. */
export const ZSWAP_SUITE: Suite<ZswapTarget, ZswapStep> = {
  target: "zswap",
  rules: Object.values(ZSWAP_CONTRACT),
  prepare,
  programs: zswapTargetPrograms,
  judge: (target, plan) => new ZswapJudge(target, plan),
  simpler: simplerZswapSteps,
  parse: parseZswapStep,
};
