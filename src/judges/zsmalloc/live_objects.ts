/** The objects that are there, as far as answers tell, and what they hold. */
import { type Bytes, expandBytes, fillWeyl } from "../../programs/bytes.ts";
import type { Handle } from "../../programs/zsmalloc/steps.ts";

/** An object that is there. */
export interface LiveObject {
  /** What names it to its holder. */
  readonly handle: Handle;
  /** Bytes that it was asked for. */
  readonly size: number;
  /** Whether anything may have been written to it. */
  isWritten: boolean;
  /** How many of its first bytes are known. */
  known: number;
  /** What was written; kept as the few numbers that it is made from. */
  data: Bytes | Uint8Array;
  /** Which of the objects that one step wrote it is. */
  nth: number;
}

const NOTHING = new Uint8Array(0);

/** All objects that are there, by number, and each number by its handle. */
export class LiveObjects {
  /** The objects, in the order in which they came. */
  readonly objects: Map<number, LiveObject> = new Map();
  /** Bytes that all of them were asked for. */
  bytes = 0;

  readonly #names = new Map<Handle, number>();
  #scratch: Uint8Array = NOTHING;

  /** Which object has a handle. */
  named(handle: Handle): number | undefined {
    return this.#names.get(handle);
  }

  /** An object comes, its bytes not known. */
  add(object: number, handle: Handle, size: number): void {
    this.#names.set(handle, object);
    this.objects.set(object, {
      handle,
      size,
      isWritten: false,
      known: 0,
      data: NOTHING,
      nth: 0,
    });
    this.bytes += size;
  }

  /** An object goes. */
  remove(object: number): void {
    const live = this.objects.get(object);
    if (live === undefined) return;
    this.objects.delete(object);
    this.#names.delete(live.handle);
    this.bytes -= live.size;
  }

  /** All objects go. */
  clear(): void {
    this.objects.clear();
    this.#names.clear();
    this.bytes = 0;
  }

  /**
   * The first `length` bytes that are known of an object, until they are asked
   * for again.
   */
  bytesOf({ data, nth, size }: LiveObject, length: number): Uint8Array {
    if (data instanceof Uint8Array) return data.subarray(0, length);
    if (!("weyl" in data)) return expandBytes(data, size).subarray(0, length);
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length);
    const bytes = this.#scratch.subarray(0, length);
    fillWeyl(bytes, data.weyl + nth);
    return bytes;
  }
}

/**
 * The first `known` bytes of an object became these, or those of the `nth` of
 * several; no others are known.
 */
export function became(
  live: LiveObject,
  data: Bytes | Uint8Array,
  known: number,
  nth = 0,
): void {
  live.isWritten = true;
  live.data = data;
  live.known = known;
  live.nth = nth;
}
