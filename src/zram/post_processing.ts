/**
 * Post-processing: slots that wait to be written back or recompressed, those
 * with the largest objects first.
 */
import type { Errno } from "../linux/errno.ts";
import type { Memory } from "../memory/memory.ts";
import { NO_PAGE } from "../memory/memory.ts";
import { acquire, blocked, release, type Stop, writes } from "../rules/stop.ts";
import type { Zram } from "./device.ts";
import { underSlot } from "./locks.ts";
import { type Slots, ZRAM_PP_SLOT } from "./slots.ts";

/** PP_BUCKET_SIZE_RANGE: bytes of size that share a bucket. */
const PP_BUCKET_SIZE_RANGE = 64;

/**
 * Slots in buckets by the size of their objects; in a bucket the one that was
 * placed last comes first. Specifies `struct zram_pp_ctl`, since 6.13.
 */
export class PpCtl {
  readonly #slots: Slots;
  /** Those buckets that a slot was placed in. */
  readonly #buckets: (number[] | undefined)[];

  /** No slot waits. */
  constructor(slots: Slots, pageSize: number) {
    this.#slots = slots;
    this.#buckets = Array(pageSize / PP_BUCKET_SIZE_RANGE + 1);
  }

  /** Adds a slot and marks it (`place_pp_slot`). */
  place(slot: number): void {
    const bucket = Math.floor(this.#slots.size(slot) / PP_BUCKET_SIZE_RANGE);
    (this.#buckets[bucket] ??= []).push(slot);
    this.#slots.setFlag(slot, ZRAM_PP_SLOT);
  }

  /** The slot to process next, which stays (`select_pp_slot`). */
  select(): number | undefined {
    return this.#highest()?.at(-1);
  }

  /** Takes the slot that was selected away, its mark left on it. */
  takeSelected(): number | undefined {
    return this.#highest()?.pop();
  }

  #highest(): number[] | undefined {
    for (let nth = this.#buckets.length - 1; nth >= 0; nth--) {
      const bucket = this.#buckets[nth];
      if (bucket !== undefined && bucket.length > 0) return bucket;
    }
  }

  /** Takes all slots away, and their marks, of an operation that is given up. */
  release(): void {
    for (;;) {
      const slot = this.takeSelected();
      if (slot === undefined) return;
      this.#slots.clearFlag(slot, ZRAM_PP_SLOT);
    }
  }
}

/** What says that a post-processing runs, as something that is looked at and changed. */
const PP_IN_PROGRESS = "zram->pp_in_progress";

/**
 * Runs a post-processing under the device's lock: shared, or since 7.0 alone.
 * Specifies the taking of `init_lock` and `dev_lock` in `writeback_store` and
 * `recompress_store`.
 */
export function* underPostProcessing<Result>(
  zram: Zram,
  where: string,
  run: () => Generator<Stop, Result>,
): Generator<Stop, Result> {
  const isAlone = zram.profile.zram.postProcessing === "one-after-another";
  const mode = isAlone ? "exclusive" : "shared";
  yield acquire(zram.locks.device, where, mode);
  // The mark of whoever stopped amid its work, where nobody keeps locks.
  while (isAlone && zram.ppInProgress) {
    yield blocked("dev_lock: a writeback or a recompression holds it");
  }
  const result = yield* run();
  yield release(zram.locks.device, where, mode);
  return result;
}

/**
 * Runs what is between the setting of `pp_in_progress` and its clearing, and
 * keeps `reset` off: EAGAIN where another runs and this kernel does not wait.
 */
export function* inPostProcessing(
  zram: Zram,
  where: string,
  run: () => Generator<Stop, Errno | undefined>,
): Generator<Stop, Errno | undefined> {
  const isMarked = zram.profile.zram.postProcessing === "one-or-EAGAIN";
  if (isMarked) yield writes(PP_IN_PROGRESS, where);
  if (isMarked && zram.ppInProgress) return "EAGAIN";
  zram.ppInProgress = true;
  zram.initLockReaders++;
  try {
    const errno = yield* run();
    if (isMarked) yield writes(PP_IN_PROGRESS, where);
    return errno;
  } finally {
    zram.ppInProgress = false;
    zram.initLockReaders--;
  }
}

const RELEASE_PP_SLOT = "release_pp_slot, zram_drv.c";

/** Takes a slot's mark (`release_pp_slot`). */
export function* unmark(zram: Zram, slot: number): Generator<Stop, void> {
  const { slots } = zram;
  yield* underSlot(
    zram,
    slot,
    RELEASE_PP_SLOT,
    () => slots.clearFlag(slot, ZRAM_PP_SLOT),
  );
}

/** Takes the slot that was selected away, and its mark. */
export function* releaseSelected(
  zram: Zram,
  ctl: PpCtl,
): Generator<Stop, void> {
  const slot = ctl.takeSelected();
  if (slot !== undefined) yield* unmark(zram, slot);
}

/**
 * Runs something on slots that it marks; those that it leaves lose their marks
 * (`release_pp_ctl`), however it ends.
 */
export function* withPpCtl<Result>(
  zram: Zram,
  run: (ctl: PpCtl) => Generator<Stop, Result>,
): Generator<Stop, Result> {
  const ctl = new PpCtl(zram.slots, zram.profile.pageSize);
  try {
    const result = yield* run(ctl);
    while (ctl.select() !== undefined) yield* releaseSelected(zram, ctl);
    return result;
  } finally {
    ctl.release();
  }
}

/** A page for the while of an operation. */
export interface TemporaryPage {
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** Gives it back. */
  free(): void;
}

/**
 * A page for the while of an operation, or `undefined` where there is none to
 * be had (`alloc_page`).
 */
export function allocTemporaryPage(
  memory: Memory,
): TemporaryPage | undefined {
  const pfn = memory.allocPage();
  if (pfn === NO_PAGE) return undefined;
  // The memory's arrays move as it grows, so the bytes are kept beside it.
  const bytes = new Uint8Array(memory.pageSize);
  return { bytes, free: () => memory.freePage(pfn) };
}
