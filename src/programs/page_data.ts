/** How a transcript writes a page's bytes. */
import { crc32 } from "node:zlib";
import { xorshift32 } from "./random.ts";

/** One of the three forms of a page in a transcript. */
export type PageData =
  /** A word of 16 hex digits (8 on 32-bit), repeated to the page's end. */
  | { readonly word: string }
  /** `bytes` bytes of the xorshift32 stream of a seed, then zeros. */
  | { readonly xorshift: number; readonly bytes: number }
  /** The page itself. */
  | { readonly b64: Uint8Array };

/** Fills `page` with what `data` describes. */
export function fillPageData(page: Uint8Array, data: PageData): void {
  if ("b64" in data) {
    page.set(data.b64);
  } else if ("word" in data) {
    fillWord(page, data.word);
  } else {
    fillXorshift(page, data.xorshift, data.bytes);
  }
}

function fillWord(page: Uint8Array, word: string): void {
  const bytes = Uint8Array.fromHex(word).reverse();
  for (let at = 0; at < page.length; at++) page[at] = bytes[at % bytes.length];
}

function fillXorshift(page: Uint8Array, seed: number, bytes: number): void {
  const next = xorshift32(seed);
  page.fill(0);
  for (let at = 0; at < bytes; at += 4) {
    const state = next();
    for (let nth = 0; nth < 4 && at + nth < bytes; nth++) {
      page[at + nth] = state >>> (8 * nth);
    }
  }
}

/** A page's data in one short line, for messages. */
export function describePageData(data: PageData): string {
  if ("b64" in data) return `${data.b64.length} bytes`;
  if ("word" in data) return `word ${data.word}`;
  return `xorshift ${data.xorshift}, ${data.bytes} bytes`;
}

/** CRC-32 of a page, as transcripts write it. */
export function checksum(page: Uint8Array): string {
  return crc32(page).toString(16).padStart(8, "0");
}
