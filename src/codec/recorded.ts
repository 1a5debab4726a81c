/**
 * Recorded sizes: a codec that compresses nothing and answers the lengths it
 * was told, so that a run on one machine can be followed on another whatever
 * the compressor was.
 */
import { Buffer } from "node:buffer";
import { type Codec, CorruptDataError } from "./codec.ts";

/** Bytes of the number by which a page is found again. */
const ID_BYTES = 4;

/**
 * A codec whose lengths are set beforehand. Its compressed form is a page's
 * number and as many of the page's first bytes as the length has room for, so
 * that an object that was damaged in memory is noticed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RecordedSizes } from "zspec";
 *
 * const codec = new RecordedSizes("lzo-rle");
 * codec.nextLength = 1000;
 * const into = new Uint8Array(2 * 4096);
 * assertEquals(codec.compress(new Uint8Array(4096), into), 1000);
 * ```
 */
export class RecordedSizes implements Codec {
  /** The recorded algorithm's name. */
  readonly name: string;
  /**
   * The length in bytes that the next page will have, where none is recorded
   * of it: at least 4.
   */
  nextLength = 0;

  readonly #pages: Uint8Array[] = [];
  readonly #lengths = new Map<string, number>();

  /** A codec that goes by `name`. */
  constructor(name: string) {
    this.name = name;
  }

  /** From now on, pages with these bytes have a length of their own. */
  record(page: Uint8Array, length: number): void {
    this.#lengths.set(contentsOf(page), length);
  }

  /** A codec of the same name: with other parameters pages have other lengths. */
  withParams(): RecordedSizes {
    return new RecordedSizes(this.name);
  }

  /** Keeps `page` and answers its length, or {@linkcode RecordedSizes.nextLength}. */
  compress(page: Uint8Array, into: Uint8Array): number {
    const recorded = this.#lengths.get(contentsOf(page));
    const length = recorded ?? this.nextLength;
    if (length < ID_BYTES || length > into.length) {
      const name = recorded === undefined ? "nextLength" : "length";
      throw new RangeError(
        `Cannot record a page: the '${name}' is ${length}, not from ${ID_BYTES} to ${into.length}`,
      );
    }
    new DataView(into.buffer, into.byteOffset).setUint32(0, this.#pages.length);
    into.set(page.subarray(0, length - ID_BYTES), ID_BYTES);
    this.#pages.push(page.slice());
    return length;
  }

  /** Fills `page` with the page that was kept under `compressed`'s number. */
  decompress(compressed: Uint8Array, page: Uint8Array): void {
    const { buffer, byteOffset, length } = compressed;
    const refuse = (reason: string): never => {
      throw new CorruptDataError(this.name, reason);
    };
    if (length < ID_BYTES) refuse(`it has ${length} bytes`);
    const id = new DataView(buffer, byteOffset).getUint32(0);
    if (id >= this.#pages.length) refuse(`page ${id} was never recorded`);
    const kept = this.#pages[id];
    for (let at = ID_BYTES; at < length; at++) {
      if (compressed[at] !== kept[at - ID_BYTES]) {
        refuse(`byte ${at} of page ${id} was changed`);
      }
    }
    page.set(kept);
  }
}

/** The bytes of a page, as a key. */
function contentsOf(page: Uint8Array): string {
  return Buffer.from(page.buffer, page.byteOffset, page.length)
    .toString("latin1");
}
