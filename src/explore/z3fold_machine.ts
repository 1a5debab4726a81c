/** The state machine of z3fold. */
import { checkZ3fold } from "../z3fold/invariants.ts";
import { Z3foldPool } from "../z3fold/pool.ts";
import { Z3FOLD_BUDDY_NAMES } from "../z3fold/z3fold_page.ts";
import { buddyMachine, type BuddyProgram } from "./buddy_machine.ts";
import type { BuddyAllocator } from "./buddy_store.ts";
import type { Machine } from "./machine.ts";

const EVICTION_ORDER = ["MIDDLE", "FIRST", "LAST"];

/** Which of its page's objects the one of a handle is. */
function buddyOf(pool: Z3foldPool, handle: number): string {
  return Z3FOLD_BUDDY_NAMES[pool.handles.decode(handle).buddy];
}

function pfnOf(pool: Z3foldPool, handle: number): number {
  return pool.handles.decode(handle).pfn;
}

/** Whether a page is one object's alone. */
function isHeadless(pool: Z3foldPool, pfn: number): boolean {
  return [...pool.handles.given].some((handle) =>
    pfnOf(pool, handle) === pfn && buddyOf(pool, handle) === "HEADLESS"
  );
}

/** z3fold, as its machine sees it. */
export const z3foldAllocator: BuddyAllocator<Z3foldPool> = {
  create: (profile, memory, evict) =>
    new Z3foldPool(profile, { memory, evict }),
  check: checkZ3fold,
  oldestFirst: (pool) => [...pool.lists.lru],
  pfnOf,
  evictionRank: (pool, handle) => EVICTION_ORDER.indexOf(buddyOf(pool, handle)),
  isPassedBy: (pool, pfn) =>
    !isHeadless(pool, pfn) && pool.pages.foreignHandles(pfn) > 0,
  maxSize: (pool) => pool.memory.pageSize,
  freeSteps: (pool, handle) => pool.freeSteps(handle),
};

/** z3fold gives back what was put in and evicts in order. */
export const z3foldMachine: Machine<BuddyProgram> = buddyMachine(
  "z3fold",
  "z3fold gives back what was put in, keeps its pages in the order of touching, evicts the oldest that it may and refuses as it must.",
  z3foldAllocator,
);
