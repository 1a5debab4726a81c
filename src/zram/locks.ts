/**
 * The locks of a device: of its slots, of its compression streams, of itself.
 * Which there are and how each is waited for is its release's.
 */
import type { ZramLocking } from "../linux/zram_profile.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { createLock, forgetHolders, type Lock } from "../rules/lock.ts";
import type { Lockdep } from "../rules/lockdep.ts";
import {
  acquire,
  blocked,
  type LockMode,
  release,
  type Stop,
  under,
} from "../rules/stop.ts";
import type { Zram } from "./device.ts";
import { ZRAM_LOCK } from "./slots.ts";

/** A compression stream (`struct zcomp_strm`). */
export interface Stream {
  /** What covers it. */
  readonly lock: Lock;
  /** `zstrm->buffer`: room for a page that does not compress. */
  readonly buffer: Uint8Array<ArrayBuffer>;
}

/** The locks of one device, made as they are first asked for. */
export class ZramLocks {
  /** init_lock, or since 7.0 dev_lock. */
  readonly device: Lock;
  /** What covers whether the disk is open. */
  readonly open: Lock;
  /** wb_limit_lock, where there is one. */
  readonly limit: Lock | undefined;
  readonly #locking: ZramLocking;
  readonly #lockdep: Lockdep;
  readonly #bufferBytes: number;
  /** The one lock of all slots; of any slot, where nobody interleaves. */
  readonly #anySlot: Lock;
  readonly #slots: Lock[] = [];
  readonly #streams: Stream[] = [];

  /** Nobody holds any; each stream has a buffer of so many bytes. */
  constructor(locking: ZramLocking, lockdep: Lockdep, bufferBytes: number) {
    const { slot, device, open, limit } = locking;
    this.#locking = locking;
    this.#lockdep = lockdep;
    this.#bufferBytes = bufferBytes;
    this.device = createLock(device, "rw_semaphore");
    this.open = createLock(open, "mutex");
    this.limit = limit
      ? createLock("zram->wb_limit_lock", "spinlock")
      : undefined;
    this.#anySlot = createLock(slot.name, slot.kind);
  }

  /**
   * What covers a slot. Where nobody interleaves operations nobody keeps its
   * holders either, so that one stands for all.
   */
  slot(page: number): Lock {
    const { name, kind, per } = this.#locking.slot;
    if (per === "device" || !this.#lockdep.isWatched) return this.#anySlot;
    this.#slots[page] ??= createLock(name, kind, `of slot ${page}`);
    return this.#slots[page];
  }

  /** Nobody holds any of the locks any more. */
  forgetHolders(): void {
    const { device, open, limit } = this;
    [device, open, this.#anySlot].forEach(forgetHolders);
    if (limit !== undefined) forgetHolders(limit);
    // Both have holes, which are passed over.
    this.#slots.forEach(forgetHolders);
    this.#streams.forEach(({ lock }) => forgetHolders(lock));
  }

  /** The stream of a priority on the CPU that runs: each thread has its own. */
  stream(priority: number): Stream {
    const { name, kind, per } = this.#locking.stream;
    const cpu = per === "device" ? 0 : Math.max(this.#lockdep.current, 0);
    const nth = cpu * 4 + priority;
    this.#streams[nth] ??= {
      lock: this.#locking.slot.name === name
        ? this.#anySlot
        : createLock(name, kind, per === "cpu" ? `of CPU ${cpu}` : ""),
      buffer: new Uint8Array(this.#bufferBytes),
    };
    return this.#streams[nth];
  }
}

/** The file that was set, as something that is looked at and changed. */
export const BACKING_DEV = "zram->backing_dev";

/** The table of slots, as something that is looked at and freed. */
export const TABLE = "zram->table";

/**
 * Takes a slot's lock. Throws a {@linkcode KernelBug} where the table has no
 * such slot any more. Specifies `slot_lock` (`zram_slot_lock` up to 6.19).
 */
export function* lockSlot(
  zram: Zram,
  page: number,
  where: string,
): Generator<Stop, void> {
  yield acquire(zram.locks.slot(page), where);
  // The mark of whoever stopped amid its work, where nobody keeps locks.
  while (zram.slots.has(page, ZRAM_LOCK)) {
    yield blocked("zram_slot_lock: the slot is locked");
  }
  assertSlotThere(zram, page, where);
}

/** Lets it go (`slot_unlock`). */
export function unlockSlot(zram: Zram, page: number, where: string): Stop {
  return release(zram.locks.slot(page), where);
}

/** Does a section under a slot's lock. */
export function* underSlot<Result>(
  zram: Zram,
  page: number,
  where: string,
  section: () => Result,
): Generator<Stop, Result> {
  yield* lockSlot(zram, page, where);
  const result = section();
  yield unlockSlot(zram, page, where);
  return result;
}

/** Throws where a page's slot is in no table: that was freed, or is smaller. */
export function assertSlotThere(
  { slots, lockdep }: Zram,
  page: number,
  where: string,
): void {
  lockdep.touch(TABLE, false);
  if (page < slots.length) return;
  const what = slots.length === 0
    ? "use the table of slots after it was freed"
    : `use slot ${page} of a table of ${slots.length}`;
  throw new KernelBug(where, what);
}

/** Throws where the thread that runs does not hold the lock of a slot. */
export function assertSlotHeld(
  { locks, lockdep }: Zram,
  page: number,
  where: string,
): void {
  lockdep.assertHeld(locks.slot(page), where);
}

/** Does a section under the device's lock. */
export function underDevice<Result>(
  { locks }: Zram,
  mode: LockMode,
  where: string,
  section: () => Result,
): Generator<Stop, Result> {
  return under(locks.device, where, section, mode);
}

/** Does a section under the limit's lock, where it has one. */
export function* underLimit<Result>(
  { locks: { limit } }: Zram,
  where: string,
  section: () => Result,
): Generator<Stop, Result> {
  return limit === undefined ? section() : yield* under(limit, where, section);
}
