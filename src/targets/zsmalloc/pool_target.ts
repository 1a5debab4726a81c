/** The model of zsmalloc as a target of programs: it can do every operation. */
import type { Profile } from "../../linux/profile.ts";
import { Memory } from "../../memory/memory.ts";
import { buddyAsked } from "../../programs/zones.ts";
import { kernelAsked } from "../../programs/kernel.ts";
import type {
  ZsmallocCreate,
  ZsmallocResults,
  ZsmallocSteps,
} from "../../programs/zsmalloc/steps.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { type Outcome, SKIPPED, type StepTarget } from "../step_target.ts";
import { Faults } from "../faults.ts";
import type { PoolState } from "./pool_state.ts";
import { POOL_STEPS } from "./pool_steps.ts";

/** The model, and what its judges look at. */
export interface ZsmallocModel
  extends StepTarget<ZsmallocSteps, ZsmallocResults> {
  /** The pool that is there. */
  readonly pool: ZsPool | undefined;
  /** The handle of an object that is there. */
  handleOf(object: number): number | undefined;
  /** Has `run` called wherever a compaction has dropped its lock. */
  whenUnlocked(run: () => void): void;
  /** Does a step, at once. */
  ask(
    step: Parameters<StepTarget<ZsmallocSteps, ZsmallocResults>["ask"]>[0],
  ): Outcome<ZsmallocResults[keyof ZsmallocResults]>;
}

/** The model of a kernel, before the first `create`. */
export function zsmallocModel(profile: Profile): ZsmallocModel {
  let state: PoolState | undefined;
  let unlocked = () => {};
  return {
    ask(step) {
      if (step.op === "create") {
        state = createPool(profile, step, () => unlocked());
        return undefined;
      }
      if (state === undefined) return SKIPPED;
      // The entry of an operation takes the steps of that operation.
      const outcome = POOL_STEPS[step.op](state, step as never);
      if (step.op === "destroy" && outcome !== SKIPPED) state = undefined;
      return outcome;
    },
    get pool() {
      return state?.pool;
    },
    handleOf: (object) => state?.objects.get(object)?.handle,
    whenUnlocked(run) {
      unlocked = run;
    },
  };
}

function createPool(
  profile: Profile,
  create: ZsmallocCreate,
  whenUnlocked: () => void,
): PoolState {
  const faults = new Faults<"frame" | "cell">();
  const { pageSize, maxPages = Infinity, firstPfn = 1, buddy } = create;
  const memory = new Memory({
    pageSize,
    maxPages,
    firstPfn,
    buddy: buddyAsked(profile.release.pageAlloc, buddy, firstPfn),
    failPageAlloc: () => faults.strikes("frame"),
  });
  const pool = new ZsPool(kernelAsked(profile, create), {
    memory,
    failslab: () => faults.strikes("cell"),
  });
  return {
    pool,
    faults,
    objects: new Map(),
    mapped: new Map(),
    locked: new Map(),
    isolated: new Map(),
    scratch: new Uint8Array(pageSize),
    whenUnlocked,
    freed: undefined,
    unmapped: undefined,
  };
}
