/**
 * `deflate` by `node:zlib`, with the settings of Linux: another release of the
 * same library.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Codec } from "./codec.ts";
import { zlibCodec } from "./node_zlib.ts";

/** `deflate`'s window, as a power of two (`DEFLATE_DEF_WINBITS`). */
const DEFLATE_WINDOW_BITS = 11;
/** `deflate`'s memory level (`DEFLATE_DEF_MEMLEVEL`). */
const DEFLATE_MEMORY_LEVEL = 8;

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
