/** How claims ended, for machines. */
import type { ClaimText } from "../claims/claim.ts";
import { THREADS } from "../claims/threads.ts";
import { type ClaimsOutcome, toldOf } from "./claims_report.ts";

/** The threads, the experiments with their claims, and what none decides. */
export function claimsResult(
  { done, undecided, seed, isTold }: ClaimsOutcome,
): unknown {
  const experiments = done.map((one) => ({
    name: one.experiment.name,
    theme: one.experiment.theme,
    method: one.experiment.method,
    sizes: one.sizes,
    kernels: one.experiment.kernels.map(({ name }, nth) => ({
      name,
      figures: one.found[nth].figures,
    })),
    claims: toldOf(one, { isTold }).map(({ claim, endings }) => ({
      ...textOf(claim),
      verdicts: endings.map(({ kernel, verdict }) => ({
        kernel: kernel.name,
        ...verdict,
      })),
    })),
  }));
  return { seed, threads: THREADS, experiments, undecided };
}

/** A claim in words alone. */
function textOf(
  { name, says, who, passages, disputed }: ClaimText,
): ClaimText {
  return { name, says, who, passages, disputed };
}
