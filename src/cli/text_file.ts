/** Text of files that a caller names: never more of it than is bearable. */
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { piecesOf } from "./read_pieces.ts";
import { onPath, UsageError } from "./usage_error.ts";

/** Bytes of a file's text at most, and of one gzipped. */
const MOST_BYTES = 256 << 20;
/** Bytes of a line at most: a program of thousands of pages is one in JSON. */
const MOST_LINE = 16 << 20;
const NEWLINE = 0x0a;

/** A file's text, whether it is gzipped or not. */
export function readText(path: string): string {
  const bytes = readBytes(path);
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b
    ? gunzip(path, bytes)
    : bytes;
  assertLines(path, plain);
  return decode(path, plain);
}

const cannotRead = (path: string, why: string) =>
  new UsageError(`Cannot read '${path}': ${why}`);

/** A file's bytes, up to the first line that is too long. */
function readBytes(path: string): Uint8Array {
  const pieces: Uint8Array[] = [];
  let [total, inLine] = [0, 0];
  onPath(path, () => {
    using file = Deno.openSync(path);
    for (const piece of piecesOf(file)) {
      pieces.push(piece);
      total += piece.length;
      const last = piece.lastIndexOf(NEWLINE);
      inLine = last < 0 ? inLine + piece.length : piece.length - last - 1;
      // What is gzipped has lines too, if not for long.
      if (total > MOST_BYTES || inLine > 4 * MOST_LINE) break;
    }
  });
  if (total > MOST_BYTES) throw tooLarge(path);
  return Buffer.concat(pieces);
}

const tooLarge = (path: string) =>
  cannotRead(path, `it holds more than ${MOST_BYTES >> 20}M of text`);

function gunzip(path: string, bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_BYTES });
  } catch (error) {
    const code = error instanceof Error && "code" in error
      ? error.code
      : undefined;
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(path);
    throw cannotRead(
      path,
      code === "Z_BUF_ERROR"
        ? "the gzip file was cut off"
        : "the gzip file is damaged",
    );
  }
}

/** Each line's bytes, with its number. */
function* linesIn(bytes: Uint8Array): Generator<readonly [number, Uint8Array]> {
  let line = 1;
  for (let at = 0; at < bytes.length; line++) {
    const found = bytes.indexOf(NEWLINE, at);
    const end = found < 0 ? bytes.length : found;
    yield [line, bytes.subarray(at, end)];
    at = end + 1;
  }
}

/** Refuses a line that is too long. */
function assertLines(path: string, bytes: Uint8Array): void {
  for (const [line, { length }] of linesIn(bytes)) {
    if (length <= MOST_LINE) continue;
    throw cannotRead(path, `line ${line} is longer than ${MOST_LINE >> 20}M`);
  }
}

/** UTF-8; of other bytes the line is told. */
function decode(path: string, bytes: Uint8Array): string {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    return decoder.decode(bytes);
  } catch {
    throw cannotRead(path, `line ${firstBadLine(bytes)} is not UTF-8 text`);
  }
}

function firstBadLine(all: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (const [line, bytes] of linesIn(all)) {
    try {
      decoder.decode(bytes);
    } catch {
      return line;
    }
  }
  throw new Error("Cannot find the line that is not UTF-8: each is");
}
