/**
 * Judging the model of zsmalloc by its invariants: on what each step touched
 * after the step, and the whole list on the whole pool now and then.
 */
import type {
  ZsmallocResults,
  ZsmallocSteps,
} from "../../programs/zsmalloc/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import type { ZsmallocModel } from "../../targets/zsmalloc/pool_target.ts";
import { checkDestroyed } from "../../zsmalloc/destroy_invariants.ts";
import { HANDLE_CLASS_INVARIANT } from "../../zsmalloc/free.ts";
import { TouchedCheck } from "../../zsmalloc/touched_check.ts";
import type { Errno } from "../../linux/errno.ts";
import type { Judge } from "../judge.ts";
import { nowAndThen } from "../now_and_then.ts";
import { givenBy } from "./contract.ts";

/** The least steps between two checks of the whole pool. */
const LEAST_STEPS = 256;
/** Objects that are checked in the time of one step. */
const OBJECTS_A_STEP = 8;

/** Looks at the pool before a step; what it gives looks at it after the step. */
type Look<Step, Answer> = (
  step: Step,
  check: TouchedCheck,
) => ((answer: Answer) => void) | undefined;

/** How the pool is looked at around each operation. */
type Looks = {
  readonly [Op in keyof ZsmallocSteps]?: Look<
    ZsmallocSteps[Op],
    ZsmallocResults[Op] | Refusal
  >;
};

/** A judge that looks into the model which answers. */
export function zsmallocInvariants(
  model: ZsmallocModel,
  reach: Reach,
): Judge<ZsmallocSteps, ZsmallocResults> {
  let check: TouchedCheck | undefined;
  let after: ((answer: never) => void) | undefined;
  const isDue = nowAndThen();
  let turns = 0;
  model.whenUnlocked(() => {
    // Ever more seldom: each looks at the whole pool.
    if (Number.isInteger(Math.log2(++turns))) check?.checkAll();
  });
  const whole = () => check?.checkAll();
  const looks = looksInto(model, reach);
  return {
    before(step) {
      turns = 0;
      const look: Look<never, never> | undefined = looks[step.op];
      // The entry of an operation takes the steps of that operation.
      after = check && look?.(step as never, check);
    },
    after(step, answer) {
      if (step.op === "create") {
        check = model.pool && new TouchedCheck(model.pool, reach);
      }
      // The answer is of the step that was looked at.
      after?.(answer as never);
      if (step.op === "destroy") check = undefined;
      const live = model.pool?.handles.allocated ?? 0;
      if (isDue(LEAST_STEPS + live / OBJECTS_A_STEP)) whole();
    },
    end: whole,
  };
}

function looksInto(model: ZsmallocModel, reach: Reach): Looks {
  const atWhole = (_step: unknown, check: TouchedCheck) => () =>
    check.checkAll();
  return {
    malloc({ size, count }, check) {
      const before = check.beforeMalloc(size);
      return (answer) => {
        const { handles, refused } = givenBy(answer);
        if (count !== undefined) {
          return check.afterMallocs(before, handles.map(Number));
        }
        // The model's handles are numbers, its refusals errnos.
        check.afterMalloc(before, (refused ?? handles[0]) as number | Errno);
      };
    },
    free({ object }, check) {
      const handles = [object].flat()
        .flatMap((one) => model.handleOf(one) ?? []);
      const isKept = handles.length === 1 &&
        model.pool?.mappings.isMapped(handles[0]);
      if (isKept) return undefined;
      const before = check.beforeFree(handles);
      return () => check.afterFree(before);
    },
    compact(_step, check) {
      const before = check.beforeCompaction();
      return (answer) => {
        if (isRefusal(answer)) return;
        const { pagesFreed, unmapped = [] } = answer;
        if (unmapped.length > 0) check.checkAll();
        else check.afterCompaction(before, pagesFreed);
      };
    },
    shrink(_step, check) {
      const before = check.beforeCompaction();
      return (answer) => {
        if (isRefusal(answer)) return;
        const { scanned } = answer;
        check.afterCompaction(before, scanned === "stop" ? 0 : scanned);
      };
    },
    isolate({ object }, check) {
      const handle = model.handleOf(object);
      const note = () => {
        if (handle !== undefined) check.noteObject(handle);
      };
      note();
      return () => {
        note();
        check.checkNoted();
      };
    },
    migrate({ object }, check) {
      const handle = model.handleOf(object);
      const { pool } = model;
      if (handle === undefined || pool === undefined) return undefined;
      const from = pool.handles.pfnOf(handle);
      const before = check.beforeMigration(from);
      return (answer) => {
        const isMoved = answer === undefined;
        const to = isMoved ? pool.handles.pfnOf(handle) : "EINVAL";
        check.afterMigration(before, from, to);
      };
    },
    free_around(_step, check) {
      return () => {
        check.checkAll();
        const { pool } = model;
        const { freeing } = pool?.profile ?? {};
        if (freeing === "cell" && pool?.geometry.objClassBits) {
          reach.count(HANDLE_CLASS_INVARIANT);
        }
      };
    },
    destroy() {
      const { pool } = model;
      return (answer) => {
        if (pool === undefined || isRefusal(answer)) return;
        checkDestroyed(pool, answer.leaked, reach);
      };
    },
    compact_around: atWhole,
    compact_memory: atWhole,
    migrate_isolated: atWhole,
    putback: atWhole,
    free_deferred: atWhole,
  };
}
