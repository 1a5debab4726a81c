/** The numbers of `mm_stat`, read from its text. */

/** The most that there are. */
export const MM_STAT_NUMBERS = 9;

/** Which number is which. */
export const MM = {
  orig_data_size: 0,
  compr_data_size: 1,
  mem_used_total: 2,
  mem_limit: 3,
  mem_used_max: 4,
  same_pages: 5,
  pages_compacted: 6,
  huge_pages: 7,
  huge_pages_since: 8,
} as const;

/** Their names in the documentation. */
export type MmStatNumber = keyof typeof MM;

const SPACE = 32;
const NEWLINE = 10;
const TAB = 9;
const ZERO = 48;
/** Digits of numbers that arithmetic has exactly. */
const EXACT_DIGITS = 15;

/**
 * Reads whole numbers with blanks between them into `into`: how many there are,
 * or -1 where the text is none of these. Makes no texts on the way.
 */
export function readNumbers(text: string, into: Float64Array): number {
  let count = 0;
  for (let at = 0; at < text.length;) {
    if (isBlank(text.charCodeAt(at))) {
      at++;
      continue;
    }
    const start = at;
    let value = 0;
    for (; at < text.length && !isBlank(text.charCodeAt(at)); at++) {
      const digit = text.charCodeAt(at) - ZERO;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    if (count === into.length) return -1;
    into[count++] = at - start > EXACT_DIGITS
      ? Number(text.slice(start, at))
      : value;
  }
  return count;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === NEWLINE || code === TAB;
}
