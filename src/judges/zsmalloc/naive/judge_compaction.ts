/** How compactions are held against the second model. */
import type {
  Again,
  Compaction,
  Turn,
  Unmapped,
  ZsmallocResults,
  ZsmallocSteps,
} from "../../../programs/zsmalloc/steps.ts";
import type { NaiveState } from "./expect.ts";
import type { NaivePool } from "./pool.ts";
import { ZSMALLOC_NAIVE as RULES } from "./rules.ts";

/** What others do while a pool is compacted. */
interface Others {
  /** Called wherever the kernel drops its lock. */
  readonly unlocked?: () => void;
  /** Whether somebody else wants the lock. */
  readonly isContended?: () => boolean;
  /** Frees the object that is being freed, where nothing is mapped. */
  readonly free?: () => void;
}

/** A compaction, and what others do meanwhile. */
export function judgeCompaction(
  state: NaiveState,
  { pagesFreed, objectsMoved, unmapped = [] }: Compaction,
  { unlocked = () => {}, isContended = () => false, free }: Others = {},
): void {
  const { pool, mapped, holds } = state;
  const movedBefore = pool.objectsMoved;
  const waits: Unmapped[] = [...unmapped];
  const freed = pool.compact({
    stays: (object) => holds.pinned === object || mapped.stays(object),
    isLocked: (zspage) => mapped.isLocked(zspage),
    passesOver: pool.facts.mapped === "passed-over",
    isContended: () => pool.facts.seesContention && isContended(),
    wait() {
      if (mapped.oldest === undefined) return free?.();
      const ended = waits.shift();
      state.expect(RULES.waits, mapped.oldest, ended?.mapping, true);
      if (ended === undefined) return;
      state.expectShown(ended.mapping, ended.data);
      mapped.unmap(ended.mapping);
    },
    unlocked,
  });
  state.expect(RULES.waits, undefined, waits[0]?.mapping, false);
  state.expect(RULES.compaction, freed, pagesFreed, freed > 0);
  const moved = pool.objectsMoved - movedBefore;
  state.expect(RULES.moved, moved, objectsMoved, moved > 0);
}

/** A compaction while others come and go. */
export function judgeTurns(
  state: NaiveState,
  step: ZsmallocSteps["compact_around"],
  { turns, ...done }: ZsmallocResults["compact_around"],
): void {
  let [turn, asked] = [0, 0];
  const { contended } = step;
  judgeCompaction(state, done, {
    unlocked() {
      const found = turns.at(turn);
      // The first of each three turns is another compaction's.
      if (step.again !== undefined && turn % 3 === 0) {
        judgeAgain(state, step.again, found);
      } else {
        const { handle: _, ...shown } = { handle: 0, ...found };
        state.expect(RULES.turns, takeTurn(state, step, turn), shown, true);
      }
      turn++;
    },
    isContended: () => contended !== undefined && ++asked % contended === 0,
  });
  state.expect(RULES.turns, turn, turns.length, false);
}

/** A pool that is being compacted is compacted again. */
function judgeAgain(
  state: NaiveState,
  again: Again,
  found: Turn | undefined,
): void {
  const { pool, mapped } = state;
  const isShrink = again === "shrink";
  if (isShrink && mapped.count > 0) {
    return state.expect(RULES.again, { nothing: true }, found, false);
  }
  const done = found !== undefined && "again" in found ? found.again : "stop";
  if (pool.facts.compactsAlone) {
    const none = { pagesFreed: 0, objectsMoved: 0, unmapped: [] };
    return state.expect(RULES.again, isShrink ? "stop" : none, done);
  }
  if (isShrink) {
    const { scanned, objectsMoved } = shrink(pool);
    const expected = scanned === "stop"
      ? scanned
      : { pagesFreed: scanned, objectsMoved, unmapped: [] };
    state.expect(RULES.again, expected, done, scanned !== "stop");
  } else if (done !== "stop") judgeCompaction(state, done);
}

/** In turn, an object comes and another goes. */
function takeTurn(
  { pool, mapped }: NaiveState,
  { size, object, frees, again }: ZsmallocSteps["compact_around"],
  turn: number,
): Omit<Turn, "handle"> {
  const kinds = again === undefined ? 2 : 3;
  const nth = Math.floor(turn / kinds);
  if (turn % kinds === kinds - 1) {
    const goes = frees[nth];
    if (!pool.places.has(goes) || mapped.has(goes)) return { nothing: true };
    pool.free(goes);
    return { gone: goes };
  }
  if (pool.places.has(object + nth)) return { nothing: true };
  const refused = pool.malloc(size, object + nth);
  return refused === undefined ? { came: object + nth } : { refused };
}

/** Nothing is mapped, and nobody runs meanwhile. */
const UNDISTURBED = {
  stays: () => false,
  isLocked: () => false,
  passesOver: false,
  isContended: () => false,
  wait() {},
  unlocked() {},
};

/** What memory pressure frees (`stop`: nothing), and moves. */
function shrink(pool: NaivePool) {
  const before = pool.objectsMoved;
  const freed = pool.facts.shrinks ? pool.compact(UNDISTURBED) : 0;
  const scanned = freed === 0 ? "stop" as const : freed;
  return { scanned, objectsMoved: pool.objectsMoved - before };
}

/** What memory pressure finds and does. */
export function judgeShrink(
  state: NaiveState,
  found: ZsmallocResults["shrink"],
): void {
  const { pool } = state;
  const count = pool.facts.shrinks ? pool.freeable : 0;
  const { scanned, objectsMoved } = shrink(pool);
  const left = pool.facts.shrinks ? pool.freeable : 0;
  const expected = { count, scanned, left, objectsMoved };
  state.expect(RULES.shrinker, expected, found, scanned !== "stop");
}
