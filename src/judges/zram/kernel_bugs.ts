/** Judging where the model says that a kernel's own bug would stop it. */
import type {
  ZramResults,
  ZramStep,
  ZramSteps,
} from "../../programs/zram/steps.ts";
import { KernelBug } from "../../rules/kernel_bug.ts";
import type { Reach } from "../../rules/reach.ts";
import { SKIPPED, type StepTarget } from "../../targets/step_target.ts";
import { Disagreement } from "../judge.ts";
import type { ZramLedger } from "./ledger.ts";
import { isBugAt } from "./ledger_bugs.ts";
import { ZRAM_NAIVE } from "./naive_rules.ts";

/**
 * A model that is asked for what stops its kernel too, and must say so; it is
 * then as it was, and the program goes on without that step. What may stop it
 * after a part of it was done is not asked.
 */
export function sayingBugs(
  target: StepTarget<ZramSteps, ZramResults>,
  ledgerOf: () => ZramLedger,
  reach: Reach,
): StepTarget<ZramSteps, ZramResults> {
  return {
    ...target,
    ask(step) {
      const isBug = step.op !== "create" && isBugAt(ledgerOf(), step);
      if (isBug === "perhaps") return SKIPPED;
      if (!isBug) return target.ask(step);
      expectBug(target, step);
      reach.count(ZRAM_NAIVE.bugs);
      return SKIPPED;
    },
  };
}

/** Throws where a step is answered that stops this kernel. */
function expectBug(
  target: StepTarget<ZramSteps, ZramResults>,
  step: ZramStep,
): void {
  try {
    target.ask(step);
  } catch (error) {
    if (error instanceof KernelBug) return;
    throw error;
  }
  throw new Disagreement(ZRAM_NAIVE.bugs, "a bug of the kernel", "an answer");
}
