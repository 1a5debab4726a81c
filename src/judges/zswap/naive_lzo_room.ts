/**
 * The room that LZO's checked encoder asks for, told from what it made: it
 * copies literals in front of an instruction 4 or 16 at a time, whether there
 * are as many or not, and asks for as much.
 */

/** Bytes of `lzo-rle`'s own in front of its stream. */
const VERSION_BYTES = 2;
/** The last instruction: 17, 0, 0. */
const END_BYTES = 3;

/** A place in a stream. */
interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** A length that bits hold where they are not all zero, and bytes where they are. */
function lengthOf(cursor: Cursor, held: number, most: number): number {
  if (held !== 0) return held;
  const { bytes } = cursor;
  let length = most;
  while (bytes[cursor.at] === 0) {
    length += 255;
    cursor.at++;
  }
  return length + bytes[cursor.at++];
}

/** Passes over the rest of an instruction; answers the literals that it says follow it. */
function passInstruction(
  cursor: Cursor,
  first: number,
  isRle: boolean,
): number {
  const { bytes } = cursor;
  if (first >= 64) {
    cursor.at++;
    return first & 3;
  }
  const isRun = isRle && (first & 0xf8) === 0x18 &&
    (bytes[cursor.at] & 0xfc) === 0xfc && bytes[cursor.at + 1] === 0xff;
  if (isRun) {
    const literals = bytes[cursor.at] & 3;
    cursor.at += 3;
    return literals;
  }
  lengthOf(cursor, first >= 32 ? first & 31 : first & 7, 0);
  const literals = bytes[cursor.at] & 3;
  cursor.at += 2;
  return literals;
}

/** The most bytes that the checked encoder asks for to make this stream. */
export function lzoRoom(stream: Uint8Array, isRle: boolean): number {
  const cursor: Cursor = { bytes: stream, at: isRle ? VERSION_BYTES : 0 };
  const end = stream.length - END_BYTES;
  let room = stream.length;
  // Literals alone, which no instruction follows.
  if (stream[cursor.at] > 17) return room;
  while (cursor.at < end) {
    const start = cursor.at;
    const first = stream[cursor.at++];
    if (first < 16) {
      const literals = lengthOf(cursor, first, 15) + 3;
      cursor.at += literals;
      const isLast = cursor.at >= end;
      if (literals <= 16 && !isLast) room = Math.max(room, start + 17);
    } else {
      const literals = passInstruction(cursor, first, isRle);
      const from = cursor.at;
      cursor.at += literals;
      const isLast = cursor.at >= end;
      if (literals > 0 && !isLast) room = Math.max(room, from + 4);
    }
  }
  return room;
}
