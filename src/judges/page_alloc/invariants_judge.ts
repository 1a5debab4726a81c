/** The judge that checks the buddy allocator's invariants on a memory. */
import type { Profile } from "../../linux/profile.ts";
import {
  assertPageAlloc,
  PAGE_ALLOC_INVARIANTS,
} from "../../memory/page_alloc_invariants.ts";
import type { Memory } from "../../memory/memory.ts";
import type { ResultsOf } from "../../programs/program.ts";
import type { Reach } from "../../rules/reach.ts";
import type { Rule } from "../../rules/rule.ts";
import type { Judge } from "../judge.ts";
import { nowAndThen } from "../now_and_then.ts";

/** Rules that speak of kernels whose lists follow pageblocks alone. */
const SORTED = "page_alloc/list-type";

/**
 * The rules under pools of some kernels: their programs have no CMA areas, and
 * of kernels before 6.10 one rule says nothing.
 */
export function poolPageAllocRules(
  profiles: readonly Profile[],
): readonly Rule[] {
  const isSorted = profiles.some(({ release: { pageAlloc } }) =>
    pageAlloc.listsFollowBlocks
  );
  return PAGE_ALLOC_INVARIANTS.filter(({ id }) =>
    !id.includes("cma") && (isSorted || id !== SORTED)
  );
}

/** Frames that are looked through in the time of a step. */
const FRAMES_A_STEP = 8;

/**
 * Checks every rule of the buddy allocator under a target: after each step, or
 * `seldom`, as often as takes no longer than the steps do; and in the end. A
 * memory without zones has none.
 */
export function pageAllocJudge<Steps, Results extends ResultsOf<Steps>>(
  memoryOf: () => Memory | undefined,
  reach: Reach,
  seldom = false,
): Judge<Steps, Results> {
  const isDue = nowAndThen();
  const check = () => {
    const memory = memoryOf();
    if (memory !== undefined) assertPageAlloc(memory, reach);
  };
  return {
    after() {
      const frames = memoryOf()?.buddy?.endPfn;
      if (frames === undefined) return;
      if (!seldom || isDue(frames / FRAMES_A_STEP)) check();
    },
    end: check,
  };
}
