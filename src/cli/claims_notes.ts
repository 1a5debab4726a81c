/** What stands below the claims: which threads they are of, and some words. */
import type { ClaimText, Verdict } from "../claims/claim.ts";
import { THREADS, type ThreadText } from "../claims/threads.ts";
import { wrap } from "../report/wrap.ts";

/** What a thread is, without its name. */
export const threadLine = (
  { subject, who, date, list, cited }: ThreadText,
): string => `${subject}; ${who}; ${date}; ${list}; cited ${cited}`;

/** The threads that some claims are of, one after the other. */
export function threadsText(
  claims: readonly ClaimText[],
  width: number,
): string {
  const names = new Set(
    claims.flatMap(({ passages }) => passages.map(({ thread }) => thread)),
  );
  return THREADS.filter(({ name }) => names.has(name))
    .map((thread) => wrap(`${thread.name}: ${threadLine(thread)}.`, width))
    .join("");
}

/** What schedules and rules are, where verdicts speak of them. */
export function wordsText(verdicts: readonly Verdict[], width: number): string {
  const isSpokenOf = verdicts.some(({ evidence }) =>
    /schedule|broken: |[a-z]\/[a-z]/.test(evidence)
  );
  return isSpokenOf
    ? wrap(
      "A schedule is one order of the steps of operations that overlap ('zspec races'); a name such as zswap/counters is that of the rule that it broke ('zspec invariants').",
      width,
    )
    : "";
}
