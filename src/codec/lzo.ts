/** LZO as Linux has it: the algorithms `lzo` and `lzo-rle`. */
import type { Codec } from "./codec.ts";
import type { Lzo1xVersion } from "./lzo1x.ts";
import { compressLzo1x } from "./lzo1x_compress.ts";
import { decompressLzo1x } from "./lzo1x_decompress.ts";

function lzoCodec(name: string, version: Lzo1xVersion): Codec {
  return {
    name,
    compress: (page, into) => compressLzo1x(page, into, version),
    decompress: (compressed, page) => decompressLzo1x(name, compressed, page),
  };
}

/**
 * LZO1X-1 with the kernel's own bytes: what `compr_data_size` counts for a
 * page on a device whose algorithm is `lzo`. Takes pages of up to 64 KiB;
 * the decoder takes streams of `lzo-rle` too, as the kernel's does.
 *
 * Specifies `lzo1x_1_compress` and `lzo1x_decompress_safe`, `lib/lzo/`, as in
 * Linux 5.10 to 7.3 on 64-bit machines.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lzo } from "zspec";
 *
 * const page = new TextEncoder().encode("zsmalloc".repeat(512));
 * assertEquals(lzo.compress(page, new Uint8Array(2 * 4096)), 53);
 * ```
 */
export const lzo: Codec = lzoCodec("lzo", 0);

/**
 * LZO1X-1 with runs of zeros and the kernel's own bytes: what
 * `compr_data_size` counts for a page on a device whose algorithm is
 * `lzo-rle`, the kernel's default. Takes pages of up to 64 KiB.
 *
 * Specifies `lzorle1x_1_compress` and `lzo1x_decompress_safe`, `lib/lzo/`,
 * as in Linux 5.10 to 7.3 on 64-bit machines.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lzo, lzoRle } from "zspec";
 *
 * const page = new Uint8Array(4096);
 * page.set(new TextEncoder().encode("A page with little in it"));
 * const into = new Uint8Array(2 * 4096);
 * assertEquals(lzo.compress(page, into), 70);
 * assertEquals(lzoRle.compress(page, into), 61);
 * ```
 */
export const lzoRle: Codec = lzoCodec("lzo-rle", 1);
