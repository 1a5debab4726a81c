/** How allocators are judged. */
import type { Suite } from "./judge.ts";
import type { ZsmallocTarget } from "../targets/target.ts";
import { ZsmallocJudge } from "./zsmalloc_judge.ts";
import { ZSMALLOC_CONTRACT } from "./zsmalloc_rules.ts";
import {
  parseZsmallocStep,
  renamedObjects,
  simplerZsmallocSteps,
  type ZsmallocStep,
  zsmallocTargetPrograms,
} from "./zsmalloc_steps.ts";

/** The suite of zsmalloc. */
export const ZSMALLOC_SUITE: Suite<ZsmallocTarget, ZsmallocStep> = {
  target: "zsmalloc",
  rules: Object.values(ZSMALLOC_CONTRACT),
  prepare: (_target, plan) => Promise.resolve(plan),
  programs: zsmallocTargetPrograms,
  judge: (target, plan) => new ZsmallocJudge(target, plan),
  renamed: renamedObjects,
  simpler: simplerZsmallocSteps,
  parse: parseZsmallocStep,
};
