/** Files that are read in order, as far as they can be. */

/** What can be read: a file, or standard input. */
type Readable = Pick<Deno.FsFile, "readSync">;

/** Bytes that are read at a time. */
const PIECE = 1 << 16;

/** What is left of a file, piece by piece: what sysfs says of sizes is not so. */
export function* piecesOf(file: Readable): Generator<Uint8Array> {
  for (;;) {
    const piece = new Uint8Array(PIECE);
    const read = file.readSync(piece);
    if (read === null) return;
    yield piece.subarray(0, read);
  }
}

/**
 * Fills `into` from a file; answers how many bytes there were up to its end, or
 * to where it cannot be read, as where memory has a hole.
 */
export function fillFrom(file: Readable, into: Uint8Array): number {
  let filled = 0;
  try {
    while (filled < into.length) {
      const read = file.readSync(into.subarray(filled)) ?? 0;
      if (read === 0) break;
      filled += read;
    }
  } catch {
    // What is behind cannot be read.
  }
  return filled;
}
