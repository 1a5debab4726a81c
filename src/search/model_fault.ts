/** What a model of zspec's own does that it must not, where no rule of it says so. */
import type { Rule } from "../rules/invariant.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { type Fault, messageOf } from "./finding.ts";

/** What every step of a program asks of the model. */
export const MODEL_ANSWERS: Rule = {
  id: "model/answers",
  sentence:
    "Each step is answered: the model neither throws nor goes on for ever, nor does a judge, and a kernel's bug comes where a judge foresees it.",
  source: "the model itself",
};

/** How an error breaks that, and the lines of the model that threw it. */
export function modelFault(error: unknown): Fault {
  const kind = error instanceof KernelBug ? "kernelBug" : "threw";
  return {
    rule: MODEL_ANSWERS,
    where: throwerOf(error),
    expected: "an answer",
    found: { [kind]: messageOf(error) },
  };
}

const SOURCE = new URL("../", import.meta.url).href;
/** Lines that are told: what throws is often not what is wrong, but is told of it. */
const MOST_LINES = 3;

/**
 * `src/memory/memory.ts:237, from src/swap/zap.ts:36`: what threw, but for what
 * checks the arguments of all.
 */
function throwerOf(error: unknown): string | undefined {
  const stack = error instanceof Error ? error.stack ?? "" : "";
  const lines = stack.split("\n").flatMap((line) => {
    const at = line.indexOf(SOURCE);
    const [place] = /^[^:]+:\d+/.exec(line.slice(at + SOURCE.length)) ?? [];
    const isTold = at >= 0 && place !== undefined &&
      !place.startsWith("rules/");
    return isTold ? [`src/${place}`] : [];
  });
  return lines.length === 0
    ? undefined
    : lines.slice(0, MOST_LINES).join(", from ");
}
