/**
 * `zstd` by `node:zlib`, with the settings of Linux.
 */
import {
  constants,
  zstdCompressSync,
  zstdDecompressSync,
  type ZstdOptions,
} from "node:zlib";
import type { ZstdEncoder } from "../linux/zstd_encoder.ts";
import type { Codec } from "./codec.ts";
import { zlibCodec } from "./node_zlib.ts";

/** `zstd`'s level (`zstd_default_clevel`). */
const ZSTD_LEVEL = 3;
/** The window of the largest page, 64 KiB, as a power of two. */
const ZSTD_MAX_WINDOW_LOG = 16;

/** The options of `node:zlib`, with one that Deno's types leave out. */
interface PledgedZstdOptions extends ZstdOptions {
  /** Bytes that will be compressed. */
  readonly pledgedSrcSize: number;
}

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

/** Zstandard as a kernel encodes it. */
export function zstdOf({ libzstd }: ZstdEncoder): Codec {
  return {
    ...zstd,
    near: `Deno's libzstd is not the kernel's ${libzstd}`,
  };
}
