/** The judge that checks the invariants of zbud's and z3fold's models. */
import type {
  BuddyResults,
  BuddyStep,
  BuddySteps,
} from "../../programs/buddy/steps.ts";
import type {
  BuddyAllocator,
  BuddyPool,
} from "../../targets/buddy/allocator.ts";
import type { BuddyTarget } from "../../targets/buddy/model.ts";
import { isRefusal } from "../../targets/target.ts";
import type { Judge } from "../judge.ts";
import { nowAndThen } from "../now_and_then.ts";

/** The rules about a pool, on pages that are noted, or on all. */
export interface TouchedPages {
  /** A page is or will be touched. */
  note(pfn: number): void;
  /** An object was made. */
  noteHandle(handle: number): void;
  /** Checks what was noted. */
  check(): void;
  /** Checks everything. */
  checkAll(): void;
}

/** Steps after which everything is checked, where there are few objects. */
const WHOLE_EACH = 64;

/**
 * Checks the invariants of a target's model: after each step, and while a page
 * is being reclaimed, on the pages that it touched; now and then on the pool.
 */
export function buddyInvariantsJudge<Pool extends BuddyPool>(
  target: BuddyTarget<Pool>,
  allocator: BuddyAllocator<Pool>,
  touchedOf: (pool: Pool) => TouchedPages,
): Judge<BuddySteps, BuddyResults> {
  let touched: TouchedPages | undefined;
  const isDue = nowAndThen();
  /** The pages that wait for the worker. */
  let waiting: number[] = [];

  function create(): void {
    const { model } = target;
    if (model === undefined) return;
    waiting = [];
    touched = touchedOf(model.pool);
    model.watch = (pfn) => {
      touched?.note(pfn);
      touched?.check();
      touched?.note(pfn);
    };
  }

  /** Notes the page of a step's object before it may be gone. */
  function noteObject(step: BuddyStep): void {
    if (!("object" in step)) return;
    const { model } = target;
    const held = model?.objects.get(step.object);
    if (model === undefined || held === undefined) return;
    const { pfn } = allocator.placeOf(model.pool, held.handle);
    touched?.note(pfn);
    if (step.op === "free" && step.later) waiting.push(pfn);
  }

  return {
    before(step) {
      if (step.op === "where" || step.op === "order") return;
      if (target.isStopped) return;
      noteObject(step);
      if (step.op !== "work") return;
      for (const pfn of waiting) touched?.note(pfn);
      waiting = [];
    },
    after(step, answer) {
      if (step.op === "where" || step.op === "order") return;
      if (step.op === "create") return create();
      // The kernel stopped: what it left is not specified.
      if (target.isStopped) touched = undefined;
      if (step.op === "malloc" && !isRefusal(answer)) {
        const held = target.model?.objects.get(step.object);
        if (held !== undefined) touched?.noteHandle(held.handle);
      }
      touched?.check();
      const live = target.model?.objects.size ?? 0;
      if (isDue(Math.max(WHOLE_EACH, live / 8))) touched?.checkAll();
    },
    closing() {
      touched?.checkAll();
      return [];
    },
    end: () => touched?.checkAll(),
  };
}
