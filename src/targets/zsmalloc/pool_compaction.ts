/** How the model's pool is compacted by a program: alone, or with others. */
import type {
  Again,
  Turn,
  Unmapped,
  ZsmallocResults,
  ZsmallocSteps,
} from "../../programs/zsmalloc/steps.ts";
import { isBlocked } from "../../rules/stop.ts";
import { sleepingStops } from "../../rules/unlocked.ts";
import { freeOne, mallocOne, type PoolState, unmapOne } from "./pool_state.ts";

/** Compacts, with others at work wherever the kernel drops its lock. */
export function compactAround(
  state: PoolState,
  step: ZsmallocSteps["compact_around"],
): ZsmallocResults["compact_around"] {
  const turns: Turn[] = [];
  let asked = 0;
  const { contended } = step;
  const isContended = () =>
    contended !== undefined && ++asked % contended === 0;
  const unlocked = () => {
    state.whenUnlocked();
    turns.push(takeTurn(state, step, turns.length));
  };
  const done = compact(state, { unlocked, isContended });
  return { ...done, turns };
}

/** In turn, the pool is compacted again, an object comes, and another goes. */
function takeTurn(
  state: PoolState,
  { size, object, frees, again }: ZsmallocSteps["compact_around"],
  turn: number,
): Turn {
  const kinds = again === undefined ? 2 : 3;
  const nth = Math.floor(turn / kinds);
  if (again !== undefined && turn % kinds === 0) {
    return compactAgain(state, again);
  }
  if (turn % kinds === kinds - 1) {
    const goes = frees[nth];
    return freeOne(state, goes) ? { gone: goes } : { nothing: true };
  }
  if (state.objects.has(object + nth)) return { nothing: true };
  const answer = mallocOne(state, size, object + nth);
  return typeof answer === "string"
    ? { refused: answer }
    : { came: object + nth, handle: answer };
}

/** Compacts a pool that is being compacted. */
function compactAgain(state: PoolState, again: Again): Turn {
  if (again === "compact") return { again: compact(state) };
  const { pool, mapped } = state;
  if (mapped.size > 0) return { nothing: true };
  const before = pool.objectsMigrated;
  const pagesFreed = pool.shrinkerScan();
  if (pagesFreed === "stop") return { again: "stop" };
  const objectsMoved = pool.objectsMigrated - before;
  return { again: { pagesFreed, objectsMoved, unmapped: [] } };
}

/** What others do while a pool is compacted. */
interface Others {
  /** Called wherever the kernel drops its lock. */
  readonly unlocked?: () => void;
  /** Whether somebody else wants the lock. */
  readonly isContended?: () => boolean;
  /** Ends what it waits for, where nothing is mapped. */
  readonly finish?: () => void;
}

/** Compacts; what it waits for is unmapped, and then finished. */
export function compact(
  state: PoolState,
  { unlocked, isContended, finish }: Others = {},
): ZsmallocResults["compact"] {
  const { pool, mapped } = state;
  const movedBefore = pool.objectsMigrated;
  const unmapped: Unmapped[] = [];
  const compaction = sleepingStops(pool.compactSteps(isContended));
  let step = compaction.next();
  for (; !step.done; step = compaction.next()) {
    if (!isBlocked(step.value)) {
      unlocked?.();
      continue;
    }
    const [oldest] = mapped.keys();
    if (oldest === undefined) finish?.();
    else unmapped.push(unmapOne(state, oldest));
  }
  return {
    pagesFreed: step.value,
    objectsMoved: pool.objectsMigrated - movedBefore,
    unmapped,
  };
}
