/** Modules that guests of zram and of zswap have. */
import type { Module } from "./guest_modules.ts";

/** Kilobytes per page of the guests, all of them x86-64. */
const PAGE_KILOBYTES = 4;

/** The node of a guest's ram disk. */
export const RAM_DISK = "/dev/ram0";

/**
 * Compressors of the kernel's crypto interface. It would look for their modules
 * by modprobe, which a guest has not; what is built in is there anyway.
 */
export const CODEC_MODULES: readonly Module[] = [
  ["lzo", "CRYPTO_LZO"],
  ["lzo_rle", "CRYPTO_LZO"],
  ["lz4", "CRYPTO_LZ4"],
  ["lz4hc", "CRYPTO_LZ4HC"],
  ["zstd", "CRYPTO_ZSTD"],
  ["deflate", "CRYPTO_DEFLATE"],
  ["842", "CRYPTO_842"],
].map(([name, option]) => ({ name, option, isOptional: true }));

/**
 * A ram disk of so many pages at {@linkcode RAM_DISK}. A request to it ends
 * before its sender goes on, so that what a kernel does once one has ended
 * comes in an order that is its own and not a scheduler's: a loop device's end
 * when a worker gets to run.
 *
 * Source: `brd_submit_bio`, drivers/block/brd.c.
 */
export function ramDisk(pages: number): Module {
  return {
    name: "brd",
    option: "BLK_DEV_RAM",
    parameters: `rd_nr=1 rd_size=${pages * PAGE_KILOBYTES}`,
  };
}
