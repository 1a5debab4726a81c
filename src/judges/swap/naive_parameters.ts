/** The naive model of zswap's parameters. */
import type { Profile } from "../../linux/profile.ts";
import type { SwapCreate } from "../../programs/swap/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import type { Refusal } from "../../targets/target.ts";
import { expectRefusal, expectSame, resultOf } from "../judge.ts";
import { SWAP_MODEL } from "./rules.ts";

/** What a text means to a parameter: what it then shows, an errno, or what is not judged. */
type Meaning =
  | { readonly shown: string }
  | { readonly errno: string }
  | undefined;

/** Truth values by what they begin with. */
const TRUTHS: readonly (readonly [RegExp, string])[] = [
  [/^([yt1]|on)/i, "Y"],
  [/^([nf0]|of)/i, "N"],
];

function truth(text: string): Meaning {
  const found = TRUTHS.find(([pattern]) => pattern.test(text));
  return found === undefined ? { errno: "EINVAL" } : { shown: found[1] };
}

/** Decimal numbers; other forms of numbers are not judged. */
function count(text: string): Meaning {
  const decimal = /^(0|[1-9][0-9]{0,8})\n?$/.exec(text);
  if (decimal !== null) return { shown: decimal[1] };
  return /^[a-z]/i.test(text) ? { errno: "EINVAL" } : undefined;
}

const oneOf = (names: readonly string[]) => (text: string): Meaning =>
  names.includes(text.trim()) ? { shown: text.trim() } : { errno: "ENOENT" };

/** The parameters of one machine. */
export class NaiveParameters {
  readonly #shown: Map<string, string | undefined>;
  readonly #meanings: Readonly<Record<string, (text: string) => Meaning>>;
  readonly #reach: Reach;

  /** All as they are after boot. */
  constructor(
    { zswap }: Profile,
    { allocator, poolPages }: SwapCreate,
    reach: Reach,
  ) {
    const defaults = {
      enabled: "Y",
      compressor: zswap.defaultCompressor,
      zpool: allocator ?? zswap.defaultZpool,
      max_pool_percent: poolPages === undefined ? "20" : "100",
      accept_threshold_percent: "90",
      same_filled_pages_enabled: "Y",
      non_same_filled_pages_enabled: "Y",
      shrinker_enabled: "N",
    };
    this.#shown = new Map(Object.entries(defaults));
    this.#reach = reach;
    const meanings = {
      enabled: truth,
      compressor: oneOf(zswap.compressors),
      zpool: oneOf(zswap.zpools),
      max_pool_percent: count,
      accept_threshold_percent: count,
      same_filled_pages_enabled: truth,
      non_same_filled_pages_enabled: truth,
      shrinker_enabled: truth,
    };
    this.#meanings = Object.fromEntries(
      Object.entries(meanings)
        .filter(([name]) => Object.hasOwn(zswap.parameters, name)),
    );
  }

  /** Whether a truth value is set. */
  isOn(name: string): boolean {
    return this.#shown.get(name) === "Y";
  }

  /** A parameter was written: judges the answer. */
  set(attr: string, value: string, answer: Refusal | void): void {
    const rule = SWAP_MODEL.parameters;
    const meaningOf = this.#meanings[attr];
    const meaning = meaningOf === undefined
      ? { errno: "ENOENT" }
      : meaningOf(value);
    this.#reach.count(rule);
    if (meaning === undefined) {
      this.#shown.set(attr, undefined);
    } else if ("errno" in meaning) {
      expectRefusal(rule, answer, [meaning.errno]);
    } else {
      resultOf(rule, answer);
      this.#shown.set(attr, meaning.shown);
    }
  }

  /** A parameter was read: judges the answer. */
  get(attr: string, answer: { readonly value: string } | Refusal): void {
    const rule = SWAP_MODEL.parameters;
    this.#reach.count(rule);
    if (this.#meanings[attr] === undefined) {
      expectRefusal(rule, answer, ["ENOENT"]);
      return;
    }
    const { value } = resultOf(rule, answer);
    const shown = this.#shown.get(attr);
    if (shown !== undefined) expectSame(rule, `${shown}\n`, value);
  }
}
