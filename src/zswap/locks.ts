/** The locks of zswap, as its release has them. */
import type { ZswapLockNames } from "../linux/zswap_profile.ts";
import { createLock, type Lock, lockOf } from "../rules/lock.ts";
import type { Lockdep } from "../rules/lockdep.ts";
import type { ZswapPool } from "./pools.ts";
import type { SwpEntry } from "./swp_entry.ts";

/** The list of pools, which readers walk under RCU alone. */
export const POOLS = "zswap_pools";

/** Pages that all pools have, and whether they had as many as they may. */
export const POOL_PAGES = "zswap_pool_total_size";

/** Whether the worker is to run. */
export const SHRINK_WORK_PENDING = "zswap_shrink_work";

/** Where a slot's entry is looked for, and what is there. */
export const slotState = ({ type, offset }: SwpEntry): string =>
  `entry of slot ${type}:${offset}`;

/** What an entry has, and the object of its page. */
export const entryState = ({ type, offset }: SwpEntry): string =>
  `page of entry ${type}:${offset}`;

/**
 * zswap's locks, made when they are first asked for. Which there are is a fact
 * of the release: see `ZswapLockNames`.
 */
export class ZswapLocks {
  /** Who is told which thread runs. */
  readonly lockdep: Lockdep;
  /** What covers changes of the list of pools. */
  readonly pools: Lock = createLock("zswap_pools_lock", "spinlock");
  /** What keeps others from the module's parameters (`kernel_param_lock`). */
  readonly parameters: Lock = createLock("param_lock", "mutex");
  /** What covers the worker's place among the memory cgroups. */
  readonly shrink: Lock = createLock("zswap_shrink_lock", "spinlock");
  /** What covers the LRU list, where there is one. */
  readonly lru: Lock | undefined;

  readonly #names: ZswapLockNames;
  readonly #compressors = new Map<string, Lock>();

  /** Nobody holds any. */
  constructor(names: ZswapLockNames, lockdep: Lockdep) {
    this.#names = names;
    this.lockdep = lockdep;
    this.lru = names.lru && createLock(names.lru, "spinlock");
  }

  /** A lock for the entries of a swap type. */
  tree(type: number): Lock {
    return createLock(this.#names.tree, "spinlock", `of type ${type}`);
  }

  /** The buffer and the compressor of a pool, of the CPU that runs. */
  compressor({ tfmName }: ZswapPool): Lock {
    const cpu = Math.max(0, this.lockdep.current);
    const { name, kind } = this.#names.compressor;
    const which = `${tfmName} on CPU ${cpu}`;
    return lockOf(this.#compressors, which, name, kind, "of");
  }

  /** Says that what others look at without a lock is looked at or changed. */
  touch(state: string, isChange: boolean): void {
    this.lockdep.touch(state, isChange);
  }

  /** The same of one of many, whose text is made where somebody looks. */
  touchOf<Of>(state: (of: Of) => string, of: Of, isChange: boolean): void {
    const { lockdep } = this;
    if (lockdep.isWatched) lockdep.touch(state(of), isChange);
  }
}
