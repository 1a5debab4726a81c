/** Claims that no run of a model decides: of speed, and of real machines. */
import type { ClaimText } from "./claim.ts";

/** A claim, and why it is left open. */
export interface UndecidedClaim extends ClaimText {
  /** What it would take: `both kernels on the same machine`. */
  readonly why: string;
}

/** They are listed with that verdict. */
export const UNDECIDED: readonly UndecidedClaim[] = [];
