/** The locks of the swap path, as its release has them. */
import type { SwapLockNames } from "../linux/swap_profile.ts";
import { createLock, type Lock, lockOf } from "../rules/lock.ts";
import type { Lockdep } from "../rules/lockdep.ts";
import {
  acquire,
  blocked,
  release,
  type Stop,
  trylock,
} from "../rules/stop.ts";
import type { SwapCachePage } from "./swap_type.ts";
import type { AnonPage } from "./anon_page.ts";
import type { Swap } from "./swap.ts";

/** A page table's entry, which a fault looks at before it takes a lock. */
export const tableState = (
  { process, number }: Pick<AnonPage, "process" | "number">,
): string => `page table entry of page ${number} of process ${process}`;

/** What the swap cache has for a slot. */
export const cacheState = (type: number, offset: number): string =>
  `swap cache of slot ${type}:${offset}`;

/** Whether a page is on its way to the device (PG_writeback). */
export const writebackState = (pfn: number): string =>
  `PG_writeback of page ${pfn}`;

/** Whether a frame is mapped (`_mapcount`). */
export const mappedState = (pfn: number): string => `mapcount of page ${pfn}`;

/** Which devices are on. */
export const SWAP_INFO = "swap_info";

/**
 * The swap path's locks, made when they are first asked for. Which there are is
 * a fact of the release: see `SwapLockNames`.
 */
export class SwapLocks {
  /** Who is told which thread runs. */
  readonly lockdep: Lockdep;
  /** What keeps swapon and swapoff from each other. */
  readonly swapon: Lock = createLock("swapon_mutex", "mutex");

  readonly #names: SwapLockNames;
  readonly #tables = new Map<number, Lock>();
  readonly #pages = new Map<number, Lock>();
  readonly #slots = new Map<number, Lock>();

  /** Nobody holds any. */
  constructor(names: SwapLockNames, lockdep: Lockdep) {
    this.#names = names;
    this.lockdep = lockdep;
  }

  /** The lock of a process's page table. */
  table({ process }: Pick<AnonPage, "process">): Lock {
    return lockOf(
      this.#tables,
      process,
      "ptl",
      "spinlock",
      "of process",
    );
  }

  /** The lock of a frame (PG_locked). */
  page(pfn: number): Lock {
    return lockOf(this.#pages, pfn, "PG_locked", "bit_wait", "of page");
  }

  /** What covers the slots of a type, and its part of the swap cache. */
  slots(type: number): Lock {
    return lockOf(
      this.#slots,
      type,
      this.#names.slots,
      "spinlock",
      "of type",
    );
  }

  /** Says that what others look at without a lock is looked at or changed. */
  touch(state: string, isChange: boolean): void {
    this.lockdep.touch(state, isChange);
  }
}

/** Locks a page of the swap cache (`folio_lock`). */
export function* lockPage(
  { locks }: Swap,
  page: SwapCachePage,
  where: string,
): Generator<Stop, void> {
  yield acquire(locks.page(page.pfn), where);
  while (page.locked) {
    yield blocked(`${where}: waits for the page's lock`);
  }
  page.locked = true;
}

/** Locks it if nobody has it locked; answers whether it did. */
export function* tryLockPage(
  { locks }: Swap,
  page: SwapCachePage,
  where: string,
): Generator<Stop, boolean> {
  const lock = locks.page(page.pfn);
  const isTaken = yield trylock(lock, where);
  if (isTaken === false) return false;
  if (page.locked) {
    yield release(lock, where);
    return false;
  }
  page.locked = true;
  return true;
}

/** Unlocks it (`folio_unlock`). */
export function* unlockPage(
  { locks }: Swap,
  page: SwapCachePage,
  where: string,
): Generator<Stop, void> {
  page.locked = false;
  yield release(locks.page(page.pfn), where);
}
