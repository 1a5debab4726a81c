/** zswap's parameters, as the second models of zswap and of the swap path know them. */
import type { Profile } from "../../linux/profile.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import type { Refusal } from "../../targets/target.ts";
import { expectRefusal, expectSame, resultOf } from "../judge.ts";
import { hasParameter, meaningOf } from "./parameter_texts.ts";

/** The parameters of one machine. */
export class NaiveParameters {
  /** What each shows, where that is known. */
  readonly #shown: Map<string, string | undefined>;
  readonly #profile: Profile;
  readonly #rule: Rule;
  readonly #reach: Reach;

  /**
   * All as they are after boot, but those that are `set`, where the kernel has
   * them. Answers are judged by `rule`.
   */
  constructor(
    profile: Profile,
    set: Readonly<Record<string, string | number | undefined>>,
    rule: Rule,
    reach: Reach,
  ) {
    const { defaultCompressor, defaultZpool } = profile.zswap;
    this.#shown = new Map(Object.entries({
      enabled: "Y",
      compressor: defaultCompressor,
      zpool: defaultZpool,
      max_pool_percent: "20",
      accept_threshold_percent: "90",
      same_filled_pages_enabled: "Y",
      non_same_filled_pages_enabled: "Y",
      shrinker_enabled: "N",
    }));
    for (const [name, value] of Object.entries(set)) {
      const isSet = value !== undefined && hasParameter(profile, name);
      if (isSet) this.#shown.set(name, String(value));
    }
    this.#profile = profile;
    this.#rule = rule;
    this.#reach = reach;
  }

  /** What a parameter shows, which must be known. */
  text(name: string): string {
    const shown = this.#shown.get(name);
    if (shown !== undefined) return shown;
    throw new Error(`Cannot judge: nobody knows what ${name} is`);
  }

  /** Whether a truth value is set. */
  isOn(name: string): boolean {
    return this.text(name) === "Y";
  }

  /** A parameter was written: judges the answer. */
  set(attr: string, value: string, answer: Refusal | void): void {
    const meaning = meaningOf(this.#profile, attr, value);
    this.#reach.count(this.#rule);
    // A write of no bytes reaches no parameter.
    if (value === "" && hasParameter(this.#profile, attr)) {
      return void resultOf(this.#rule, answer);
    }
    if ("errno" in meaning) {
      expectRefusal(this.#rule, answer, [meaning.errno]);
    } else {
      resultOf(this.#rule, answer);
      this.#shown.set(attr, meaning.shown);
    }
  }

  /** A parameter was read: judges the answer. */
  get(attr: string, answer: { readonly value: string } | Refusal): void {
    this.#reach.count(this.#rule);
    if (!hasParameter(this.#profile, attr)) {
      expectRefusal(this.#rule, answer, ["ENOENT"]);
      return;
    }
    const { value } = resultOf(this.#rule, answer);
    const shown = this.#shown.get(attr);
    if (shown !== undefined) expectSame(this.#rule, `${shown}\n`, value);
  }
}
