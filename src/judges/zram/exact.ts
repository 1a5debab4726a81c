/** Judging a device by the model: the same answers, to the byte. */
import type { Profile } from "../../linux/profile.ts";
import { ExpandedPages } from "../../programs/expanded.ts";
import type {
  ZramResults,
  ZramStep,
  ZramSteps,
} from "../../programs/zram/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import { SKIPPED } from "../../targets/step_target.ts";
import { type BlockStateRow, isRefusal } from "../../targets/target.ts";
import { ZramModel, zramModelTarget } from "../../targets/zram/model.ts";
import { EXACT, expectBytes, expectSame, type Judge } from "../judge.ts";
import type { ZramAnswer } from "./follow.ts";

/** Holds every answer against the model's, which finds `backingPages` pages. */
export function exactZram(
  profile: Profile,
  backingPages: number | undefined,
  reach: Reach,
): Judge<ZramSteps, ZramResults> {
  const model = zramModelTarget(new ZramModel(profile), new ExpandedPages());
  return {
    after(step, answer) {
      const asked: ZramStep = step.op === "create"
        ? { op: "create", backingPages }
        : step;
      const expected = model.ask(asked);
      // The model answers at once, and what it cannot do it was not asked.
      if (expected === SKIPPED) return;
      compare(step, expected as ZramAnswer, answer);
      reach.count(EXACT);
    },
    questions: (step) => rowsAfter(step, profile, backingPages),
  };
}

/** Throws where two answers to a step differ. */
function compare(
  step: ZramStep,
  expected: ZramAnswer,
  found: ZramAnswer,
): void {
  if (isRefusal(expected) || isRefusal(found)) {
    return expectSame(EXACT, outcomeOf(expected), outcomeOf(found));
  }
  switch (step.op) {
    case "get":
    case "write":
      return expectSame(EXACT, expected, found);
    case "read":
    case "bio":
      return expectBytes(EXACT, bytesOf(expected), bytesOf(found));
    case "block_state":
      return expectSame(EXACT, rowsOf(expected), rowsOf(found));
  }
}

function outcomeOf(answer: ZramAnswer): unknown {
  return isRefusal(answer) ? { error: answer.error } : "no error";
}

function bytesOf(answer: ZramAnswer): Uint8Array {
  const has = answer !== undefined && "data" in answer;
  return has ? answer.data ?? new Uint8Array(0) : new Uint8Array(0);
}

/** Rows without the times, which only the model shows. */
function rowsOf(answer: ZramAnswer): unknown {
  // Only `block_state` is answered by a list.
  return (answer as readonly BlockStateRow[])
    .map(([page, flags]) => [page, flags]);
}

const BD_STAT: readonly ZramStep[] = [{ op: "get", attr: "bd_stat" }];

/** Where pages are written back, `bd_stat` is asked for too. */
function rowsAfter(
  step: ZramStep,
  { zram }: Profile,
  backingPages: number | undefined,
): readonly ZramStep[] {
  const isBacked = backingPages !== undefined && "bd_stat" in zram.attributes;
  const changes = step.op === "set" || step.op === "write" ||
    step.op === "discard" || step.op === "bio";
  return isBacked && changes ? BD_STAT : [];
}
