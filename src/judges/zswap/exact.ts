/** Judging a compressed swap cache by the model's own answers. */
import type { Profile } from "../../linux/profile.ts";
import type { ZswapStep, ZswapSteps } from "../../programs/zswap/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import { SKIPPED } from "../../targets/step_target.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import { zswapModel } from "../../targets/zswap/model.ts";
import type { ZswapResults } from "../../targets/zswap/results.ts";
import { EXACT, expectSame, type Judge } from "../judge.ts";

type Answer = ZswapResults[keyof ZswapSteps] | Refusal;

/** What is compared of an answer: not a refusal's reason, and no page's bytes. */
function shown(answer: Answer): unknown {
  if (answer === undefined || isRefusal(answer)) return answer;
  if ("stored" in answer) return { stored: answer.stored };
  if ("data" in answer) {
    return { data: answer.data === null ? null : "a page" };
  }
  if ("written" in answer) {
    return answer.written.map(([type, offset]) => [type, offset]);
  }
  if ("storedPages" in answer) {
    const { storedPages, poolTotalSize, writtenBackPages } = answer;
    return { storedPages, poolTotalSize, writtenBackPages };
  }
  return answer;
}

/** A judge of one program by what the model answers to the same steps. */
export function zswapExact(
  profile: Profile,
  reach: Reach,
): Judge<ZswapSteps, ZswapResults> {
  const model = zswapModel(profile);
  return {
    after(step: ZswapStep, answer) {
      const expected = model.ask(step);
      // The model answers at once.
      if (expected === SKIPPED || expected instanceof Promise) return;
      expectSame(EXACT, shown(expected), shown(answer));
      reach.count(EXACT);
    },
  };
}
