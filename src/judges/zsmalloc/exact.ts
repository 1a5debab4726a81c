/** Judging an allocator by the model: it makes Linux's own choices. */
import type { Profile } from "../../linux/profile.ts";
import type {
  ZsmallocResults,
  ZsmallocSteps,
} from "../../programs/zsmalloc/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import { SKIPPED } from "../../targets/step_target.ts";
import { isRefusal } from "../../targets/target.ts";
import { zsmallocModel } from "../../targets/zsmalloc/pool_target.ts";
import { EXACT, expectSame, type Judge } from "../judge.ts";
import { givenBy } from "./contract.ts";

/** A judge that does each step with the model too, and compares the answers. */
export function zsmallocExact(
  profile: Profile,
  reach: Reach,
): Judge<ZsmallocSteps, ZsmallocResults> {
  const model = zsmallocModel(profile);
  return {
    after(step, answer) {
      if (step.op === "read") return;
      const expected = model.ask(step);
      if (expected === SKIPPED) return;
      const [wanted, found] = [expected, answer].map((one) =>
        comparable(step.op, one)
      );
      if (wanted === undefined) return;
      expectSame(EXACT, wanted, found);
      reach.count(EXACT);
    },
  };
}

/** What of an answer is Linux's choice: all but the handles. */
const CHOICES: {
  readonly [Op in keyof ZsmallocSteps]?: (
    answer: ZsmallocResults[Op],
  ) => object;
} = {
  malloc(answer) {
    const { handles, refused } = givenBy(answer);
    return { objects: handles.length, refused };
  },
  compact: ({ pagesFreed }) => ({ pagesFreed }),
  stats: ({ totalPages, pagesCompacted }) => ({ totalPages, pagesCompacted }),
};

function comparable(op: keyof ZsmallocSteps, answer: unknown): unknown {
  // What is no refusal is the operation's result.
  return isRefusal(answer) ? answer : CHOICES[op]?.(answer as never);
}
