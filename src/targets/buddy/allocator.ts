/** What is seen of zbud and of z3fold, so that one target does for both. */
import type { Errno } from "../../linux/errno.ts";
import type { Profile } from "../../linux/profile.ts";
import type { Memory } from "../../memory/memory.ts";
import type { BuddyPlace } from "../../programs/buddy/steps.ts";
import type { Stop } from "../../rules/stop.ts";
import type { Evict, ReclaimErrno } from "../../zbud/driver.ts";
import { ZbudPool } from "../../zbud/pool.ts";
import { Z3foldPool } from "../../z3fold/pool.ts";
import { Z3FOLD_BUDDY_NAMES } from "../../z3fold/z3fold_page.ts";

/** What both have of a pool. */
export interface BuddyPool {
  /** The frames below. */
  readonly memory: Memory;
  /** Pages of the pool. */
  readonly pagesNr: number;
  /** Allocates an object. */
  alloc(size: number): number | Errno;
  /** Frees an object, and what the kernel leaves to a worker with it. */
  free(handle: number): void;
  /** The bytes of an object, which stays where it is until it is unmapped. */
  map(handle: number): Uint8Array;
  /** Fills `into` from an object. */
  read(handle: number, into: Uint8Array): Uint8Array;
  /** Writes to an object. */
  write(handle: number, data: Uint8Array): void;
  /** Frees a page by evicting its objects. */
  reclaimPage(retries: number): ReclaimErrno | undefined;
}

/** What a pool is made with. */
export interface BuddySetup {
  /** Where it takes its frames from. */
  readonly memory: Memory;
  /** Evicts an object. */
  readonly evict: Evict;
  /** Called before each allocation of slots; where it answers true, that fails. */
  readonly failslab: () => boolean;
}

/** One of the two allocators, and what has to be seen inside it. */
export interface BuddyAllocator<Pool extends BuddyPool> {
  /** An empty pool. */
  create(profile: Profile, setup: BuddySetup): Pool;
  /** Frees an object, stopping where the kernel leaves work to another. */
  freeSteps(pool: Pool, handle: number): Generator<Stop, void>;
  /** Ends a mapping. */
  unmap(pool: Pool, handle: number): void;
  /** Where an object is. */
  placeOf(pool: Pool, handle: number): BuddyPlace;
  /** The physical address of an object, or of one to be evicted. */
  addressOf(pool: Pool, handle: number): number;
  /** The pages of the LRU list, the oldest first. */
  oldestFirst(pool: Pool): number[];
  /** Structures of slots that are allocated. */
  slots(pool: Pool): number;
}

/** zbud: a handle is an address, and no object moves. */
export const zbudAllocator: BuddyAllocator<ZbudPool> = {
  create: (profile, setup) => new ZbudPool(profile, setup),
  // deno-lint-ignore require-yield
  *freeSteps(pool, handle) {
    pool.free(handle);
  },
  unmap() {},
  placeOf({ pages }, handle) {
    return {
      handle,
      pfn: pages.pfnOf(handle),
      buddy: pages.buddyOf(handle),
      offset: handle % pages.memory.pageSize,
    };
  },
  addressOf: (_pool, handle) => handle,
  oldestFirst: (pool) => [...pool.lru?.pagesIn(0) ?? []].reverse(),
  slots: () => 0,
};

/** z3fold: a handle leads to a slot, and objects move. */
export const z3foldAllocator: BuddyAllocator<Z3foldPool> = {
  create: (profile, setup) => new Z3foldPool(profile, setup),
  *freeSteps(pool, handle) {
    const work = pool.freeLater(handle);
    if (work === undefined) return;
    yield "z3fold_free: page unlocked, do_compact_page queued on compact_wq";
    work();
  },
  unmap: (pool, handle) => pool.unmap(handle),
  placeOf({ handles, memory }, handle) {
    const { pfn, buddy, address } = handles.decode(handle);
    return {
      handle,
      pfn,
      buddy: Z3FOLD_BUDDY_NAMES[buddy],
      offset: address % memory.pageSize,
    };
  },
  addressOf: ({ handles }, handle) => handles.decode(handle).address,
  oldestFirst: (pool) => [...pool.lists.lru],
  slots: (pool) => pool.slots.allocated,
};
