/** The second model's parameters: what each takes, and what it refuses. */
import type { Refusal } from "../../targets/target.ts";
import { isRefusal } from "../../targets/target.ts";
import { expectSame } from "../judge.ts";
import { driverOf } from "./naive_kernels.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import type { NaiveZswap } from "./naive_zswap.ts";

const NUMBERS: ReadonlySet<string> = new Set([
  "max_pool_percent",
  "accept_threshold_percent",
]);
const NAMES: ReadonlySet<string> = new Set(["compressor", "zpool"]);
const TOO_MUCH = 2 ** 32;

/** Whether a text says yes or no, by its start. */
function truthOf(
  { facts }: NaiveZswap,
  text: string,
): { readonly text: "Y" | "N" } | Refusal {
  const [yes, no] = facts.truths;
  if (new RegExp(`^([${yes}]|on)`, "i").test(text)) return { text: "Y" };
  return new RegExp(`^([${no}]|of)`, "i").test(text)
    ? { text: "N" }
    : { error: "EINVAL" };
}

/** The names that a parameter takes. */
function namesOf({ profile, facts }: NaiveZswap, attr: string): string[] {
  const { zpools, compressors } = profile.zswap;
  if (attr === "zpool") return [...zpools];
  return compressors.flatMap((name) => [name, driverOf(facts, name)]);
}

/** What a text makes of a parameter: another text, or an errno. */
function parsed(
  naive: NaiveZswap,
  attr: string,
  text: string,
): { readonly text: string } | Refusal {
  if (NUMBERS.has(attr)) {
    if (!/^[0-9]+$/.test(text)) return { error: "EINVAL" };
    return Number(text) < TOO_MUCH ? { text } : { error: "ERANGE" };
  }
  if (NAMES.has(attr)) {
    const isThere = namesOf(naive, attr).includes(text);
    return isThere ? { text } : { error: "ENOENT" };
  }
  return truthOf(naive, text);
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
