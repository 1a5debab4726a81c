/** A second decoder of LZO1X streams, from `Documentation/staging/lzo.rst` alone. */

/** Where a decoder is. */
interface Reading {
  readonly stream: Uint8Array;
  at: number;
  readonly page: Uint8Array;
  /** Bytes of the page that are made. */
  made: number;
}

/** The next byte; NaN behind the last, which spoils what is made of it. */
function next(reading: Reading): number {
  return reading.stream[reading.at++] ?? NaN;
}

/** A length of so many bits, which goes on in bytes where they are 0. */
function lengthOf(reading: Reading, bits: number, most: number): number {
  if (bits !== 0) return bits;
  let length = most, byte = next(reading);
  for (; byte === 0; byte = next(reading)) length += 255;
  return length + byte;
}

/** Takes literals: false where there are not so many, or too many. */
function literals(reading: Reading, count: number): boolean {
  const { stream, at, page, made } = reading;
  const areThere = at + count <= stream.length && made + count <= page.length;
  if (!areThere) return false;
  page.set(stream.subarray(at, at + count), made);
  reading.at += count;
  reading.made += count;
  return true;
}

/** What an instruction says of a match: the literals behind it are in two bits. */
interface Match {
  readonly length: number;
  /** 0 for a run of zeros. */
  readonly distance: number;
  readonly behind: number;
}

/** `DDSS`, and a byte: a short match. */
function near(
  reading: Reading,
  instruction: number,
  length: number,
  { bits, from }: { readonly bits: number; readonly from: number },
): Match {
  const low = (instruction >> 2) % 2 ** bits;
  const distance = next(reading) * 2 ** bits + low + from;
  return { length, distance, behind: instruction % 4 };
}

/** A match that two bytes tell the distance of, 14 bits above the literals'. */
function far(reading: Reading, length: number, from: number): Match {
  const pair = next(reading) + 256 * next(reading);
  return { length, distance: (pair >> 2) + from, behind: pair % 4 };
}

/** The instruction's match; `state` is how many literals stand before it, 4 of more. */
function matchOf(
  reading: Reading,
  instruction: number,
  state: number,
  version: number,
): Match {
  if (instruction >= 128) {
    const length = 5 + (instruction >> 5) % 4;
    return near(reading, instruction, length, { bits: 3, from: 1 });
  }
  if (instruction >= 64) {
    const length = 3 + (instruction >> 5) % 2;
    return near(reading, instruction, length, { bits: 3, from: 1 });
  }
  if (instruction >= 32) {
    return far(reading, 2 + lengthOf(reading, instruction % 32, 31), 1);
  }
  if (instruction >= 16) {
    const { stream, at } = reading;
    const isAtMost = stream[at] >= 0xfc && stream[at + 1] === 0xff;
    if (version > 0 && (instruction & 0x18) === 0x18 && isAtMost) {
      const [pair] = [next(reading), next(reading)];
      const length = 4 + instruction % 8 + 8 * next(reading);
      return { length, distance: 0, behind: pair % 4 };
    }
    const length = 2 + lengthOf(reading, instruction % 8, 7);
    return far(reading, length, 16384 + 16384 * ((instruction >> 3) % 2));
  }
  return state === 4
    ? near(reading, instruction, 3, { bits: 2, from: 2049 })
    : near(reading, instruction, 2, { bits: 2, from: 1 });
}

/** Makes a match's bytes: false where they begin before the page, or go beyond. */
function copy(reading: Reading, { length, distance }: Match): boolean {
  const { page, made } = reading;
  if (!(distance <= made && made + length <= page.length)) return false;
  for (let to = made; to < made + length; to++) {
    page[to] = distance === 0 ? 0 : page[to - distance];
  }
  reading.made += length;
  return true;
}

/** The page that a stream makes; nothing where it is none. */
export function decodeLzo1x(
  stream: Uint8Array,
  pageSize: number,
): Uint8Array | undefined {
  const page = new Uint8Array(pageSize);
  const reading: Reading = { stream, at: 0, page, made: 0 };
  const hasVersion = stream.length >= 5 && stream[0] === 17;
  const version = hasVersion ? stream[1] : 0;
  if (hasVersion) reading.at = 2;
  let state = 0;
  if (stream[reading.at] > 17) {
    const count = next(reading) - 17;
    if (!literals(reading, count)) return undefined;
    state = Math.min(count, 4);
  }
  while (reading.at < stream.length) {
    const instruction = next(reading);
    if (instruction < 16 && state === 0) {
      const count = 3 + lengthOf(reading, instruction, 15);
      if (!literals(reading, count)) return undefined;
      state = 4;
      continue;
    }
    const match = matchOf(reading, instruction, state, version);
    if (instruction >> 4 === 1 && match.distance === 16384) {
      const isWhole = match.length === 3 && reading.at === stream.length &&
        reading.made === pageSize;
      return isWhole ? page : undefined;
    }
    if (!copy(reading, match)) return undefined;
    if (!literals(reading, match.behind)) return undefined;
    state = match.behind;
  }
  return undefined;
}
