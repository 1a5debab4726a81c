/** How compactions are held against the second model. */
import type {
  Compaction,
  Turn,
  Unmapped,
  ZsmallocResults,
  ZsmallocSteps,
} from "../../../programs/zsmalloc/steps.ts";
import type { NaiveState } from "./expect.ts";
import { ZSMALLOC_NAIVE as RULES } from "./rules.ts";

/** A compaction, with `unlocked` called wherever the kernel drops its lock. */
export function judgeCompaction(
  state: NaiveState,
  { pagesFreed, objectsMoved, unmapped = [] }: Compaction,
  unlocked: () => void = () => {},
): void {
  const { pool, mapped } = state;
  const movedBefore = pool.objectsMoved;
  const waits: Unmapped[] = [...unmapped];
  const freed = pool.compact({
    stays: (object) => mapped.stays(object),
    isLocked: (zspage) => mapped.isLocked(zspage),
    wait() {
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
  let turn = 0;
  judgeCompaction(state, done, () => {
    const { handle: _, ...found } = { handle: 0, ...turns.at(turn) };
    state.expect(RULES.turns, takeTurn(state, step, turn), found, true);
    turn++;
  });
  state.expect(RULES.turns, turn, turns.length, false);
}

/** In turn, an object comes and another goes. */
function takeTurn(
  { pool, mapped }: NaiveState,
  { size, object, frees }: ZsmallocSteps["compact_around"],
  turn: number,
): Omit<Turn, "handle"> {
  const nth = turn >> 1;
  if (turn % 2 === 1) {
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
  wait() {},
  unlocked() {},
};

/** What memory pressure finds and does. */
export function judgeShrink(
  state: NaiveState,
  found: ZsmallocResults["shrink"],
): void {
  const { pool } = state;
  const { facts: { shrinks }, freeable } = pool;
  const movedBefore = pool.objectsMoved;
  const freed = shrinks ? pool.compact(UNDISTURBED) : 0;
  const expected = {
    count: shrinks ? freeable : 0,
    scanned: freed === 0 ? "stop" : freed,
    left: shrinks ? pool.freeable : 0,
    objectsMoved: pool.objectsMoved - movedBefore,
  };
  state.expect(RULES.shrinker, expected, found, freed > 0);
}
