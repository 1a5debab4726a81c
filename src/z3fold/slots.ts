/**
 * Handles of z3fold. A handle is the address of a slot, and the slot says where
 * the object is now, so an object moves by rewriting one slot.
 *
 * ```text
 * handle ──► slot: | page's address | chunks of a last object | index | ──► object
 * ```
 */

import { InvariantError } from "../rules/invariant.ts";
import { Z3FOLD_RACE_RULES } from "./race_rules.ts";

/** SLOTS_ALIGN: structures of slots lie at multiples of this many bytes. */
export const SLOTS_ALIGN = 0x40;
/** BUDDY_MASK: the slot's index, in a handle's slot and among a structure's. */
export const BUDDY_MASK = 3;
/** BUDDY_SHIFT: where the chunks of a last object stand in a slot. */
export const BUDDY_SHIFT = 2;

/** No structure: the null pointer. */
export const NO_SLOTS = 0;

/** Slots of a structure: one for each of `enum buddy`. */
const SLOTS = BUDDY_MASK + 1;

/** Options of a {@linkcode BuddySlots}. */
export interface BuddySlotsOptions {
  /**
   * Fault injection: called with 0, 1, 2, … before each allocation of a
   * structure; where it answers true, that allocation fails. Linux: `failslab`.
   */
  failslab?: (allocation: number) => boolean;
}

/**
 * The structures of slots. Specifies `struct z3fold_buddy_slots` and the slab
 * cache `z3fold_handle`, `mm/z3fold.c`, 6.1. A structure is named by its
 * address, a multiple of {@linkcode SLOTS_ALIGN}.
 */
export class BuddySlots {
  /** Structures allocated now from the slab cache. */
  allocated = 0;

  readonly #wordBytes: number;
  readonly #failslab: ((allocation: number) => boolean) | undefined;
  readonly #freed: number[] = [];
  /** Four slots a structure, in the order of addresses; 0 is an empty slot. */
  readonly #slots: number[] = [0, 0, 0, 0];
  /** The structures on reclaim's stack (HANDLES_NOFREE). */
  readonly #onStack = new Set<number>();
  /** All that are allocated. */
  readonly #live = new Set<number>();
  #allocations = 0;

  /** `wordBits` are those of a slot, an `unsigned long`. */
  constructor(wordBits: number, options: BuddySlotsOptions = {}) {
    this.#wordBytes = wordBits / 8;
    this.#failslab = options.failslab;
  }

  /** A new structure of empty slots, or `NO_SLOTS` (`alloc_slots`). */
  alloc(): number {
    if (this.#failslab?.(this.#allocations++)) return NO_SLOTS;
    this.allocated++;
    return this.#take();
  }

  /** Whether a structure is allocated. */
  isAllocated(slots: number): boolean {
    return this.#live.has(slots);
  }

  /** What brings the structures back to what they are now. */
  remember(): () => void {
    const { allocated } = this;
    const freed = [...this.#freed];
    const slots = [...this.#slots];
    const onStack = [...this.#onStack];
    const live = [...this.#live];
    const allocations = this.#allocations;
    return () => {
      this.allocated = allocated;
      this.#freed.splice(0, Infinity, ...freed);
      this.#slots.splice(0, Infinity, ...slots);
      this.#onStack.clear();
      for (const one of onStack) this.#onStack.add(one);
      this.#live.clear();
      for (const one of live) this.#live.add(one);
      this.#allocations = allocations;
    };
  }

  /** A structure on the stack of `z3fold_reclaim_page`: it cannot be refused. */
  allocOnStack(): number {
    const slots = this.#take();
    this.#onStack.add(slots);
    return slots;
  }

  /** Frees a structure, whatever its slots hold. */
  free(slots: number): void {
    if (!this.#live.delete(slots)) {
      throw new InvariantError(Z3FOLD_RACE_RULES.slotsFreedOnce, {
        where: `slots ${slots}`,
        expected: "allocated",
        found: "freed",
      });
    }
    const at = this.#at(slots);
    this.#slots.fill(0, at, at + SLOTS);
    if (!this.#onStack.delete(slots)) this.allocated--;
    this.#freed.push(slots);
  }

  /** Whether every slot of a structure is empty. */
  isEmpty(slots: number): boolean {
    const at = this.#at(slots);
    for (let nth = 0; nth < SLOTS; nth++) {
      if (this.#slots[at + nth] !== 0) return false;
    }
    return true;
  }

  /** The handle of the slot at `index` of a structure. */
  handleAt(slots: number, index: number): number {
    return slots + index * this.#wordBytes;
  }

  /** The structure that a handle's slot is in (`handle_to_slots`). */
  slotsOf(handle: number): number {
    return handle - handle % SLOTS_ALIGN;
  }

  /** What the slot of a handle holds. */
  get(handle: number): number {
    return this.#slots[this.#slotOf(handle)];
  }

  /** Writes the slot of a handle. */
  set(handle: number, value: number): void {
    this.#slots[this.#slotOf(handle)] = value;
  }

  #take(): number {
    let slots = this.#freed.pop();
    if (slots === undefined) {
      slots = this.#slots.length / SLOTS * SLOTS_ALIGN;
      this.#slots.push(0, 0, 0, 0);
    }
    this.#live.add(slots);
    return slots;
  }

  #at(slots: number): number {
    return slots / SLOTS_ALIGN * SLOTS;
  }

  #slotOf(handle: number): number {
    const slots = this.slotsOf(handle);
    return this.#at(slots) + (handle - slots) / this.#wordBytes;
  }
}
