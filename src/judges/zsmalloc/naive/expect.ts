/** How what is found is held against the second model. */
import type {
  ZsmallocResults,
  ZsmallocSteps,
} from "../../../programs/zsmalloc/steps.ts";
import type { Rule } from "../../../rules/invariant.ts";
import type { Reach } from "../../../rules/reach.ts";
import type { Refusal } from "../../../targets/target.ts";
import { Disagreement, expectBytes, expecting } from "../../judge.ts";
import type { LiveObjects } from "../live_objects.ts";
import { NaiveHolds } from "./holds.ts";
import { NaiveMapped } from "./mapped.ts";
import type { NaivePool } from "./pool.ts";
import { ZSMALLOC_NAIVE as RULES } from "./rules.ts";

/** The second model of one pool, and how answers are held against it. */
export class NaiveState {
  /** What is mapped. */
  readonly mapped: NaiveMapped;
  /** What frames are held. */
  readonly holds: NaiveHolds;
  /** Holds a value against the second model's. */
  readonly expect: ReturnType<typeof expecting>;
  readonly #reach: Reach;

  /** Of an empty pool; `hasFramesMapped` is CONFIG_PGTABLE_MAPPING. */
  constructor(
    /** The pool. */
    readonly pool: NaivePool,
    /** What objects hold. */
    readonly live: LiveObjects,
    hasFramesMapped: boolean,
    reach: Reach,
  ) {
    this.mapped = new NaiveMapped(pool, live, hasFramesMapped);
    this.holds = new NaiveHolds(pool, this.mapped);
    this.expect = expecting(reach);
    this.#reach = reach;
  }

  /** Holds bytes against the second model's. */
  expectBytes(rule: Rule, expected: Uint8Array, found: Uint8Array): void {
    expectBytes(rule, expected, found);
    if (expected.length > 0) this.#reach.count(rule);
  }

  /** Holds what a mapping shows against as much as is known of it. */
  expectShown(mapping: number, data: Uint8Array): void {
    const shown = this.mapped.shown(mapping);
    this.expectBytes(RULES.mapped, shown, data.subarray(0, shown.length));
  }

  /** An answer that says why nothing was done must have these words. */
  expectMisuse(rule: Rule, words: string, answer: object | void): void {
    const misuse = answer !== undefined && "misuse" in answer
      ? answer.misuse
      : undefined;
    if (String(misuse).includes(words)) this.#reach.count(rule);
    else throw new Disagreement(rule, `… ${words} …`, answer ?? "no error");
  }
}

/** How the answer to a step is held against the second model. */
export type Judged<Step, Answer> = (
  state: NaiveState,
  step: Step,
  answer: Answer,
) => void;

/** How the answers to each operation are. */
export type NaiveTable = {
  readonly [Op in keyof ZsmallocSteps]?: Judged<
    ZsmallocSteps[Op],
    ZsmallocResults[Op] | Refusal
  >;
};
