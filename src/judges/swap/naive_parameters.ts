/** The naive model of zswap's parameters. */
import type { Profile } from "../../linux/profile.ts";
import type { SwapCreate } from "../../programs/swap/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import type { Refusal } from "../../targets/target.ts";
import { expectRefusal, expectSame, resultOf } from "../judge.ts";
import { hasParameter, meaningOf } from "../zswap/parameter_texts.ts";
import { SWAP_MODEL } from "./rules.ts";

/** The parameters of one machine. */
export class NaiveParameters {
  readonly #shown: Map<string, string | undefined>;
  readonly #profile: Profile;
  readonly #reach: Reach;

  /** All as they are after boot. */
  constructor(
    profile: Profile,
    { allocator, poolPages }: SwapCreate,
    reach: Reach,
  ) {
    const { zswap } = profile;
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
    this.#profile = profile;
    this.#reach = reach;
  }

  /** Whether a truth value is set. */
  isOn(name: string): boolean {
    return this.#shown.get(name) === "Y";
  }

  /** A parameter was written: judges the answer. */
  set(attr: string, value: string, answer: Refusal | void): void {
    const rule = SWAP_MODEL.parameters;
    const meaning = meaningOf(this.#profile, attr, value);
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
    if (!hasParameter(this.#profile, attr)) {
      expectRefusal(rule, answer, ["ENOENT"]);
      return;
    }
    const { value } = resultOf(rule, answer);
    const shown = this.#shown.get(attr);
    if (shown !== undefined) expectSame(rule, `${shown}\n`, value);
  }
}
