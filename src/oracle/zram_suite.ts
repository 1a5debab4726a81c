/** How compressed block devices are judged. */
import { KERNEL_CODECS } from "../codec/codecs.ts";
import { Disagreement, type Plan, resultOf, type Suite } from "./judge.ts";
import { TargetMissing, type ZramTarget } from "../targets/target.ts";
import { ZramJudge } from "./zram_judge.ts";
import { zramTargetPrograms } from "./zram_programs.ts";
import { ZRAM_CONTRACT } from "./zram_rules.ts";
import {
  parseZramStep,
  simplerZramSteps,
  type ZramStep,
} from "./zram_steps.ts";

/**
 * Asks a fresh device which algorithms it has. At level `exact` programs use
 * those whose lengths the model knows; where it knows none, they write what no
 * compressor makes smaller, and words.
 */
async function prepare(target: ZramTarget, plan: Plan): Promise<Plan> {
  if (!("mm_stat" in plan.profile.zram.attributes)) {
    throw new TargetMissing(
      `Cannot judge zram: ${plan.profile.name} has no mm_stat, which came with 4.1`,
    );
  }
  resultOf(ZRAM_CONTRACT.succeeds, await target.create());
  const answer = await target.get("comp_algorithm");
  const { value } = resultOf(ZRAM_CONTRACT.texts, answer);
  const chosen = /\[(\S+)\]/.exec(value)?.[1];
  if (chosen === undefined) {
    const expected = "names, the chosen one in brackets";
    throw new Disagreement(ZRAM_CONTRACT.texts, expected, value);
  }
  const available = value.replaceAll(/[[\]]/g, "").trim().split(/\s+/);
  const known = KERNEL_CODECS.map(({ name }) => name);
  const { profile, level } = plan;
  return {
    ...plan,
    profile: {
      ...profile,
      zram: {
        ...profile.zram,
        compAlgorithms: available,
        defaultAlgorithm: chosen,
      },
    },
    algorithms: level === "exact"
      ? available.filter((name) => known.includes(name))
      : available,
  };
}

/**
 * The suite of zram where a backing device of so many pages is to be had: at
 * level `exact` programs set it and write back to it.
 */
export function backedZramSuite(
  backingPages: number,
): Suite<ZramTarget, ZramStep> {
  return {
    ...ZRAM_SUITE,
    prepare: async (target, plan) => ({
      ...await prepare(target, plan),
      backingPages,
    }),
  };
}

/** The suite of zram. */
export const ZRAM_SUITE: Suite<ZramTarget, ZramStep> = {
  target: "zram",
  rules: Object.values(ZRAM_CONTRACT),
  prepare,
  programs: zramTargetPrograms,
  judge: (target, plan) => new ZramJudge(target, plan),
  simpler: simplerZramSteps,
  parse: parseZramStep,
};
