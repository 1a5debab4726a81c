/** How claims ended, for machines. */
import type { ClaimText } from "../claims/claim.ts";
import { THREADS } from "../claims/threads.ts";
import { type ClaimsOutcome, endingsOf } from "./claims_report.ts";

/** The threads, the experiments with their claims, and what none decides. */
export function claimsJson(
  { done, undecided, seed, isTold }: ClaimsOutcome,
): string {
  const experiments = done.map((one) => ({
    name: one.experiment.name,
    theme: one.experiment.theme,
    method: one.experiment.method,
    sizes: one.sizes,
    kernels: one.experiment.kernels.map(({ name }, nth) => ({
      name,
      figures: one.found[nth].figures,
    })),
    claims: one.experiment.claims.filter(isTold).map((claim) => ({
      ...textOf(claim),
      verdicts: endingsOf(one, claim).map(({ kernel, verdict }) => ({
        kernel: kernel.name,
        ...verdict,
      })),
    })),
  }));
  return JSON.stringify(
    { seed, threads: THREADS, experiments, undecided },
    null,
    2,
  );
}

/** A claim in words alone. */
function textOf(
  { name, says, who, passages, disputed }: ClaimText,
): ClaimText {
  return { name, says, who, passages, disputed };
}
