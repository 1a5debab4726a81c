/**
 * Post-processing: slots that wait to be written back or recompressed, those
 * with the largest objects first.
 */
import type { Memory } from "../memory/memory.ts";
import { NO_PAGE } from "../memory/memory.ts";
import { blocked, type Stop } from "../rules/stop.ts";
import type { Zram } from "./device.ts";
import { type Slots, ZRAM_PP_SLOT } from "./slots.ts";

/** PP_BUCKET_SIZE_RANGE: bytes of size that share a bucket. */
const PP_BUCKET_SIZE_RANGE = 64;

/**
 * Slots in buckets by the size of their objects; in a bucket the one that was
 * placed last comes first. Specifies `struct zram_pp_ctl`, since 6.13.
 */
export class PpCtl {
  readonly #slots: Slots;
  readonly #buckets: number[][];

  /** No slot waits. */
  constructor(slots: Slots, pageSize: number) {
    this.#slots = slots;
    const buckets = pageSize / PP_BUCKET_SIZE_RANGE + 1;
    this.#buckets = Array.from({ length: buckets }, () => []);
  }

  /** Adds a slot and marks it (`place_pp_slot`). */
  place(slot: number): void {
    const bucket = Math.floor(this.#slots.size(slot) / PP_BUCKET_SIZE_RANGE);
    this.#buckets[bucket].push(slot);
    this.#slots.setFlag(slot, ZRAM_PP_SLOT);
  }

  /** The slot to process next, which stays (`select_pp_slot`). */
  select(): number | undefined {
    return this.#buckets.findLast((bucket) => bucket.length > 0)?.at(-1);
  }

  /** Takes the slot that was selected away, and its mark (`release_pp_slot`). */
  releaseSelected(): void {
    const slot = this.takeSelected();
    if (slot !== undefined) this.#slots.clearFlag(slot, ZRAM_PP_SLOT);
  }

  /** Takes the slot that was selected away, its mark left on it. */
  takeSelected(): number | undefined {
    return this.#buckets.findLast((bucket) => bucket.length > 0)?.pop();
  }

  /** Takes all slots away (`release_pp_ctl`). */
  release(): void {
    while (this.select() !== undefined) this.releaseSelected();
  }
}

/** Whether a post-processing has to be tried again, as another runs. */
export function isTurnedAway({ profile, ppInProgress }: Zram): boolean {
  return ppInProgress && profile.zram.postProcessing === "one-or-EAGAIN";
}

/**
 * Waits for another post-processing to end, where this kernel does. Specifies
 * the taking of `dev_lock`, since 7.0.
 */
export function* waitForPostProcessing(
  zram: Zram,
): Generator<Stop, void> {
  const { postProcessing } = zram.profile.zram;
  while (zram.ppInProgress && postProcessing === "one-after-another") {
    yield blocked("dev_lock: a writeback or a recompression holds it");
  }
}

/** A post-processing begins, and keeps others and `reset` off. */
export function holdPostProcessing(zram: Zram): void {
  zram.ppInProgress = true;
  zram.initLockReaders++;
}

/** It ends. */
export function releasePostProcessing(zram: Zram): void {
  zram.ppInProgress = false;
  zram.initLockReaders--;
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
