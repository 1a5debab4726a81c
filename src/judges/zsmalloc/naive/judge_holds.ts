/** How held frames, and what they stand in the way of, are judged. */
import type {
  ZsmallocResults,
  ZsmallocSteps,
} from "../../../programs/zsmalloc/steps.ts";
import { isRefusal, type Refusal } from "../../../targets/target.ts";
import { resultOf } from "../../judge.ts";
import type { NaiveState, NaiveTable } from "./expect.ts";
import type { Migrated } from "./holds.ts";
import { judgeCompaction } from "./judge_compaction.ts";
import { ZSMALLOC_NAIVE as RULES } from "./rules.ts";

/** Judges what is done to frames. */
export const HOLDS: NaiveTable = {
  migrate(state, { object }, answer) {
    expectMigrated(state, state.holds.migrate(object), answer);
  },
  isolate(state, { page, object }, answer) {
    const { isolated } = resultOf(RULES.isolation, answer);
    const expected = state.holds.isolate(page, object);
    state.expect(RULES.isolation, expected, isolated, expected);
  },
  migrate_isolated(state, { page }, answer) {
    expectMigrated(state, state.holds.migrateIsolated(page), answer);
  },
  putback(state, { page }) {
    state.holds.putback(page);
  },
  lock(state, { page, object }, answer) {
    const { locked } = resultOf(RULES.isolation, answer);
    const expected = state.holds.lock(page, object);
    state.expect(RULES.isolation, expected, locked, false);
  },
  unlock(state, { page }) {
    state.holds.unlock(page);
  },
  free_deferred(state, _step, answer) {
    judgeWorker(state, resultOf(RULES.worker, answer));
  },
  free_around(state, step, answer) {
    judgeFree(state, step, resultOf(RULES.freeAmid, answer));
  },
};

/** What a migration is answered must be what becomes of the frame. */
function expectMigrated(
  state: NaiveState,
  expected: Migrated,
  answer: ZsmallocResults["migrate_isolated"] | Refusal,
): void {
  if (expected === "waits") {
    return state.expectMisuse(RULES.migration, "mapped object", answer);
  }
  if (expected === "locked") {
    return state.expectMisuse(RULES.migration, "lock of the page", answer);
  }
  state.expect(RULES.migration, expected, foundOf(answer), true);
}

function foundOf(
  answer: ZsmallocResults["migrate_isolated"] | Refusal,
): string {
  if (answer === undefined) return "done";
  if (isRefusal(answer)) return answer.error;
  return "gone" in answer ? "gone" : answer.misuse;
}

/** The worker gives back every empty zspage, and waits for locked frames. */
function judgeWorker(
  state: NaiveState,
  found: ZsmallocResults["free_deferred"],
): void {
  const { pool, holds } = state;
  const unlocked: number[] = [];
  let pagesFreed = 0;
  // All are taken before the first is waited for.
  for (const zspage of pool.placements.flatMap((one) => one.takeEmpty())) {
    while (zspage.locked.size > 0) {
      const [oldest] = holds.locked.keys();
      holds.unlock(oldest);
      unlocked.push(oldest);
    }
    pagesFreed += zspage.of.giveBack(zspage);
  }
  const expected = { pagesFreed, unlocked };
  state.expect(RULES.worker, expected, found, pagesFreed > 0);
}

/** An object goes, with something done before its lock is had. */
function judgeFree(
  state: NaiveState,
  { object, amid }: ZsmallocSteps["free_around"],
  found: ZsmallocResults["free_around"],
): void {
  const { pool, holds } = state;
  let before: number | undefined;
  const free = () => {
    if (before !== undefined) return;
    holds.pinned = undefined;
    before = pool.frames.used;
    pool.free(object);
  };
  if (pool.facts.pinsToFree) holds.pinned = object;
  if (amid === "migrate") {
    state.expect(RULES.freeAmid, holds.migrate(object), found.amid, true);
  } else if (typeof found.amid !== "string") {
    judgeCompaction(state, found.amid, { free });
  }
  free();
  const { used } = pool.frames;
  const isLate = pool.facts.freesFramesLate && used < (before ?? 0);
  const expected = isLate ? before : undefined;
  state.expect(RULES.freeLate, expected, found.pagesAfterLock, isLate);
}
