/** LZ4 as Linux has it: the algorithm `lz4`, at any acceleration. */
import type { Codec } from "./codec.ts";
import type { ZcompParams } from "../linux/zcomp_params.ts";
import { compressLz4 } from "./lz4_compress.ts";
import { decompressLz4 } from "./lz4_decompress.ts";
import { lz4WithDictionary } from "./lz4_dictionary.ts";

/** LZ4_ACCELERATION_DEFAULT; the kernel takes any below as this. */
const ACCELERATION_DEFAULT = 1;

function lz4Codec(acceleration: number): Codec {
  return {
    name: "lz4",
    compress: (page, into) => compressLz4(page, into, acceleration),
    decompress: (compressed, page) => decompressLz4("lz4", compressed, page),
    withParams: lz4WithParams,
    // A dictionary has no part in it where it was set up without one.
    retold: ({ level }) => lz4WithParams({ level }),
  };
}

function lz4WithParams(
  { level = ACCELERATION_DEFAULT, dict }: ZcompParams,
): Codec {
  const acceleration = Math.max(level, ACCELERATION_DEFAULT);
  return dict === undefined
    ? lz4Codec(acceleration)
    : lz4WithDictionary(acceleration, dict);
}

/**
 * LZ4 with the kernel's own lengths: what `compr_data_size` counts for a page
 * on a device whose algorithm is `lz4`. Takes pages of up to 64 KiB. Its level
 * is the acceleration: the higher, the faster and the worse; with
 * a dictionary it is {@linkcode lz4WithDictionary}.
 *
 * Specifies `LZ4_compress_fast` and `LZ4_decompress_safe`, `lib/lz4/`, and
 * `drivers/block/zram/backend_lz4.c`, since 6.12, as in Linux 4.11 to 7.3.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lz4 } from "zspec";
 *
 * const page = new TextEncoder().encode("zsmalloc".repeat(512));
 * assertEquals(lz4.compress(page, new Uint8Array(2 * 4096)), 33);
 * ```
 */
export const lz4: Codec = lz4Codec(ACCELERATION_DEFAULT);
