/** How allocators that are not the model are judged. */
import { EXACT } from "../../judges/judge.ts";
import { zsmallocContract } from "../../judges/zsmalloc/contract.ts";
import { ZSMALLOC_CONTRACT } from "../../judges/zsmalloc/contract_rules.ts";
import { zsmallocExact } from "../../judges/zsmalloc/exact.ts";
import { LiveObjects } from "../../judges/zsmalloc/live_objects.ts";
import { ZSMALLOC_LANGUAGE } from "../../programs/zsmalloc/language.ts";
import type { ZsmallocStep } from "../../programs/zsmalloc/steps.ts";
import type { ZsmallocTarget } from "../../targets/target.ts";
import { objectZsmalloc } from "../../targets/zsmalloc/object.ts";
import type { Suite } from "../suite.ts";
import { trialOf } from "../trial.ts";

/** What the oracle protocol has requests for. */
const OPS: readonly ZsmallocStep["op"][] = [
  "create",
  "malloc",
  "free",
  "write",
  "read",
  "compact",
  "stats",
];

/** The suite of zsmalloc. */
export const ZSMALLOC_SUITE: Suite<ZsmallocTarget, ZsmallocStep> = {
  target: "zsmalloc",
  language: ZSMALLOC_LANGUAGE,
  rules: (level) => [
    ...Object.values(ZSMALLOC_CONTRACT),
    ...(level === "exact" ? [EXACT] : []),
  ],
  prepare: (_target, plan) => plan,
  scope: ({ level, profile }) => ({
    profiles: [profile],
    anyGeometry: level !== "exact",
    ops: new Set(OPS),
    maxSteps: 400,
  }),
  trial(target, { level, profile }, reach) {
    const contract = zsmallocContract(profile, new LiveObjects(), reach);
    const exact = level === "exact" ? [zsmallocExact(profile, reach)] : [];
    return trialOf(objectZsmalloc(target), [contract, ...exact]);
  },
};
