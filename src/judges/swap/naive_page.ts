/** A page of a process, as the naive model knows it. */
import type { NaiveSlot } from "./naive_slots.ts";

/** A page that was written once. */
export interface NaivePage {
  /** What it holds. */
  data: Uint8Array;
  /** Whether the process has it mapped. */
  mapped: boolean;
  /** Its slot, where it has one. */
  slot: NaiveSlot | undefined;
  /** Whether the swap cache has it. */
  cached: boolean;
  /** Whether what the swap cache has is stored nowhere else. */
  dirty: boolean;
  /** Whether what the swap cache has is nothing, since it could not be read. */
  unread: boolean;
  /** Whether it may be somebody else's too, since it was mapped under writeback. */
  shared: boolean;
  /** Whether it could not be read when its device was swapped off. */
  lost: boolean;
  /** Whether it was mapped then all the same, with whatever the frame had. */
  anything: boolean;
  /** Whether it was out since it was written last. */
  wasOut: boolean;
  /** Whether it took the slot of one that was being evicted. */
  replaced: boolean;
}

/** A page that was written now. */
export function newPage(data: Uint8Array): NaivePage {
  return {
    data,
    mapped: true,
    slot: undefined,
    cached: false,
    dirty: false,
    unread: false,
    shared: false,
    lost: false,
    anything: false,
    wasOut: false,
    replaced: false,
  };
}
