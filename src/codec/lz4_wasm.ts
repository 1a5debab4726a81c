/**
 * The package lz4-wasm: `lz4_flex`, a Rust implementation of LZ4, compiled to
 * WebAssembly.
 */
import * as wasm from "npm:lz4-wasm@0.9.2/lz4_wasm.js";
import { type Codec, CorruptDataError } from "./codec.ts";
import { assertLz4Block } from "./lz4_block.ts";

/** The package's blocks start with the length of what they hold, in 32 bits. */
const PREFIX_BYTES = 4;

/** The most bytes a page has. */
const MAX_PAGE_SIZE = 65536;

/**
 * The package's input: a length and a block. One buffer serves all calls, as
 * the package copies it.
 */
const input = new Uint8Array(PREFIX_BYTES + 2 * MAX_PAGE_SIZE);

/**
 * Decompresses an LZ4 block with the package lz4-wasm. The block is checked
 * first: on a block that is not well-formed the package traps, and its one
 * instance, which all callers share, would be left broken.
 */
export function decompressLz4(
  algorithm: string,
  block: Uint8Array,
  page: Uint8Array,
): void {
  assertLz4Block(algorithm, block, page.length);
  new DataView(input.buffer).setUint32(0, page.length, true);
  input.set(block, PREFIX_BYTES);
  let made: Uint8Array;
  try {
    made = wasm.decompress(input.subarray(0, PREFIX_BYTES + block.length));
  } catch (thrown) {
    throw new CorruptDataError(algorithm, String(thrown));
  }
  page.set(made);
}

/**
 * LZ4 by the package lz4-wasm, encoder and decoder. Its lengths are not the
 * kernel's: its encoder searches otherwise.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lz4Wasm } from "zspec";
 *
 * const page = new TextEncoder().encode("zsmalloc".repeat(512));
 * const into = new Uint8Array(2 * 4096);
 * const length = lz4Wasm.compress(page, into);
 * const back = new Uint8Array(4096);
 * lz4Wasm.decompress(into.subarray(0, length), back);
 * assertEquals(back, page);
 * ```
 */
export const lz4Wasm: Codec = {
  name: "lz4-wasm",
  near: "its encoder searches otherwise",
  compress(page, into) {
    const block = wasm.compress(page).subarray(PREFIX_BYTES);
    into.set(block);
    return block.length;
  },
  decompress(compressed, page) {
    decompressLz4("lz4-wasm", compressed, page);
  },
};
