/**
 * `deflate` and `zstd` by `node:zlib`, with the settings of Linux. They are
 * other releases of the same libraries: the lengths are near the kernel's, and
 * not claimed to equal them.
 */
import {
  constants,
  deflateRawSync,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompressSync,
  type ZstdOptions,
} from "node:zlib";
import { type Codec, CorruptDataError } from "./codec.ts";

/** `deflate`'s window, as a power of two (`DEFLATE_DEF_WINBITS`). */
const DEFLATE_WINDOW_BITS = 11;
/** `deflate`'s memory level (`DEFLATE_DEF_MEMLEVEL`). */
const DEFLATE_MEMORY_LEVEL = 8;
/** `zstd`'s level (`zstd_default_clevel`). */
const ZSTD_LEVEL = 3;
/** The window of the largest page, 64 KiB, as a power of two. */
const ZSTD_MAX_WINDOW_LOG = 16;

/** The options of `node:zlib`, with one that Deno's types leave out. */
interface PledgedZstdOptions extends ZstdOptions {
  /** Bytes that will be compressed. */
  readonly pledgedSrcSize: number;
}

/** What `node:zlib` throws for an output above `maxOutputLength`. */
function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && "code" in error &&
    error.code === "ERR_BUFFER_TOO_LARGE";
}

function zlibCodec(
  name: string,
  encode: (page: Uint8Array) => Uint8Array,
  decode: (compressed: Uint8Array, maxOutputLength: number) => Uint8Array,
): Codec {
  return {
    name,
    compress(page, into) {
      const encoded = encode(page);
      into.set(encoded);
      return encoded.length;
    },
    decompress(compressed, page) {
      let made: Uint8Array;
      try {
        made = decode(compressed, page.length);
      } catch (error) {
        throw new CorruptDataError(
          name,
          isTooLarge(error)
            ? `it makes more than the page's ${page.length} bytes`
            : error instanceof Error
            ? error.message
            : String(error),
        );
      }
      if (made.length !== page.length) {
        throw new CorruptDataError(
          name,
          `it makes ${made.length} bytes of a page's ${page.length}`,
        );
      }
      page.set(made);
    },
  };
}

/**
 * Raw deflate with a window of 2 KiB, as Linux's `deflate`. Its lengths are
 * those of Deno's zlib. As in the kernel, bytes after the stream's end are not
 * looked at.
 *
 * Stands for `drivers/block/zram/backend_deflate.c`, since Linux 6.12.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { deflate } from "zspec";
 *
 * const page = new TextEncoder().encode("zsmalloc".repeat(512));
 * const into = new Uint8Array(2 * 4096);
 * const length = deflate.compress(page, into);
 * const back = new Uint8Array(4096);
 * deflate.decompress(into.subarray(0, length), back);
 * assertEquals(back, page);
 * ```
 */
export const deflate: Codec = zlibCodec(
  "deflate",
  (page) =>
    deflateRawSync(page, {
      windowBits: DEFLATE_WINDOW_BITS,
      memLevel: DEFLATE_MEMORY_LEVEL,
    }),
  (compressed, maxOutputLength) =>
    inflateRawSync(compressed, {
      windowBits: DEFLATE_WINDOW_BITS,
      maxOutputLength,
    }),
);

/**
 * Zstandard at level 3, told the page's size beforehand, as Linux's `zstd`.
 * Its lengths are those of Deno's libzstd.
 *
 * Stands for `crypto/zstd.c` up to Linux 6.11 and
 * `drivers/block/zram/backend_zstd.c` since 6.12.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { zstd } from "zspec";
 *
 * const page = new TextEncoder().encode("zsmalloc".repeat(512));
 * const into = new Uint8Array(2 * 4096);
 * const length = zstd.compress(page, into);
 * const back = new Uint8Array(4096);
 * zstd.decompress(into.subarray(0, length), back);
 * assertEquals(back, page);
 * ```
 */
export const zstd: Codec = zlibCodec(
  "zstd",
  (page) => {
    const options: PledgedZstdOptions = {
      params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL },
      pledgedSrcSize: page.length,
    };
    return zstdCompressSync(page, options);
  },
  (compressed, maxOutputLength) =>
    zstdDecompressSync(compressed, {
      params: { [constants.ZSTD_d_windowLogMax]: ZSTD_MAX_WINDOW_LOG },
      maxOutputLength,
    }),
);
