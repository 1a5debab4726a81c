/** `deflate` as Linux has it: which level and which window it is set up with. */
import type { ZcompParams } from "../linux/zcomp_params.ts";
import type { Codec } from "./codec.ts";
import { inflatePage } from "./deflate_decode.ts";
import { deflatePage } from "./deflate_encode.ts";
import { storeCode } from "./workspace.ts";

/** The level that stands for zlib's own choice (`Z_DEFAULT_COMPRESSION`). */
const DEFAULT_LEVEL = -1;
/** A window of 2 KiB, without a header (`DEFLATE_DEF_WINBITS`). */
const DEFAULT_WINBITS = -11;

/** Deflate at a level and with a window. */
function deflateWith(
  { level = DEFAULT_LEVEL, winbits = DEFAULT_WINBITS }: ZcompParams,
): Codec {
  return {
    name: "deflate",
    compress(page, into) {
      return storeCode(into, deflatePage(page, level, winbits));
    },
    decompress(compressed, page) {
      inflatePage(compressed, page, winbits);
    },
    withParams: deflateWith,
  };
}

/**
 * Deflate with the kernel's own lengths: what `compr_data_size` counts for a
 * page on a device whose algorithm is `deflate`. Takes pages of 4 KiB to
 * 64 KiB. As in the kernel, bytes after the stream's end are not looked at.
 *
 * `withParams` takes a level of -1 to 9, and `winbits` of 9 to 15, whose streams
 * have zlib's header and sum, or of -15 to -9, whose have not; others are refused
 * where a device is set up.
 *
 * Specifies `lib/zlib_deflate` and `lib/zlib_inflate` as
 * `drivers/block/zram/backend_deflate.c` uses them since Linux 6.12, and
 * `crypto/deflate.c` before it and in zswap.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { deflate } from "zspec";
 *
 * const page = new TextEncoder().encode("zsmalloc".repeat(512));
 * assertEquals(deflate.compress(page, new Uint8Array(2 * 4096)), 33);
 * ```
 */
export const deflate: Codec = deflateWith({});
