/** The second model's LRU list of 6.18, its worker and its shrinker. */
import { expectSame } from "../judge.ts";
import type { EventOf, EventReader } from "./event_reader.ts";
import { expectAsked, expectMeanwhile, expectPage } from "./naive_evictions.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import { NaiveStop } from "./naive_stop.ts";
import { type Held, keyOf, type NaiveZswap } from "./naive_zswap.ts";

/** Failures after which the worker gives up. */
const MOST_FAILURES = 16;

/** How looking at the oldest page ends. */
type Look = "written" | "rotated" | "exists" | "failed";

/** How a look ended, and the pages of the pools after it, where they may have changed. */
interface Looked {
  readonly look: Look;
  readonly pages?: number;
}

/** Looks at the oldest page: it is written back, or passed over, or stays. */
function lookAtOldest(naive: NaiveZswap, events: EventReader): Looked {
  const { held } = naive;
  const [page] = held.values();
  const key = keyOf(page.type, page.offset);
  held.delete(key);
  held.set(key, page);
  if (page.referenced) {
    page.referenced = false;
    naive.reached("secondChance");
    return { look: "rotated" };
  }
  const asked = events.expect("asked");
  expectSame(RULES.written, key, keyOf(asked.type, asked.offset));
  expectAsked(naive, asked);
  const looked = settleAsked(naive, events, page, asked);
  if (asked.answer === "new") naive.busy.delete(key);
  return looked;
}

/** What becomes of a page for which the swap cache was asked for one. */
function settleAsked(
  naive: NaiveZswap,
  events: EventReader,
  page: Held,
  asked: EventOf<"asked">,
): Looked {
  const { held, counters } = naive;
  const key = keyOf(page.type, page.offset);
  expectMeanwhile(naive, events);
  if (asked.answer !== "new") {
    counters.reject_reclaim_fail++;
    naive.reached("notWritten");
    return { look: asked.answer === "exists" ? "exists" : "failed" };
  }
  if (held.get(key) !== page) {
    const { pages } = events.expect("deleted");
    counters.reject_reclaim_fail++;
    naive.reached("changed");
    return { look: "failed", pages };
  }
  if (page.isDamaged) {
    if (naive.facts.stopsAtDamage) throw new NaiveStop();
    events.expect("deleted");
    counters.decompress_fail++;
    counters.reject_reclaim_fail++;
    naive.reached("damaged");
    return { look: "failed" };
  }
  naive.drop(key);
  events.takeFreed();
  const written = events.expect("written");
  expectPage(page, written);
  naive.reached("written");
  expectMeanwhile(naive, events);
  counters.written_back_pages++;
  return { look: "written", pages: written.pages };
}

/** What one step of the worker did. */
interface Step {
  /** Entries that were written back. */
  readonly written: number;
  /** The pages of the pools after that, where they may have changed. */
  readonly pages?: number;
}

/**
 * One step of the worker: so many entries from the oldest on, as there are;
 * `undefined` where there are none, or none may be written back.
 */
export function lookAtSome(
  naive: NaiveZswap,
  events: EventReader,
): Step | undefined {
  const { held, facts } = naive;
  if (!naive.mayWriteBack || held.size === 0) return undefined;
  let written = 0;
  let pages: number | undefined;
  for (let left = facts.entriesPerStep; left > 0 && held.size > 0; left--) {
    const isAlone = held.size === 1;
    const looked = lookAtOldest(naive, events);
    pages = looked.pages ?? pages;
    if (looked.look === "written") written++;
    if (written > 1) naive.reached("severalInAStep");
    if (looked.look === "rotated" && isAlone) break;
  }
  return { written, pages };
}

/** Whether the worker finds nobody to shrink, and its round is over. */
function endsRound(naive: NaiveZswap): boolean {
  if (naive.hasMemcg) return naive.roundEnded = !naive.roundEnded;
  naive.reached("withoutMemcg");
  return !naive.facts.findsRoot;
}

/** The worker, for what was written back while it ran. */
export function expectListWorker(
  naive: NaiveZswap,
  events: EventReader,
  before: number,
): void {
  if (!naive.isQueued) return;
  naive.isQueued = false;
  naive.reached("worker");
  const { threshold } = naive;
  let pages = before;
  let failures = 0;
  let attempts = 0;
  do {
    if (endsRound(naive)) {
      if (attempts === 0 && ++failures === MOST_FAILURES) break;
      attempts = 0;
      continue;
    }
    const step = lookAtSome(naive, events);
    if (step !== undefined) {
      attempts++;
      pages = step.pages ?? pages;
      if (step.written === 0 && ++failures === MOST_FAILURES) break;
    }
  } while (pages > threshold);
}

/** What the shrinker counts, there being so many pages. */
export function expectedCount(naive: NaiveZswap, pages: number): number {
  if (!naive.isOn("shrinker_enabled") || !naive.mayWriteBack) return 0;
  const { size } = naive.held;
  if (size === 0) return 0;
  const read = Math.min(naive.diskSwapins, size);
  naive.diskSwapins -= read;
  const backing = naive.hasMemcg ? naive.chargedPages : pages;
  return Math.floor((size - read) * backing / size);
}

/** The shrinker's walk over `nr` entries, and what it answers. */
export function expectedScan(
  naive: NaiveZswap,
  events: EventReader,
  nr: number,
): number | "SHRINK_STOP" {
  if (!naive.isOn("shrinker_enabled") || !naive.mayWriteBack) {
    return "SHRINK_STOP";
  }
  let shrunk = 0;
  for (let left = nr; left > 0 && naive.held.size > 0; left--) {
    const isAlone = naive.held.size === 1;
    const { look } = lookAtOldest(naive, events);
    if (look === "exists") return "SHRINK_STOP";
    if (look === "rotated" && isAlone) break;
    if (look === "written") shrunk++;
  }
  return shrunk === 0 ? "SHRINK_STOP" : shrunk;
}
