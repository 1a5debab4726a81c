/** Decoding pages by `node:zlib`. */
import { type Codec, CorruptDataError } from "./codec.ts";

/** What `node:zlib` throws for an output above `maxOutputLength`. */
function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && "code" in error &&
    error.code === "ERR_BUFFER_TOO_LARGE";
}

/** Compressed bytes that make more than a page. */
export function tooLarge(name: string, page: Uint8Array): CorruptDataError {
  return new CorruptDataError(
    name,
    `it makes more than the page's ${page.length} bytes`,
  );
}

/** Refuses compressed bytes that made `length` bytes, where that is no page. */
export function assertWhole(
  name: string,
  length: number,
  page: Uint8Array,
): void {
  if (length === page.length) return;
  throw new CorruptDataError(
    name,
    `it makes ${length} bytes of a page's ${page.length}`,
  );
}

/** A decoder of pages by one of `node:zlib`. */
export function zlibDecoder(
  name: string,
  decode: (compressed: Uint8Array, maxOutputLength: number) => Uint8Array,
): Codec["decompress"] {
  return (compressed, page) => {
    let made: Uint8Array;
    try {
      made = decode(compressed, page.length);
    } catch (error) {
      throw isTooLarge(error) ? tooLarge(name, page) : new CorruptDataError(
        name,
        error instanceof Error ? error.message : String(error),
      );
    }
    assertWhole(name, made.length, page);
    page.set(made);
  };
}
