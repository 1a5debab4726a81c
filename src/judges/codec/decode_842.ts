/** A second decoder of 842 streams, from the format alone (`lib/842/842.h`). */

/** A ring of the last bytes, which indices of units of so many bytes are in. */
type Rings = Readonly<Record<2 | 4 | 8, Uint8Array>>;

/** Templates of no block of their own: the last one again, zeros, the end. */
const REPEAT = 27, ZEROS = 28, END = 30;

/** What makes some bytes of a block. */
interface Part {
  /** Whether they are in the stream; else they were made before. */
  readonly isData: boolean;
  readonly bytes: keyof Rings;
}

/** The halves of a block: four bytes of data, of an index, or two pairs of such. */
const HALVES = [["D4"], ["D2", "I2"], ["I2", "D2"], ["I2", "I2"], ["I4"]];

/** What makes the eight bytes of a template, all at once or two halves; no template, nothing. */
function partsOf(template: number): readonly Part[] {
  const names = template === 25
    ? ["I8"]
    : template < 25
    ? [...HALVES[Math.floor(template / 5)], ...HALVES[template % 5]]
    : [];
  return names.map(([kind, digit]) => ({
    isData: kind === "D",
    // The names have no other digits.
    bytes: Number(digit) as Part["bytes"],
  }));
}

/** The parts of each template. */
const PARTS = Array.from({ length: 32 }, (_, template) => partsOf(template));

/** The bits of an index into each ring. */
const INDEX_BITS = { 2: 8, 4: 9, 8: 8 };

/**
 * A reader of bits, the highest first. Behind the last it answers NaN, which is
 * no template: who reads so far makes no page.
 */
function bitReader(stream: Uint8Array): (count: number) => number {
  let at = 0;
  return (count) => {
    const end = at + count;
    if (end > 8 * stream.length) return NaN;
    let value = 0;
    while (at < end) {
      const left = 8 - at % 8;
      const bits = Math.min(left, end - at);
      const rest = stream[at >> 3] % 2 ** left;
      value = value * 2 ** bits + (rest >> left - bits);
      at += bits;
    }
    return value;
  };
}

/** CRC-32, the highest bit first, from 0, bit by bit. */
function crcOf(page: Uint8Array): number {
  let crc = 0;
  for (const byte of page) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc << 1 ^ (crc < 0 ? 0x04c11db7 : 0);
    }
  }
  return crc >>> 0;
}

/** The bytes of a block that parts make; nothing where one is not there. */
function blockOf(
  parts: readonly Part[],
  take: (count: number) => number,
  rings: Rings,
  made: number,
): Uint8Array | undefined {
  const block = new Uint8Array(8);
  let at = 0;
  for (const { isData, bytes } of parts) {
    if (isData) {
      for (let nth = 0; nth < bytes; nth++) block[at + nth] = take(8);
    } else {
      const from = take(INDEX_BITS[bytes]) * bytes;
      if (!(from + bytes <= made)) return undefined;
      block.set(rings[bytes].subarray(from, from + bytes), at);
    }
    at += bytes;
  }
  return at === 8 ? block : undefined;
}

/** The page that a stream makes; nothing where it is none. */
export function decode842(
  stream: Uint8Array,
  pageSize: number,
): Uint8Array | undefined {
  const take = bitReader(stream);
  const page = new Uint8Array(pageSize);
  let made = 0;
  const rings: Rings = {
    2: new Uint8Array(512),
    4: new Uint8Array(2048),
    8: new Uint8Array(2048),
  };
  const add = (block: Uint8Array) => {
    for (const ring of [rings[2], rings[4], rings[8]]) {
      ring.set(block, made % ring.length);
    }
    page.set(block, made);
    made += block.length;
  };
  const nextBlock = (template: number) => {
    if (template === ZEROS) return new Uint8Array(8);
    if (template === REPEAT) return page.slice(Math.max(0, made - 8), made);
    return blockOf(PARTS[template] ?? [], take, rings, made);
  };
  for (;;) {
    const template = take(5);
    if (template === END) {
      const isRight = made === pageSize && take(32) === crcOf(page);
      return isRight ? page : undefined;
    }
    const times = template === REPEAT ? take(6) + 1 : 1;
    const block = nextBlock(template);
    const isRight = block?.length === 8 && made + 8 * times <= pageSize;
    if (!isRight) return undefined;
    for (let nth = 0; nth < times; nth++) add(block);
  }
}
