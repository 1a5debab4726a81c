/** The second model's LRU list of 6.18, its worker and its shrinker. */
import { expectSame } from "../judge.ts";
import type { EventOf } from "./event_reader.ts";
import {
  expectAsked,
  expectMeanwhile,
  expectWritten,
} from "./naive_evictions.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import { type Held, keyOf, type NaiveZswap } from "./naive_zswap.ts";

/** Failures after which the worker gives up. */
const MOST_FAILURES = 16;

/** How looking at the oldest page ends. */
type Look = "written" | "rotated" | "exists" | "failed";

/** Looks at the oldest page: it is written back, or passed over, or stays. */
function lookAtOldest(naive: NaiveZswap): Look {
  const { held } = naive;
  const [page] = held.values();
  const key = keyOf(page);
  held.delete(key);
  held.set(key, page);
  if (page.referenced) {
    page.referenced = false;
    naive.reached("secondChance");
    return "rotated";
  }
  const asked = naive.events.expect("asked");
  expectSame(RULES.written, key, keyOf(asked));
  expectAsked(naive, asked);
  const look = settleAsked(naive, page, asked);
  if (asked.answer === "new") naive.busy.delete(key);
  return look;
}

/** What becomes of a page for which the swap cache was asked for one. */
function settleAsked(
  naive: NaiveZswap,
  page: Held,
  { answer }: EventOf<"asked">,
): Look {
  const { counters, events } = naive;
  expectMeanwhile(naive);
  if (answer !== "new") {
    counters.reject_reclaim_fail++;
    naive.reached("notWritten");
    return answer === "exists" ? "exists" : "failed";
  }
  if (!naive.holds(page)) {
    naive.pages = events.expect("deleted").pages;
    counters.reject_reclaim_fail++;
    naive.reached("changed");
    return "failed";
  }
  if (naive.decompress(page) === "damaged") {
    events.expect("deleted");
    counters.decompress_fail++;
    counters.reject_reclaim_fail++;
    naive.reached("damaged");
    return "failed";
  }
  naive.drop(page);
  events.takeFreed();
  naive.pages = expectWritten(naive, page);
  return "written";
}

/**
 * One step of the worker: so many entries from the oldest on, as there are.
 * Answers how many were written back; `undefined` where there are none, or none
 * may be.
 */
export function lookAtSome(naive: NaiveZswap): number | undefined {
  const { held, facts } = naive;
  if (!naive.mayWriteBack || held.size === 0) return undefined;
  let written = 0;
  for (let left = facts.entriesPerStep; left > 0 && held.size > 0; left--) {
    const isAlone = held.size === 1;
    const look = lookAtOldest(naive);
    if (look === "written") written++;
    if (written > 1) naive.reached("severalInAStep");
    if (look === "rotated" && isAlone) break;
  }
  return written;
}

/** Whether the worker finds nobody to shrink, and its round is over. */
function endsRound(naive: NaiveZswap): boolean {
  if (naive.hasMemcg) return naive.roundEnded = !naive.roundEnded;
  naive.reached("withoutMemcg");
  return !naive.facts.findsRoot;
}

/** The worker, for what was written back while it ran. */
export function expectListWorker(naive: NaiveZswap): void {
  if (!naive.isQueued) return;
  naive.isQueued = false;
  naive.reached("worker");
  const { threshold } = naive;
  let failures = 0;
  let attempts = 0;
  do {
    if (endsRound(naive)) {
      if (attempts === 0 && ++failures === MOST_FAILURES) break;
      attempts = 0;
      continue;
    }
    const written = lookAtSome(naive);
    if (written !== undefined) attempts++;
    if (written === 0 && ++failures === MOST_FAILURES) break;
  } while (naive.pages > threshold);
}

/** Whether the shrinker has nothing to do. */
function isIdle({ parameters, mayWriteBack }: NaiveZswap): boolean {
  return !parameters.isOn("shrinker_enabled") || !mayWriteBack;
}

/** What the shrinker counts. */
export function expectedCount(naive: NaiveZswap): number {
  const { size } = naive.held;
  if (isIdle(naive) || size === 0) return 0;
  const read = Math.min(naive.diskSwapins, size);
  naive.diskSwapins -= read;
  const backing = naive.hasMemcg ? naive.chargedPages : naive.pages;
  return Math.floor((size - read) * backing / size);
}

/** The shrinker's walk over `nr` entries, and what it answers. */
export function expectedScan(
  naive: NaiveZswap,
  nr: number,
): number | "SHRINK_STOP" {
  if (isIdle(naive)) return "SHRINK_STOP";
  let shrunk = 0;
  for (let left = nr; left > 0 && naive.held.size > 0; left--) {
    const isAlone = naive.held.size === 1;
    const look = lookAtOldest(naive);
    if (look === "exists") return "SHRINK_STOP";
    if (look === "rotated" && isAlone) break;
    if (look === "written") shrunk++;
  }
  return shrunk === 0 ? "SHRINK_STOP" : shrunk;
}
