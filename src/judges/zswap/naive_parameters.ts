/** The second model's parameters: what each takes, and what it refuses. */
import { isRefusal } from "../../targets/target.ts";
import { expectSame } from "../judge.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import type { NaiveZswap } from "./naive_zswap.ts";
import { hasParameter, meaningOf } from "./parameter_texts.ts";

/** Holds a write to a parameter against what it should do. */
export function expectSet(
  naive: NaiveZswap,
  attr: string,
  value: string,
  answer: unknown,
): void {
  const { parameters, pools, profile } = naive;
  const meaning = meaningOf(profile, attr, value);
  if (meaning === undefined) {
    throw new Error(`Cannot judge '${value}' as a text for ${attr}`);
  }
  expectSame(
    RULES.parameter,
    "errno" in meaning ? meaning.errno : "no error",
    isRefusal(answer) ? answer.error : "no error",
  );
  naive.reached("parameter");
  if ("errno" in meaning) return;
  parameters.set(attr, meaning.shown);
  if (attr !== "compressor" && attr !== "zpool") return;
  pools.choose(
    parameters.get("zpool") ?? "",
    parameters.get("compressor") ?? "",
  );
}

/** Holds what a parameter shows against what it should be. */
export function expectGet(
  naive: NaiveZswap,
  attr: string,
  answer: unknown,
): void {
  const expected = hasParameter(naive.profile, attr)
    ? { value: `${naive.parameters.get(attr)}\n` }
    : { error: "ENOENT" };
  expectSame(RULES.parameter, expected, answer);
  naive.reached("parameter");
}
