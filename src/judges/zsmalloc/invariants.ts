/**
 * Judging the model of zsmalloc by its invariants: on what each step touched
 * after the step, and the whole list on the whole pool now and then.
 */
import type {
  ZsmallocResults,
  ZsmallocStep,
  ZsmallocSteps,
} from "../../programs/zsmalloc/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import { isRefusal } from "../../targets/target.ts";
import type { ZsmallocModel } from "../../targets/zsmalloc/pool_target.ts";
import { checkDestroyed } from "../../zsmalloc/destroy_invariants.ts";
import { HANDLE_CLASS_INVARIANT } from "../../zsmalloc/free.ts";
import type { ClassBefore } from "../../zsmalloc/object_invariants.ts";
import type { ZsPool } from "../../zsmalloc/pool.ts";
import type { PoolBefore } from "../../zsmalloc/pool_before.ts";
import { type FreeBefore, TouchedCheck } from "../../zsmalloc/touched_check.ts";
import type { Errno } from "../../linux/errno.ts";
import { type Judge, type JudgeTable, judging } from "../judge.ts";
import { nowAndThen } from "../now_and_then.ts";
import { givenBy } from "./contract.ts";

/** The least steps between two checks of the whole pool. */
const LEAST_STEPS = 256;
/** Objects that are checked in the time of one step. */
const OBJECTS_A_STEP = 8;

/** What is remembered of a pool while a step is done. */
type Before =
  | { readonly malloc: ClassBefore }
  | { readonly free: FreeBefore | undefined }
  | { readonly compaction: PoolBefore }
  | { readonly migration: PoolBefore; readonly from: number }
  | undefined;

/** A judge that looks into the model which answers. */
export function zsmallocInvariants(
  model: ZsmallocModel,
  reach: Reach,
): Judge<ZsmallocSteps, ZsmallocResults> {
  let check: TouchedCheck | undefined;
  let before: Before;
  let destroyed: ZsPool | undefined;
  const isDue = nowAndThen();
  let turns = 0;
  model.whenUnlocked(() => {
    // Ever more seldom: each looks at the whole pool.
    if (Number.isInteger(Math.log2(++turns))) check?.checkAll();
  });
  const whole = () => check?.checkAll();
  const afterCompaction = (pagesFreed: number, isDisturbed: boolean) => {
    if (before === undefined || !("compaction" in before)) return;
    if (isDisturbed) whole();
    else check?.afterCompaction(before.compaction, pagesFreed);
  };
  const table: JudgeTable<ZsmallocSteps, ZsmallocResults> = {
    create() {
      const { pool } = model;
      check = pool === undefined ? undefined : new TouchedCheck(pool, reach);
    },
    malloc({ count }, answer) {
      if (before === undefined || !("malloc" in before)) return;
      const { handles, refused } = givenBy(answer);
      if (count === undefined) {
        // The model's handles are numbers, its refusals errnos.
        const given = (refused ?? handles[0]) as number | Errno;
        check?.afterMalloc(before.malloc, given);
      } else {
        check?.afterMallocs(before.malloc, handles.map(Number));
      }
    },
    free() {
      if (before !== undefined && "free" in before) {
        check?.afterFree(before.free);
      }
    },
    compact(_step, answer) {
      if (isRefusal(answer)) return;
      const { pagesFreed, unmapped = [] } = answer;
      afterCompaction(pagesFreed, unmapped.length > 0);
    },
    compact_around: whole,
    isolate({ object }) {
      const handle = model.handleOf(object);
      if (handle !== undefined) check?.noteObject(handle);
      check?.checkNoted();
    },
    compact_memory: whole,
    migrate_isolated: whole,
    putback: whole,
    free_deferred: whole,
    free_around() {
      whole();
      const { pool } = model;
      if (pool?.profile.freeing === "cell" && pool.geometry.objClassBits > 0) {
        reach.count(HANDLE_CLASS_INVARIANT);
      }
    },
    shrink(_step, answer) {
      if (isRefusal(answer)) return;
      const { scanned } = answer;
      afterCompaction(scanned === "stop" ? 0 : scanned, false);
    },
    migrate({ object }, answer) {
      const handle = model.handleOf(object);
      if (before === undefined || !("migration" in before)) return;
      if (model.pool === undefined || handle === undefined) return;
      const { migration, from } = before;
      const to = model.pool.handles.pfnOf(handle);
      const isMoved = answer === undefined;
      check?.afterMigration(migration, from, isMoved ? to : "EINVAL");
    },
    destroy(_step, answer) {
      check = undefined;
      if (destroyed === undefined || isRefusal(answer)) return;
      checkDestroyed(destroyed, answer.leaked, reach);
    },
  };
  const after = judging<ZsmallocSteps, ZsmallocResults>(table);
  return {
    before(step) {
      before = check === undefined ? undefined : remembered(model, check, step);
      destroyed = step.op === "destroy" ? model.pool : undefined;
      turns = 0;
    },
    after(step, answer) {
      after(step, answer);
      const live = model.pool?.handles.allocated ?? 0;
      if (isDue(LEAST_STEPS + live / OBJECTS_A_STEP)) whole();
    },
    end: whole,
  };
}

/** What there is to remember before a step that is to be judged. */
function remembered(
  model: ZsmallocModel,
  check: TouchedCheck,
  step: ZsmallocStep,
): Before {
  switch (step.op) {
    case "malloc":
      return { malloc: check.beforeMalloc(step.size) };
    case "free": {
      const named = typeof step.object === "number"
        ? [step.object]
        : step.object;
      const handles = named.flatMap((object) => model.handleOf(object) ?? []);
      const isKept = handles.length === 1 &&
        model.pool?.mappings.isMapped(handles[0]);
      return isKept ? undefined : { free: check.beforeFree(handles) };
    }
    case "isolate": {
      const handle = model.handleOf(step.object);
      if (handle !== undefined) check.noteObject(handle);
      return undefined;
    }
    case "compact":
    case "shrink":
      return { compaction: check.beforeCompaction() };
    case "migrate": {
      const handle = model.handleOf(step.object);
      const from = handle === undefined
        ? undefined
        : model.pool?.handles.pfnOf(handle);
      return from === undefined
        ? undefined
        : { migration: check.beforeMigration(from), from };
    }
    default:
      return undefined;
  }
}
