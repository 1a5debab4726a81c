/** Judging where the model says that a kernel's own bug would stop it. */
import type { ZramResults, ZramSteps } from "../../programs/zram/steps.ts";
import { KernelBug } from "../../rules/kernel_bug.ts";
import type { Reach } from "../../rules/reach.ts";
import { SKIPPED, type StepTarget } from "../../targets/step_target.ts";
import { Disagreement } from "../judge.ts";
import type { ZramLedger } from "./ledger.ts";
import { isBugAt } from "./ledger_bugs.ts";
import { ZRAM_NAIVE as RULES } from "./naive_rules.ts";

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
      try {
        target.ask(step);
      } catch (error) {
        if (!(error instanceof KernelBug)) throw error;
        reach.count(RULES.bugs);
        return SKIPPED;
      }
      throw new Disagreement(RULES.bugs, "a bug of the kernel", "an answer");
    },
  };
}
