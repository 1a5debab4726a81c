/** How a page was to be stored. */
import type { Attempt, Known } from "./ledger_memory.ts";

/** How a page was to be stored, and what should come of it. */
export interface Storing {
  /** Whether it takes no memory. */
  readonly isSame: boolean;
  /** Bytes by which it counts, where they are known. */
  readonly bytes: number | undefined;
  /** What should come of its object, where it has one whose length is known. */
  readonly attempt: Attempt | undefined;
  /** Whether it is stored. */
  readonly stored: Known;
}

/** A page of one word, or of zeros: it has no object. */
export const SAME_FILLED: Storing = {
  isSame: true,
  bytes: 0,
  attempt: undefined,
  stored: true,
};
/** How long its page becomes is not known. */
export const UNKNOWN_LENGTH: Storing = {
  isSame: false,
  bytes: undefined,
  attempt: undefined,
  stored: undefined,
};
/** An algorithm failed: there is nothing to store. */
export const NOT_COMPRESSED: Storing = {
  isSame: false,
  bytes: undefined,
  attempt: undefined,
  stored: false,
};
