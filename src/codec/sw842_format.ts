/**
 * The 842 stream format: templates, each of 5 bits and its arguments, most
 * significant bit first. All but the last few make a block, eight bytes of the
 * page, by actions:
 *
 * | action | bits | bytes made |
 * | --- | --- | --- |
 * | `D2`, `D4`, `D8` | 16, 32, 64 | the argument's own (data) |
 * | `I2`, `I4`, `I8` | 8, 9, 8 | as many that were made before (index) |
 *
 * An index counts in units of as many bytes as it copies, in a ring that holds
 * the last bytes made: 512 for `I2`, 2048 for the others. It is no distance:
 * unit 300 of the page stands at 300 mod 256 in the ring of `I2`. A block's
 * bytes enter the rings once it is whole.
 *
 * | code | template |
 * | --- | --- |
 * | 0 to 25 | the actions of {@linkcode TEMPLATES} |
 * | 27 | repeat: the last eight bytes, 1 to 64 times; 6 bits are one less |
 * | 28 | zeros: eight of them |
 * | 29 | short data: 3 bits count the 1 to 7 bytes that follow |
 * | 30 | end: the page's checksum follows in 32 bits, then padding |
 *
 * Short data is Linux's own; the hardware has no such template.
 *
 * Source: `lib/842/842.h`, the same from Linux 5.10 to 7.3.
 */

/** Bytes of a block, which is what a template with actions makes. */
export const BLOCK = 8;
/** Bits of a template's code. */
export const TEMPLATE_BITS = 5;
/** The template that makes the last block again (`OP_REPEAT`). */
export const REPEAT = 0x1b;
/** Bits of how often it does, less one. */
export const REPEAT_BITS = 6;
/** The most blocks that one repeat makes. */
export const MAX_REPEAT = 1 << REPEAT_BITS;
/** The template of a block of zeros (`OP_ZEROS`). */
export const ZEROS = 0x1c;
/** The template of less than a block (`OP_SHORT_DATA`). */
export const SHORT_DATA = 0x1d;
/** Bits of the number of its bytes. */
export const SHORT_DATA_BITS = 3;
/** The template after the page's last byte (`OP_END`). */
export const END = 0x1e;
/** Bits of the checksum after it. */
export const CRC_BITS = 32;
/** A stream is padded with zeros to a multiple of this many bytes. */
export const PADDED_TO = 8;

/** How many bytes an action makes. */
export type ActionBytes = 2 | 4 | 8;

/** Bits of an index, by the bytes that it copies: the ring has 2 to that. */
export const INDEX_BITS: Readonly<Record<ActionBytes, number>> = {
  2: 8,
  4: 9,
  8: 8,
};

/** What makes a part of a block. */
export interface Action {
  /** Whether its bytes were made before; else they are in the stream. */
  readonly isIndex: boolean;
  /** How many bytes it makes. */
  readonly bytes: ActionBytes;
  /** Where in the block they are. */
  readonly at: number;
  /** Bits of its argument. */
  readonly bits: number;
}

const ACTION_BYTES: Readonly<Record<string, ActionBytes>> = {
  "2": 2,
  "4": 4,
  "8": 8,
};

/** Reads `D4 D2 I2`. */
function actionsOf(text: string): readonly Action[] {
  let at = 0;
  return text.split(" ").map(([kind, digit]) => {
    const bytes = ACTION_BYTES[digit];
    const isIndex = kind === "I";
    const bits = isIndex ? INDEX_BITS[bytes] : 8 * bytes;
    const action: Action = { isIndex, bytes, at, bits };
    at += bytes;
    return action;
  });
}

/** The actions of each template that has some, by its code. */
export const TEMPLATES: readonly (readonly Action[])[] = [
  /* 0x00 */ "D8",
  /* 0x01 */ "D4 D2 I2",
  /* 0x02 */ "D4 I2 D2",
  /* 0x03 */ "D4 I2 I2",
  /* 0x04 */ "D4 I4",
  /* 0x05 */ "D2 I2 D4",
  /* 0x06 */ "D2 I2 D2 I2",
  /* 0x07 */ "D2 I2 I2 D2",
  /* 0x08 */ "D2 I2 I2 I2",
  /* 0x09 */ "D2 I2 I4",
  /* 0x0a */ "I2 D2 D4",
  /* 0x0b */ "I2 D4 I2",
  /* 0x0c */ "I2 D2 I2 D2",
  /* 0x0d */ "I2 D2 I2 I2",
  /* 0x0e */ "I2 D2 I4",
  /* 0x0f */ "I2 I2 D4",
  /* 0x10 */ "I2 I2 D2 I2",
  /* 0x11 */ "I2 I2 I2 D2",
  /* 0x12 */ "I2 I2 I2 I2",
  /* 0x13 */ "I2 I2 I4",
  /* 0x14 */ "I4 D4",
  /* 0x15 */ "I4 D2 I2",
  /* 0x16 */ "I4 I2 D2",
  /* 0x17 */ "I4 I2 I2",
  /* 0x18 */ "I4 I4",
  /* 0x19 */ "I8",
].map(actionsOf);

/** The bits above the remainder's 32 are x^32 alone; these are the others. */
const CRC_POLYNOMIAL = 0x04c11db7;

/** What eight bits that leave the remainder at its top do to the rest of it. */
const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte << 24;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder << 1) ^ (remainder < 0 ? CRC_POLYNOMIAL : 0);
  }
  return remainder;
});

/**
 * The checksum of a page's first `length` bytes: CRC-32, most significant bit
 * first, from 0 and not inverted.
 *
 * Specifies `crc32_be(0, page, length)`, `lib/crc32.c`.
 */
export function checksum(page: Uint8Array, length: number): number {
  let remainder = 0;
  for (let at = 0; at < length; at++) {
    remainder = (remainder << 8) ^ crcTable[(remainder >>> 24) ^ page[at]];
  }
  return remainder >>> 0;
}
