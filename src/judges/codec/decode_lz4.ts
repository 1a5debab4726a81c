/** A second decoder of LZ4 blocks, from the format (`lz4_Block_format.md`). */

/** Bytes of the shortest match. */
const MIN_MATCH = 4;
/** A page's last bytes that are literals, and how near its end a match may begin. */
const END = { literals: 5, match: 12 };

/** The page that a block makes behind a dictionary; nothing where it is none. */
export function decodeLz4(
  block: Uint8Array,
  pageSize: number,
  dict: Uint8Array,
): Uint8Array | undefined {
  const end = dict.length + pageSize;
  const made = new Uint8Array(end);
  made.set(dict);
  let to = dict.length;
  let at = 0;
  const length = (half: number): number => {
    if (half < 15) return half;
    let sum = half, byte = 255;
    while (byte === 255) sum += byte = block[at++] ?? NaN;
    return sum;
  };
  while (at < block.length) {
    const token = block[at++];
    const literals = length(token >> 4);
    const areThere = at + literals <= block.length && to + literals <= end;
    if (!areThere) return undefined;
    made.set(block.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at === block.length) break;
    const distance = block[at++] + 256 * block[at++];
    const match = length(token & 15) + MIN_MATCH;
    const isRight = distance <= to &&
      to <= end - END.match && to + match <= end - END.literals;
    if (!isRight) return undefined;
    // A distance of 0 is none of the format's: Linux makes zeros of it.
    for (let nth = 0; nth < match; nth++, to++) {
      made[to] = distance === 0 ? 0 : made[to - distance];
    }
  }
  return to === end ? made.subarray(dict.length) : undefined;
}
