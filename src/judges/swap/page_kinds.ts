/** What a page is made of, as far as the swap path looks at it. */
import { Buffer } from "node:buffer";

/** Whether a page is all zeros. */
export function isZero(page: Uint8Array): boolean {
  return page[0] === 0 && isOneWord(page, 1);
}

/** Whether a page is one word of so many bytes over and over. */
export function isOneWord(page: Uint8Array, wordBytes: number): boolean {
  // Compared with itself, one word further on, by memcmp.
  return Buffer.compare(
    page.subarray(wordBytes),
    page.subarray(0, page.length - wordBytes),
  ) === 0;
}
