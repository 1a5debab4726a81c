/**
 * Locations: the number of the frame in which an object starts, and the
 * object's index, encoded in one `unsigned long`:
 *
 * ```text
 * | PFN | object index | tag |
 * ```
 *
 * Since 7.3 the index has the class's above the object's.
 *
 * Locations lie in arrays of 32-bit words, little-endian: two words each on
 * 64-bit, one on 32-bit.
 */

/**
 * Encodes and decodes locations. Specifies `location_to_obj` and
 * `obj_to_location`, `mm/zsmalloc.c`.
 */
export class Locations {
  /** Words of 32 bits that a location takes. */
  readonly words: number;

  readonly #indexShift: number;
  readonly #pfnShift: number;

  /** `objIndexBits` and `tagBits` lie below the page frame number. */
  constructor(wordBits: number, objIndexBits: number, tagBits: number) {
    this.words = wordBits / 32;
    this.#indexShift = tagBits;
    this.#pfnShift = objIndexBits + tagBits;
  }

  /** Writes a location to `into` from `word` on. */
  write(into: Uint32Array, word: number, pfn: number, index: number): void {
    const shift = this.#pfnShift;
    const shifted = index << this.#indexShift;
    if (this.words === 1) {
      into[word] = (pfn << shift) | shifted;
    } else if (shift >= 32) {
      into[word] = shifted;
      into[word + 1] = (pfn << (shift - 32)) | this.#above(index);
    } else {
      into[word] = (pfn << shift) | shifted;
      into[word + 1] = pfn >>> (32 - shift);
    }
  }

  /** The page frame number of the location at `word`. */
  pfn(from: Uint32Array, word: number): number {
    const shift = this.#pfnShift;
    if (this.words === 1) return from[word] >>> shift;
    const high = from[word + 1];
    if (shift >= 32) return high >>> (shift - 32);
    return ((high << (32 - shift)) | (from[word] >>> shift)) >>> 0;
  }

  /** The object index of the location at `word`. */
  index(from: Uint32Array, word: number): number {
    const low = from[word];
    const shift = this.#pfnShift;
    const tag = this.#indexShift;
    if (shift < 32) return (low & ((1 << shift) - 1)) >>> tag;
    const above = from[word + 1] & ((1 << (shift - 32)) - 1);
    return (low >>> tag) + above * 2 ** (32 - tag);
  }

  /** Whether the location at `word` is this frame and index, whatever its tag. */
  isAt(from: Uint32Array, word: number, pfn: number, index: number): boolean {
    const shift = this.#pfnShift;
    const tag = this.#indexShift;
    const low = shift >= 32 ? index << tag : (pfn << shift) | (index << tag);
    if ((from[word] ^ low) >>> tag !== 0) return false;
    if (this.words === 1) return true;
    const high = shift >= 32
      ? (pfn << (shift - 32)) | this.#above(index)
      : pfn >>> (32 - shift);
    return from[word + 1] === high >>> 0;
  }

  /** What of an index lies above the lower 32 bits: a class, with many bits. */
  #above(index: number): number {
    return index > 0xffffffff >>> this.#indexShift
      ? Math.floor(index / 2 ** (32 - this.#indexShift))
      : 0;
  }

  /** The bits below the object index of the location at `word`. */
  tag(from: Uint32Array, word: number): number {
    return from[word] & ((1 << this.#indexShift) - 1);
  }
}
