/**
 * A device that is checked after each operation, at the cost of the slots that
 * the operation touched instead of the whole disk's.
 */
import type { Reach } from "../rules/reach.ts";
import type { ZsPool } from "../zsmalloc/pool.ts";
import { TouchedZspages } from "../zsmalloc/touched_zspages.ts";
import type { Zram } from "./device.ts";
import { checkSlots } from "./invariants.ts";
import { checkLimits } from "./limit_invariants.ts";
import { type LimitsBefore, limitsBefore } from "./limits_before.ts";
import type { Slots } from "./slots.ts";
import { SlotsTally } from "./slots_tally.ts";

/** What was there before an operation, and which slots it touches. */
interface Before {
  readonly first: number;
  readonly end: number;
  readonly slots: Slots;
  readonly pool: ZsPool | undefined;
  readonly limits: LimitsBefore;
}

/**
 * Every rule about a device, on what operations touch: their slots, the zspages
 * of these, the device's sums and limits. Who runs an operation says before it
 * which slots it may touch; what replaces the slots is followed by a check of
 * everything. Throws an `InvariantError` at the first rule broken.
 *
 * @example
 * ```ts
 * import { CheckedZram, LINUX_6_18, Zram } from "zspec";
 *
 * const zram = new Zram(LINUX_6_18);
 * zram.setDisksize(1 << 20);
 * const checked = new CheckedZram(zram);
 * checked.before(3, 1);
 * zram.write(3, new Uint8Array(4096).fill(1));
 * checked.after();
 * ```
 */
export class CheckedZram {
  /** The device. */
  readonly zram: Zram;

  readonly #reach: Reach | undefined;
  #tally: SlotsTally;
  #zspages: TouchedZspages | undefined;
  #before: Before | undefined;

  /** Checks the whole device once. `reach` counts the rules that spoke. */
  constructor(zram: Zram, reach?: Reach) {
    this.zram = zram;
    this.#reach = reach;
    this.#tally = new SlotsTally(zram);
    this.checkAll();
  }

  /**
   * An operation, run alone, is going to touch `count` slots from `first` on,
   * and no object of another; a compaction touches those of all slots. What of
   * the range is beyond the disk is let be.
   */
  before(first: number, count: number): void {
    const { slots, pool } = this.zram;
    const end = Math.min(first + count, slots.length);
    this.#before = { first, end, slots, pool, limits: limitsBefore(this.zram) };
    this.#noteZspages(first, end);
  }

  /** That operation was run. */
  after(): void {
    const before = this.#before;
    if (before === undefined) {
      throw new Error("Cannot check an operation: nothing was said before it");
    }
    const { first, end, slots, pool, limits } = before;
    const { zram } = this;
    this.#before = undefined;
    if (zram.slots !== slots || zram.pool !== pool) {
      this.checkAll();
    } else {
      checkSlots(zram, this.#tally, first, end, this.#reach);
      this.#noteZspages(first, end);
      this.#zspages?.check();
    }
    checkLimits(limits, zram, this.#reach);
  }

  /** Checks every rule on the whole device, as after an operation not announced. */
  checkAll(): void {
    const { zram } = this;
    this.#tally = new SlotsTally(zram);
    checkSlots(zram, this.#tally, 0, zram.slots.length, this.#reach);
    this.#zspages = zram.pool && new TouchedZspages(zram.pool, this.#reach);
  }

  #noteZspages(first: number, end: number): void {
    const { slots } = this.zram;
    for (let slot = first; slot < end; slot++) {
      const handle = slots.handle(slot);
      if (handle !== 0) this.#zspages?.note(handle);
    }
  }
}
