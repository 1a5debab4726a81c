/** Operations of zbud and z3fold that are stopped wherever others may run. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  LINUX_6_1,
  Memory,
  type Profile,
  runToEnd,
  type Wait,
} from "../mod.ts";
import {
  type BuddyAllocator,
  type BuddyPool,
  BuddyStore,
  ID_BYTES,
} from "../src/explore/buddy_store.ts";
import { fuzz } from "./fuzz.ts";

/** Kernels with every page and word size that the allocators are made for. */
export const buddyProfile: fc.Arbitrary<Profile> = fc.record({
  pageSize: fc.constantFrom(4096, 4096, 16384, 65536),
  wordBits: fc.constantFrom(64, 32),
}).map((geometry) => ({ ...LINUX_6_1, ...geometry }));

/** Memories that have enough, run out soon, or fail at a point. */
const anyMemory: fc.Arbitrary<(pageSize: number) => Memory> = fc.record({
  maxPages: fc.constantFrom(3, 20, Infinity),
  failing: fc.nat(30),
}).map(({ maxPages, failing }) => (pageSize) =>
  new Memory({
    pageSize,
    maxPages,
    failPageAlloc: (allocation) => allocation === failing,
  })
);

/** Sizes as shares of the page: small, middling, large ones. */
function sizesOf({ pageSize }: Profile): fc.Arbitrary<number> {
  return fc.oneof(
    fc.integer({ min: ID_BYTES, max: pageSize }),
    fc.integer({ min: ID_BYTES, max: pageSize >> 2 }),
    fc.integer({ min: pageSize - (pageSize >> 4), max: pageSize }),
  );
}

/** Frees whatever is left; nothing may stay allocated. */
function empty<Pool extends BuddyPool>(store: BuddyStore<Pool>): void {
  while (store.objects.size > 0) runToEnd(store.drop(0));
  store.allocator.check(store.pool);
  assertEquals(store.pool.pagesNr, 0);
  assertEquals(store.pool.memory.allocatedPages, 0);
}

/** Something to do to a store, in steps. */
type Operation<Pool extends BuddyPool> = (
  store: BuddyStore<Pool>,
) => Generator<Wait, unknown>;

function anyOperation<Pool extends BuddyPool>(
  allocator: BuddyAllocator<Pool>,
  profile: Profile,
): fc.Arbitrary<Operation<Pool>> {
  return fc.oneof(
    sizesOf(profile).map((size): Operation<Pool> => (store) =>
      store.store(Math.min(size, allocator.maxSize(store.pool)))
    ),
    fc.nat().map((nth): Operation<Pool> => (store) => store.drop(nth)),
    fc.integer({ min: 1, max: 4 }).map((retries): Operation<Pool> => (store) =>
      store.pool.reclaimPageSteps(retries)
    ),
  );
}

/**
 * Starts operations in their order and lets one of those that run go on by a
 * step, as the schedule's numbers choose; checks after every step.
 */
function interleave<Pool extends BuddyPool>(
  store: BuddyStore<Pool>,
  operations: readonly Operation<Pool>[],
  schedule: readonly number[],
): void {
  const waiting = [...operations];
  const running: Generator<Wait, unknown>[] = [];
  for (let step = 0; waiting.length + running.length > 0; step++) {
    const choice = schedule[step % schedule.length];
    const nth = choice % (running.length + Math.min(waiting.length, 1));
    if (nth === running.length) {
      const start = waiting.shift();
      assert(start !== undefined);
      running.push(start(store));
    }
    if (running[nth].next().done) running.splice(nth, 1);
    store.check();
  }
}

/** Operations that are stopped at each wait, in any order of their steps. */
export function fuzzInterleavings<Pool extends BuddyPool>(
  allocator: BuddyAllocator<Pool>,
  numRuns: number,
): void {
  const runs = buddyProfile.chain((profile) =>
    fc.record({
      profile: fc.constant(profile),
      memory: anyMemory,
      operations: fc.array(anyOperation(allocator, profile), {
        maxLength: 60,
        size: "max",
      }),
      schedule: fc.array(fc.nat(), { minLength: 1, maxLength: 60 }),
      refuseEach: fc.nat(4),
    })
  );
  fuzz(
    fc.property(runs, (run) => {
      const memory = run.memory(run.profile.pageSize);
      const store = new BuddyStore(allocator, run.profile, memory);
      store.refuses = (id) => run.refuseEach > 0 && id % run.refuseEach === 0;
      interleave(store, run.operations, run.schedule);
      empty(store);
    }),
    numRuns,
  );
}
