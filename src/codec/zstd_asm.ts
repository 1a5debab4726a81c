/**
 * The libzstd of Linux 4.14 to 5.10, a 1.3.1, by the package zstd-codec, whose
 * first release carries one that encodes as it, compiled to asm.js. Nothing of
 * it is run before a page is compressed.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** Has Deno fetch the package with zspec. */
export const FETCHED: readonly (() => Promise<unknown>)[] = [
  () => import("npm:zstd-codec@0.0.1/lib/zstd-codec-binding.js"),
];

/** A stream of the package: it hands out pieces of what it compressed. */
interface CompressStream {
  begin(level: number): boolean;
  transform(bytes: Uint8Array, take: (piece: Uint8Array) => void): boolean;
  end(take: (piece: Uint8Array) => void): boolean;
}

/** What the package's module makes. */
interface Binding {
  readonly ZstdCompressStreamBinding: new () => CompressStream;
}

/** zstd's level (ZSTD_DEF_LEVEL, `crypto/zstd.c`). */
const LEVEL = 3;

/** As which environment the package runs: as this one it takes no signals. */
const ENVIRONMENT = "SHELL";

let stream: CompressStream | undefined;

function makeStream(): CompressStream {
  const path = fileURLToPath(
    import.meta.resolve("npm:zstd-codec@0.0.1/lib/zstd-codec-binding.js"),
  );
  const bind: (
    settings: Readonly<Record<string, unknown>>,
  ) => Binding = createRequire(path)(path);
  const print = () => {};
  const settings = { ENVIRONMENT, print, printErr: print };
  return new (bind(settings).ZstdCompressStreamBinding)();
}

/**
 * Compresses a page as `crypto/zstd.c` up to 5.15: of a size that nothing is
 * told of, neither parameters nor the frame. Returns the length.
 */
export function compressUnsized(page: Uint8Array, into: Uint8Array): number {
  stream ??= makeStream();
  let length = 0;
  const take = (piece: Uint8Array) => {
    into.set(piece, length);
    length += piece.length;
  };
  const isDone = stream.begin(LEVEL) && stream.transform(page, take) &&
    stream.end(take);
  return isDone ? length : 0;
}
