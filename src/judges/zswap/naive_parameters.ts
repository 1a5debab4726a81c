/** The second model's parameters: what each takes, and what it refuses. */
import type { Refusal } from "../../targets/target.ts";
import { isRefusal } from "../../targets/target.ts";
import { expectSame } from "../judge.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import type { NaiveZswap } from "./naive_zswap.ts";

const NUMBERS: ReadonlySet<string> = new Set([
  "max_pool_percent",
  "accept_threshold_percent",
]);
const NAMES: ReadonlySet<string> = new Set(["compressor", "zpool"]);
/** What a truth value begins with, in either case. */
const YES = ["y", "t", "1", "on"];
const NO = ["n", "f", "0", "of"];
const TOO_MUCH = 2 ** 32;

/** What a text makes of a parameter: another text, or an errno. */
function parsed(
  { profile }: NaiveZswap,
  attr: string,
  text: string,
): { readonly text: string } | Refusal {
  if (NUMBERS.has(attr)) {
    if (!/^[0-9]+$/.test(text)) return { error: "EINVAL" };
    return Number(text) < TOO_MUCH ? { text } : { error: "ERANGE" };
  }
  if (NAMES.has(attr)) {
    const { zpools, compressors } = profile.zswap;
    const names: readonly string[] = attr === "zpool" ? zpools : compressors;
    return names.includes(text) ? { text } : { error: "ENOENT" };
  }
  const begins = (word: string) => text.toLowerCase().startsWith(word);
  if (YES.some(begins)) return { text: "Y" };
  return NO.some(begins) ? { text: "N" } : { error: "EINVAL" };
}

const hasParameter = ({ profile }: NaiveZswap, attr: string): boolean =>
  Object.hasOwn(profile.zswap.parameters, attr);

/** Holds a write to a parameter against what it should do. */
export function expectSet(
  naive: NaiveZswap,
  attr: string,
  value: string,
  answer: unknown,
): void {
  const found = isRefusal(answer) ? answer.error : "no error";
  const expected = hasParameter(naive, attr)
    ? parsed(naive, attr, value)
    : { error: "ENOENT" };
  expectSame(
    RULES.parameter,
    "error" in expected ? expected.error : "no error",
    found,
  );
  naive.reached("parameter");
  if ("error" in expected) return;
  naive.parameters.set(attr, expected.text);
  if (!NAMES.has(attr)) return;
  const { parameters, pools } = naive;
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
  const expected = hasParameter(naive, attr)
    ? { value: `${naive.parameters.get(attr)}\n` }
    : { error: "ENOENT" };
  expectSame(RULES.parameter, expected, answer);
  naive.reached("parameter");
}
