/** The steps of programs for zbud and z3fold, and what they are answered. */
import { type Bytes, expandBytes } from "../bytes.ts";
import type { StepOf } from "../program.ts";
import type { AskedZones } from "../zones.ts";

/** The operations and their fields. Objects go by the numbers that programs give. */
export interface BuddySteps {
  /** A fresh pool over memory of its own, of the profile's sizes unless told. */
  create: {
    /** Bytes per page. */
    readonly pageSize?: number;
    /** Bits per `unsigned long`. */
    readonly wordBits?: number;
    /** The most frames that there are. */
    readonly maxPages?: number;
    /** Zones that the frames are of, under a buddy allocator. */
    readonly buddy?: AskedZones;
    /** The number of the first of them. */
    readonly firstPfn?: number;
    /** How many of them another had before, who left something in them. */
    readonly dirty?: number;
  };
  /** An object of so many bytes, which goes by a number that no other has. */
  malloc: { readonly object: number; readonly size: number };
  /**
   * An object is freed. `later`: what z3fold leaves to its worker waits for the
   * step `work`; else the worker runs at once.
   */
  free: { readonly object: number; readonly later?: boolean };
  /** z3fold's worker compacts the pages that wait for it. */
  work: Record<never, never>;
  /** An object's bytes behind its number are written. */
  write: { readonly object: number; readonly data: Bytes };
  /** An object is read. */
  read: { readonly object: number };
  /** An object is mapped; until it is unmapped nothing else is done to it. */
  map: { readonly object: number };
  /** A mapped object is read where it was mapped, and unmapped. */
  unmap: { readonly object: number };
  /**
   * A page is reclaimed, so many being tried. Objects whose numbers
   * `refuseEach` divides are not evicted; 0 refuses none.
   */
  reclaim: { readonly retries: number; readonly refuseEach: number };
  /** After so many more allocations of a frame, or of z3fold's slots, one fails. */
  fail: { readonly what: "frame" | "slab"; readonly after: number };
  /** Where an object is. */
  where: { readonly object: number };
  /** The pages of the LRU list. */
  order: Record<never, never>;
}

/** One step. */
export type BuddyStep = StepOf<BuddySteps>;

/** Where an object is. */
export interface BuddyPlace {
  /** Its handle. */
  readonly handle: number;
  /** Its page. */
  readonly pfn: number;
  /** Which of the page's objects it is, by the name in `enum buddy`. */
  readonly buddy: string;
  /** Where in the page it starts, in bytes. */
  readonly offset: number;
}

/** What a pool counts. */
export interface BuddyCounts {
  /** Pages of the pool (`pages_nr`). */
  readonly pages: number;
  /** Frames of its memory that are allocated. */
  readonly frames: number;
  /** z3fold's structures of slots that are allocated; 0 for zbud. */
  readonly slots: number;
}

/** What came of a reclaim. */
export interface BuddyReclaimed extends BuddyCounts {
  /** `freed`, or the errno. */
  readonly outcome: string;
  /** The objects that were to be evicted, in their order. */
  readonly asked: readonly number[];
}

/** What each operation is answered, where it does not fail. */
export interface BuddyResults {
  /** A pool was made. */
  create: BuddyCounts;
  /** An object was made. */
  malloc: BuddyCounts & BuddyPlace;
  /** It was freed. */
  free: BuddyCounts;
  /** The worker is done. */
  work: BuddyCounts;
  /** It was written. */
  write: null;
  /** Its bytes, its number first. */
  read: { readonly data: Uint8Array };
  /** It is mapped. */
  map: null;
  /** Its bytes where it was mapped. */
  unmap: { readonly data: Uint8Array };
  /** What came of a reclaim. */
  reclaim: BuddyReclaimed;
  /** It will fail. */
  fail: null;
  /** Where the object is. */
  where: BuddyPlace;
  /** Pages from the oldest on. */
  order: { readonly pages: readonly number[] };
}

/** Bytes of an object's number, which it begins with, however small it is. */
export const OBJECT_NUMBER_BYTES = 4;

/** Bytes of an object that hold something: its number has room in any chunk. */
export function bytesHeld(size: number): number {
  return Math.max(size, OBJECT_NUMBER_BYTES);
}

/**
 * An object's bytes: its number, and then what was written to it; one byte over
 * and over where nothing was.
 */
export function objectBytes(
  object: number,
  size: number,
  data?: Bytes,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(bytesHeld(size));
  if (data === undefined) {
    bytes.fill(31 * object + 1);
  } else {
    const rest = bytes.subarray(OBJECT_NUMBER_BYTES);
    rest.set(expandBytes(data, rest.length));
  }
  new DataView(bytes.buffer).setUint32(0, object, true);
  return bytes;
}

/** The number that an object's bytes begin with. */
export function objectNumber(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
