/** How compressed swap caches are judged that are not the model. */
import { EXACT, type Level } from "../../judges/judge.ts";
import { zswapContract } from "../../judges/zswap/contract.ts";
import { zswapExact } from "../../judges/zswap/exact.ts";
import { ZSWAP_CONTRACT } from "../../judges/zswap/rules.ts";
import { ZSWAP_LANGUAGE } from "../../programs/zswap/language.ts";
import type { ZswapStep } from "../../programs/zswap/steps.ts";
import { TargetMissing, type ZswapTarget } from "../../targets/target.ts";
import { objectZswap, unknownFields } from "../../targets/zswap/object.ts";
import type { Plan, Suite } from "../suite.ts";
import { trialOf } from "../trial.ts";

/** The most steps of a program: targets may be processes. */
const MAX_STEPS = 500;

/** What every cache can do. */
const OPS: ReadonlySet<string> = new Set([
  "create",
  "store",
  "load",
  "invalidate",
  "writeback",
]);

/**
 * Refuses kernels that break the contract themselves: theirs is a page that is
 * written back over a newer one.
 */
function prepare(_target: ZswapTarget, plan: Plan): Plan {
  const { name, zswap } = plan.profile;
  if (zswap.frontswap !== "older-page-stays") return plan;
  throw new TargetMissing(
    `Cannot judge zswap: ${name} keeps a page where a newer one is refused, and writes it back`,
  );
}

/** The suite of zswap. */
export const ZSWAP_SUITE: Suite<ZswapTarget, ZswapStep> = {
  target: "zswap",
  language: ZSWAP_LANGUAGE,
  rules: (level: Level) => [
    ...Object.values(ZSWAP_CONTRACT),
    ...level === "exact" ? [EXACT] : [],
  ],
  prepare,
  whyPassed(step) {
    if (step.op !== "create") return undefined;
    const fields = unknownFields(step).map((name) => `'${name}'`);
    return `has ${fields.join(", ")}, which no request can say`;
  },
  scope: ({ profile }) => ({
    profiles: [profile],
    anyGeometry: false,
    ops: OPS,
    maxSteps: MAX_STEPS,
  }),
  trial: (target, { level, profile }, reach) =>
    trialOf(objectZswap(target, profile.pageSize), [
      zswapContract(profile, reach),
      ...level === "exact" ? [zswapExact(profile, reach)] : [],
    ]),
};
