/** Codecs by `node:zlib`. */
import { type Codec, CorruptDataError } from "./codec.ts";

/** What `node:zlib` throws for an output above `maxOutputLength`. */
function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && "code" in error &&
    error.code === "ERR_BUFFER_TOO_LARGE";
}

/** A codec whose encoder and decoder are `node:zlib`'s. */
export function zlibCodec(
  name: string,
  encode: (page: Uint8Array) => Uint8Array,
  decode: (compressed: Uint8Array, maxOutputLength: number) => Uint8Array,
): Codec {
  return {
    name,
    compress(page, into) {
      const encoded = encode(page);
      into.set(encoded);
      return encoded.length;
    },
    decompress(compressed, page) {
      let made: Uint8Array;
      try {
        made = decode(compressed, page.length);
      } catch (error) {
        throw new CorruptDataError(
          name,
          isTooLarge(error)
            ? `it makes more than the page's ${page.length} bytes`
            : error instanceof Error
            ? error.message
            : String(error),
        );
      }
      if (made.length !== page.length) {
        throw new CorruptDataError(
          name,
          `it makes ${made.length} bytes of a page's ${page.length}`,
        );
      }
      page.set(made);
    },
  };
}
