/**
 * The decoder of 842 streams. It checks every bit it reads, and every byte it
 * writes or goes back to, so that no stream leads it out of bounds.
 *
 * Source: `sw842_decompress`, `lib/842/842_decompress.c`, as in Linux 6.12.118
 * and 7.3.4. Those of 5.10 and 7.2.12 are the same but for checks they lack:
 * what they take and these refuse writes beyond the page or reads before it.
 */
import { CorruptDataError } from "./codec.ts";
import {
  type ActionBytes,
  BLOCK,
  checksum,
  CRC_BITS,
  END,
  INDEX_BITS,
  REPEAT,
  REPEAT_BITS,
  SHORT_DATA,
  SHORT_DATA_BITS,
  TEMPLATE_BITS,
  TEMPLATES,
  ZEROS,
} from "./sw842_format.ts";
import { bitsAt } from "./sw842_bits.ts";

/** A stream being decoded. */
interface Decoding {
  readonly algorithm: string;
  readonly stream: Uint8Array;
  readonly page: Uint8Array;
  /** Next bit of the stream to be read. */
  position: number;
  /** Bytes of the page that are there. */
  made: number;
}

function refuse({ algorithm }: Decoding, reason: string): never {
  throw new CorruptDataError(algorithm, reason);
}

/** The next `count` bits, which are part of `what`. Specifies `next_bits`. */
function take(decoding: Decoding, count: number, what: string): number {
  const { stream, position } = decoding;
  if (position + count > 8 * stream.length) {
    refuse(decoding, `it ends inside ${what}`);
  }
  decoding.position += count;
  return bitsAt(stream, position, count);
}

/** Checks that there is room for `bytes` more, and returns where they go. */
function make(decoding: Decoding, bytes: number): number {
  const { page, made, position } = decoding;
  if (bytes > page.length - made) {
    refuse(
      decoding,
      `bit ${position} goes beyond the page's ${page.length} bytes`,
    );
  }
  decoding.made += bytes;
  return made;
}

/** Takes an even number of bytes from the stream. Specifies `do_data`. */
function copyData(decoding: Decoding, bytes: ActionBytes): void {
  const { page } = decoding;
  const at = make(decoding, bytes);
  const end = at + bytes;
  for (let to = at; to < end; to += 2) {
    const pair = take(decoding, 16, "data");
    page[to] = pair >>> 8;
    page[to + 1] = pair;
  }
}

/**
 * Where in the page the unit is that an index names, the ring having all blocks
 * up to `made`: the last unit of that place in the ring.
 */
function unitStart(index: number, bytes: ActionBytes, made: number): number {
  const ringBytes = bytes << INDEX_BITS[bytes];
  const offset = index * bytes;
  if (made <= ringBytes) return offset;
  const place = made % ringBytes;
  return made - place + offset - (offset >= place ? ringBytes : 0);
}

/** Copies bytes that were made before. Specifies `__do_index`. */
function copyIndexed(decoding: Decoding, bytes: ActionBytes): void {
  const { page, position } = decoding;
  const to = make(decoding, bytes);
  const blocks = to - to % BLOCK;
  const index = take(decoding, INDEX_BITS[bytes], "an index");
  const from = unitStart(index, bytes, blocks);
  if (from + bytes > blocks) {
    refuse(
      decoding,
      `the index at bit ${position} leads to byte ${from} of ${blocks}`,
    );
  }
  for (let nth = 0; nth < bytes; nth++) page[to + nth] = page[from + nth];
}

function copyRepeated(decoding: Decoding): void {
  const count = take(decoding, REPEAT_BITS, "a repeat") + 1;
  const { page, made, position } = decoding;
  if (made < BLOCK) {
    refuse(
      decoding,
      `the repeat before bit ${position} goes back ${BLOCK} of ${made} bytes`,
    );
  }
  const at = make(decoding, BLOCK * count);
  const end = at + BLOCK * count;
  for (let to = at; to < end; to++) page[to] = page[to - BLOCK];
}

function copyShortData(decoding: Decoding): void {
  const count = take(decoding, SHORT_DATA_BITS, "short data");
  if (count === 0) {
    refuse(
      decoding,
      `the short data before bit ${decoding.position} has 0 bytes, not 1 or more`,
    );
  }
  const at = make(decoding, count);
  const end = at + count;
  for (let to = at; to < end; to++) {
    decoding.page[to] = take(decoding, 8, "short data");
  }
}

function runActions(decoding: Decoding, template: number): void {
  if (template >= TEMPLATES.length) {
    refuse(
      decoding,
      `there is no template ${template}, as before bit ${decoding.position}`,
    );
  }
  for (const { isIndex, bytes } of TEMPLATES[template]) {
    if (isIndex) copyIndexed(decoding, bytes);
    else copyData(decoding, bytes);
  }
}

/** Runs templates up to the stream's end. */
function decode(decoding: Decoding): void {
  for (;;) {
    const template = take(decoding, TEMPLATE_BITS, "a template");
    if (template === END) return;
    if (template === REPEAT) copyRepeated(decoding);
    else if (template === SHORT_DATA) copyShortData(decoding);
    else if (template === ZEROS) {
      const at = make(decoding, BLOCK);
      decoding.page.fill(0, at, at + BLOCK);
    } else runActions(decoding, template);
  }
}

/**
 * Fills `page` from a stream. Throws a {@linkcode CorruptDataError} that says
 * where, for a stream that is not well-formed, makes another number of bytes,
 * or has not their checksum. What is behind the checksum is not looked at.
 *
 * Specifies `sw842_decompress`.
 */
export function decompressSw842(
  algorithm: string,
  stream: Uint8Array,
  page: Uint8Array,
): void {
  const decoding: Decoding = { algorithm, stream, page, position: 0, made: 0 };
  decode(decoding);
  const told = take(decoding, CRC_BITS, "the checksum");
  const { made } = decoding;
  const real = checksum(page, made);
  if (told !== real) {
    refuse(decoding, `its checksum is ${told}, and its page's ${real}`);
  }
  if (made !== page.length) {
    refuse(decoding, `it makes ${made} bytes of a page's ${page.length}`);
  }
}
