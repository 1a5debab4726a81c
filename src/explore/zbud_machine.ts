/** The state machine of zbud. */
import { checkZbud } from "../zbud/invariants.ts";
import { ZbudPool } from "../zbud/pool.ts";
import { buddyMachine, type BuddyProgram } from "./buddy_machine.ts";
import type { BuddyAllocator } from "./buddy_store.ts";
import type { Machine } from "./machine.ts";

/** zbud, as its machine sees it. */
export const zbudAllocator: BuddyAllocator<ZbudPool> = {
  create: (profile, memory, evict) => new ZbudPool(profile, { memory, evict }),
  check: checkZbud,
  oldestFirst: (pool) => [...pool.lru.pagesIn(0)].reverse(),
  pfnOf: (pool, handle) => pool.pages.pfnOf(handle),
  // The first object of a page has the lower address.
  evictionRank: (_pool, handle) => handle,
  isPassedBy: () => false,
  maxSize: (pool) => pool.pages.maxSize,
  // deno-lint-ignore require-yield
  *freeSteps(pool, handle) {
    pool.free(handle);
  },
};

/** zbud gives back what was put in and evicts in order. */
export const zbudMachine: Machine<BuddyProgram> = buddyMachine(
  "zbud",
  "zbud gives back what was put in, keeps its pages in the order of touching, evicts the oldest and refuses as it must.",
  zbudAllocator,
);
