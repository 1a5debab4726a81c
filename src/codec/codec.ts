/**
 * Codecs: what turns a page into fewer bytes and back. Whoever stores pages
 * knows this interface and no algorithm.
 */
import type { ZcompParams } from "../linux/zcomp_params.ts";

/** A compression algorithm. */
export interface Codec {
  /** Its name, as `comp_algorithm` would list it. */
  readonly name: string;
  /**
   * Why its lengths are only near those of the kernel; nothing where they are
   * the kernel's own.
   */
  readonly near?: string;
  /**
   * Compresses `page` into `into`, which has room for twice the page, and
   * returns the length in bytes, which can exceed the page's; 0 where the
   * kernel's encoder fails, as some do with some dictionaries.
   */
  compress(page: Uint8Array, into: Uint8Array): number;
  /**
   * Fills `page` from `compressed`. Throws a {@linkcode CorruptDataError}
   * where that is not what `compress` made of a page of this size; `page` may
   * then hold anything.
   */
  decompress(compressed: Uint8Array, page: Uint8Array): void;
  /**
   * The algorithm with parameters; a codec without it does the same whatever
   * they are.
   */
  withParams?(params: ZcompParams): Codec;
  /**
   * What becomes of it where it is in use and its parameters change (up to
   * Linux 7.0); a codec without it looks at them once, when it is set up.
   */
  retold?(params: ZcompParams): Codec;
}

/** An algorithm with parameters, or as it is where it is told nothing. */
export function codecWith(codec: Codec, params: ZcompParams): Codec {
  const isTold = Object.values(params).some((value) => value !== undefined);
  return isTold ? codec.withParams?.(params) ?? codec : codec;
}

/** Compressed bytes that no encoder made, or that were changed since. */
export class CorruptDataError extends Error {
  /** The error's class, for those who cannot use `instanceof`. */
  override readonly name = "CorruptDataError";

  /** `algorithm` is the codec's name; `reason` says what is wrong and where. */
  constructor(algorithm: string, reason: string) {
    super(`Cannot decompress ${algorithm} data: ${reason}`);
  }
}
