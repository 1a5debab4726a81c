/** What the threads claim, and how each claim ends. */

/** A thread of 2013 to 2015 from which the models come. */
export type Thread = "000" | "001" | "002" | "003" | "004";

/** Where a thread says something. */
export interface Passage {
  /** The thread. */
  readonly thread: Thread;
  /** Lines of it, `lines 118-123`, or some words of it. */
  readonly at: string;
}

/** A claim in words. */
export interface ClaimText {
  /** What it is called: `zbud-two-a-page`. */
  readonly name: string;
  /** What is said, in one sentence. */
  readonly says: string;
  /** Who says so: `Seth Jennings, 2013`. */
  readonly who: string;
  /** Where; the first passage is the one to read. */
  readonly passages: readonly Passage[];
  /** Who says otherwise, and what. */
  readonly disputed?: string;
}

/** How a claim ends. */
export type Ruling =
  /** It is so. */
  | "holds"
  /** It is so under a condition. */
  | "holds if"
  /** It is not so. */
  | "does not hold"
  /** Only hardware could tell, or the run ended before it came to it. */
  | "not decided here";

/** How a claim ends with one kernel, and what says so. */
export interface Verdict {
  /** How. */
  readonly ruling: Ruling;
  /** The condition of a claim that holds under one: `writeback is off`. */
  readonly condition?: string;
  /** The numbers of the run, in one sentence. */
  readonly evidence: string;
}

/** A claim and what decides it, from what a run came to. */
export interface Claim<Outcome> extends ClaimText {
  /** How it ends; of a kernel without what it is about, nothing can be said. */
  decide(outcome: Outcome): Verdict | undefined;
}

/** It holds where `isSo`. */
export function holds(isSo: boolean, evidence: string): Verdict {
  return { ruling: isSo ? "holds" : "does not hold", evidence };
}

/** It holds under a condition where `isSo`, and else does not. */
export function holdsIf(
  isSo: boolean,
  condition: string,
  evidence: string,
): Verdict {
  return isSo
    ? { ruling: "holds if", condition, evidence }
    : { ruling: "does not hold", evidence };
}
