/**
 * What the slots of a device add up to, by looking at each of them, to compare
 * with what the device counts.
 */
import type { Zram } from "./device.ts";
import { ZRAM_HUGE, ZRAM_SAME, ZRAM_WB } from "./slots.ts";

/** In what is known of a slot: its page counts in `pages_stored`. */
const STORED = 1 << 4;
/** The other bits below the size are the slot's own. */
const SIZE_SHIFT = 5;

/**
 * A tally that a slot is counted in again whenever it was touched, 12 bytes a
 * slot beside the owners of handles and blocks:
 *
 * ```text
 * known: | size in bytes: 22 bits | 5: STORED, ZRAM_WB, -, ZRAM_HUGE, ZRAM_SAME |
 * held:  the block where ZRAM_WB is known, else the handle; 0 for neither
 * ```
 */
export class SlotsTally {
  /** Pages that count as stored. */
  stored = 0;
  /** Bytes of the objects that hold pages. */
  bytes = 0;
  /** Same-filled pages. */
  same = 0;
  /** Pages stored whole. */
  huge = 0;
  /** Pages on the backing device. */
  back = 0;

  readonly #zram: Zram;
  readonly #countsSame: boolean;
  readonly #known: Uint32Array<ArrayBuffer>;
  readonly #held: Float64Array<ArrayBuffer>;
  readonly #handles = new Map<number, number>();
  readonly #blocks = new Map<number, number>();

  /** Of no slot yet. It is of the slots that the device has now. */
  constructor(zram: Zram) {
    this.#zram = zram;
    this.#countsSame = zram.profile.zram.sameFilled === "word";
    this.#known = new Uint32Array(zram.slots.length);
    this.#held = new Float64Array(zram.slots.length);
  }

  /** Different handles in slots. */
  get objects(): number {
    return this.#handles.size;
  }

  /** Different blocks in slots. */
  get blocks(): number {
    return this.#blocks.size;
  }

  /** Counts a slot as it is now, instead of as it was. */
  count(slot: number): void {
    this.#add(slot, -1);
    this.#look(slot);
    this.#add(slot, 1);
  }

  #look(slot: number): void {
    const { slots } = this.#zram;
    const isSame = slots.has(slot, ZRAM_SAME);
    const isBack = slots.has(slot, ZRAM_WB);
    const isStored = slots.isAllocated(slot) && (this.#countsSame || !isSame);
    // What a written-back page keeps of its object counts no more.
    const isHuge = !isBack && slots.has(slot, ZRAM_HUGE);
    this.#known[slot] = (isBack ? 0 : slots.size(slot)) << SIZE_SHIFT |
      (isStored ? STORED : 0) | (isSame ? ZRAM_SAME : 0) |
      (isBack ? ZRAM_WB : 0) | (isHuge ? ZRAM_HUGE : 0);
    this.#held[slot] = isBack ? slots.block(slot) : slots.handle(slot);
  }

  /** Adds what is known of a slot to the sums; takes it away by -1. */
  #add(slot: number, sign: 1 | -1): void {
    const known = this.#known[slot];
    if ((known & STORED) !== 0) this.stored += sign;
    if ((known & ZRAM_SAME) !== 0) this.same += sign;
    if ((known & ZRAM_HUGE) !== 0) this.huge += sign;
    this.bytes += sign * (known >>> SIZE_SHIFT);
    const held = this.#held[slot];
    if ((known & ZRAM_WB) !== 0) {
      this.back += sign;
      addOwner(this.#blocks, held, sign);
    } else if (held !== 0) {
      addOwner(this.#handles, held, sign);
    }
  }
}

/** One slot more or less has a handle or a block. */
function addOwner(
  owners: Map<number, number>,
  held: number,
  sign: 1 | -1,
): void {
  const left = (owners.get(held) ?? 0) + sign;
  if (left === 0) owners.delete(held);
  else owners.set(held, left);
}
