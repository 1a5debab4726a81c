/** A page of a process, as the naive model knows it. */
import type { NaiveSlot } from "./naive_slots.ts";

/** A page that was written once. */
export class NaivePage {
  /** What it holds. */
  data: Uint8Array;
  /** Whether the process has it mapped. */
  mapped = true;
  /** Its slot, where it has one. */
  slot: NaiveSlot | undefined;
  /** Whether the swap cache has it. */
  cached = false;
  /** Whether what the swap cache has is stored nowhere else. */
  dirty = false;
  /** Whether what the swap cache has is nothing, since it could not be read. */
  unread = false;
  /** Whether it may be somebody else's too, since it was mapped under writeback. */
  shared = false;
  /** Whether it could not be read when its device was swapped off. */
  lost = false;
  /** Whether it was mapped then all the same, with whatever the frame had. */
  anything = false;
  /** Whether it was out since it was written last. */
  wasOut = false;
  /** Whether it took the slot of one that was being evicted. */
  replaced = false;

  /** A page that is written now. */
  constructor(data: Uint8Array) {
    this.data = data;
  }

  /** It is written anew. */
  write(data: Uint8Array): void {
    this.data = data;
    this.wasOut = this.replaced = this.anything = false;
  }
}
