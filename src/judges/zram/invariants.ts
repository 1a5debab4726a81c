/** Judging the model by its invariants. */
import type { ZramResults, ZramSteps } from "../../programs/zram/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import type { Zram } from "../../zram/device.ts";
import { checkZram } from "../../zram/invariants.ts";
import { checkLimits, limitsBefore } from "../../zram/limit_invariants.ts";
import type { Judge } from "../judge.ts";

/** Checks what each step touched, and everything now and then. */
export function zramInvariants(
  zramOf: () => Zram,
  _reach: Reach,
): Judge<ZramSteps, ZramResults> {
  let before = limitsBefore(zramOf());
  let since = 0;
  return {
    before() {
      before = limitsBefore(zramOf());
    },
    after(step) {
      const zram = zramOf();
      if (step.op !== "create" && step.op !== "writeback_under") checkLimits(before, zram);
      if (since++ < 256 + zram.slots.length) return;
      since = 0;
      checkZram(zram);
    },
    end: () => checkZram(zramOf()),
  };
}
