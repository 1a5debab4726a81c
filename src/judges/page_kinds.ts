/** What a page is made of, as judges see it. */
import { Buffer } from "node:buffer";

/** Whether a page is all zeros. */
export function isZero(page: Uint8Array): boolean {
  return page[0] === 0 && isOneWord(page, 1);
}

/** Whether a page is one word of so many bytes over and over. */
export function isOneWord(page: Uint8Array, wordBytes: number): boolean {
  // Most are told by their first bytes; else it is compared with itself, one
  // word further on, by memcmp.
  return page[0] === page[wordBytes] && Buffer.compare(
        page.subarray(wordBytes),
        page.subarray(0, page.length - wordBytes),
      ) === 0;
}
