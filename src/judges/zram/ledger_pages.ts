/** The pages of a disk as judges keep them: where each is, and what is counted. */

/** Nothing is stored. */
export const NOWHERE = 0;
/** One word repeated, which takes no memory. */
export const SAME = 1;
/** Compressed. */
export const OBJECT = 2;
/** Stored whole. */
export const WHOLE = 3;
/** On the backing device. */
export const BACKING = 4;

/** The page was not accessed since it was marked. */
export const IDLE = 1;
/** No algorithm makes it smaller. */
export const INCOMPRESSIBLE = 2;
/** It was stored whole before it was written back, and its slot says so yet. */
export const WAS_WHOLE = 4;

/** What a page that is stored in so many bytes has where that is not known. */
export const UNKNOWN_BYTES: number = -1;

/**
 * Pages by number, in one array for each thing that is known of them, and what
 * they add up to.
 */
export class LedgerPages {
  /** How many there are. */
  readonly length: number;
  /** Where each is. */
  readonly place: Uint8Array;
  /** By how many bytes it counts, or {@linkcode UNKNOWN_BYTES}. */
  readonly bytes: Int32Array;
  /** Its marks. */
  readonly marks: Uint8Array;
  /** The priority of its algorithm. */
  readonly priority: Uint8Array;
  /** Its block on the backing device; 0 where it is not there. */
  readonly block: Int32Array;
  /** When it was accessed last, in seconds. */
  readonly acTime: Float64Array;
  /** What it holds; nothing where that is zeros. */
  readonly contents: (Uint8Array | undefined)[];

  /** How many pages are in each place. */
  readonly places: Int32Array = new Int32Array(BACKING + 1);
  /** The sum of their bytes, as far as they are known. */
  sumBytes = 0;
  /** How many have bytes that are not known. */
  unknown = 0;

  /** So many pages that hold nothing. */
  constructor(length: number) {
    this.length = length;
    this.place = new Uint8Array(length);
    this.bytes = new Int32Array(length);
    this.marks = new Uint8Array(length);
    this.priority = new Uint8Array(length);
    this.block = new Int32Array(length);
    this.acTime = new Float64Array(length);
    this.contents = new Array(length);
    this.places[NOWHERE] = length;
  }

  /** Pages that hold something. */
  get stored(): number {
    return this.length - this.places[NOWHERE];
  }

  /** Whether a page is held by an object of the pool. */
  isInPool(page: number): boolean {
    const place = this.place[page];
    return place === OBJECT || place === WHOLE;
  }

  /** Puts a page somewhere, its marks and its times gone. */
  put(page: number, place: number, bytes: number): void {
    this.#move(page, place, bytes);
    this.marks[page] = 0;
    this.priority[page] = 0;
    this.block[page] = 0;
    this.acTime[page] = 0;
  }

  /** Puts a page on the backing device; all but its idleness stays known. */
  putBack(page: number, block: number): void {
    const wasWhole = this.place[page] === WHOLE ? WAS_WHOLE : 0;
    this.#move(page, BACKING, 0);
    this.marks[page] = (this.marks[page] & ~IDLE) | wasWhole;
    this.block[page] = block;
  }

  #move(page: number, place: number, bytes: number): void {
    this.places[this.place[page]]--;
    this.places[place]++;
    this.place[page] = place;
    if (this.bytes[page] === UNKNOWN_BYTES) this.unknown--;
    else this.sumBytes -= this.bytes[page];
    this.bytes[page] = bytes;
    if (bytes === UNKNOWN_BYTES) this.unknown++;
    else this.sumBytes += bytes;
  }
}
