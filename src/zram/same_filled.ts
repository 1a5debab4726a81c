/** Pages that are one `unsigned long` repeated. */

/**
 * Whether `page` repeats its first `wordBytes` bytes to its end. Specifies
 * `page_same_filled`, `zram_drv.c`.
 */
export function isSameFilled(page: Uint8Array, wordBytes: number): boolean {
  const last = page.length - wordBytes;
  for (let nth = 0; nth < wordBytes; nth++) {
    if (page[last + nth] !== page[nth]) return false;
  }
  // Four bytes at a time: a hole of a file has many such pages.
  if (page.byteOffset % 4 !== 0) return repeats(page, wordBytes);
  const words = new Int32Array(page.buffer, page.byteOffset, page.length >> 2);
  return repeats(words, wordBytes / 4);
}

/** Whether each element is the one that is `period` before it, but for the last ones. */
function repeats(elements: Uint8Array | Int32Array, period: number): boolean {
  const end = elements.length - period;
  for (let at = period; at < end; at++) {
    if (elements[at] !== elements[at - period]) return false;
  }
  return true;
}

/** The 32 bits at `at` of `page`, little-endian. */
export function readWord32(page: Uint8Array, at: number): number {
  return (page[at] | (page[at + 1] << 8) | (page[at + 2] << 16) |
    (page[at + 3] << 24)) >>> 0;
}

/**
 * Fills `page` with a word of `wordBytes` bytes, given as two halves of 32
 * bits. Specifies `zram_fill_page`, `zram_drv.c`.
 */
export function fillPage(
  page: Uint8Array,
  low: number,
  high: number,
  wordBytes: number,
): void {
  for (let nth = 0; nth < wordBytes; nth++) {
    page[nth] = (nth < 4 ? low : high) >>> (8 * (nth & 3));
  }
  page.copyWithin(wordBytes, 0, wordBytes);
  for (let made = 2 * wordBytes; made < page.length; made *= 2) {
    page.copyWithin(made, 0, made);
  }
}
