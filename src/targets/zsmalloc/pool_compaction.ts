/** How the model's pool is compacted by a program: alone, or with others. */
import type {
  Turn,
  Unmapped,
  ZsmallocResults,
  ZsmallocSteps,
} from "../../programs/zsmalloc/steps.ts";
import { isBlocked } from "../../rules/wait.ts";
import { freeOne, mallocOne, type PoolState, unmapOne } from "./pool_state.ts";

/** Compacts; whatever it waits for is unmapped. */
export function compactAlone(state: PoolState): ZsmallocResults["compact"] {
  return compact(state, () => {});
}

/** Compacts, with others at work wherever the kernel drops its lock. */
export function compactAround(
  state: PoolState,
  step: ZsmallocSteps["compact_around"],
): ZsmallocResults["compact_around"] {
  const turns: Turn[] = [];
  const done = compact(state, () => {
    state.whenUnlocked();
    turns.push(takeTurn(state, step, turns.length));
  });
  return { ...done, turns };
}

/** In turn, an object comes and another goes. */
function takeTurn(
  state: PoolState,
  { size, object, frees }: ZsmallocSteps["compact_around"],
  turn: number,
): Turn {
  const nth = turn >> 1;
  if (turn % 2 === 1) {
    const goes = frees[nth];
    return freeOne(state, goes) ? { gone: goes } : { nothing: true };
  }
  if (state.objects.has(object + nth)) return { nothing: true };
  const answer = mallocOne(state, size, object + nth);
  return typeof answer === "string"
    ? { refused: answer }
    : { came: object + nth, handle: answer };
}

/** Compacts, with `unlocked` called wherever the kernel drops its lock. */
function compact(
  state: PoolState,
  unlocked: () => void,
): ZsmallocResults["compact"] {
  const { pool, mapped } = state;
  const movedBefore = pool.objectsMigrated;
  const unmapped: Unmapped[] = [];
  const compaction = pool.compactSteps();
  let step = compaction.next();
  for (; !step.done; step = compaction.next()) {
    if (!isBlocked(step.value)) {
      unlocked();
      continue;
    }
    for (const [oldest] of mapped) {
      unmapped.push(unmapOne(state, oldest));
      break;
    }
  }
  return {
    pagesFreed: step.value,
    objectsMoved: pool.objectsMigrated - movedBefore,
    unmapped,
  };
}
