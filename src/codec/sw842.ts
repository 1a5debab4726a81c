/** The algorithm `842` as Linux has it in software. */
import type { Codec } from "./codec.ts";
import { compressSw842 } from "./sw842_compress.ts";
import { decompressSw842 } from "./sw842_decompress.ts";

const NAME = "842";

/**
 * 842 with the kernel's own bytes: what `compr_data_size` counts for a page on
 * a device whose algorithm is `842`. Takes pages of up to 64 KiB. The length is
 * a multiple of eight, and the kernel's encoder fails for want of room exactly
 * where it is more than what it was given.
 *
 * Specifies `sw842_compress` and `sw842_decompress`, `lib/842/`, as in Linux
 * 5.10 to 7.3; what releases differ in is what they make of streams that no
 * encoder made.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sw842 } from "zspec";
 *
 * const page = new TextEncoder().encode("zsmalloc".repeat(512));
 * assertEquals(sw842.compress(page, new Uint8Array(2 * 4096)), 32);
 * ```
 */
export const sw842: Codec = {
  name: NAME,
  compress: compressSw842,
  decompress: (compressed, page) => decompressSw842(NAME, compressed, page),
};
