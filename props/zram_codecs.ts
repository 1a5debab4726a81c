/** Codecs for devices with any algorithm. */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { type Codec, lz4 } from "../mod.ts";

/** A codec with another one's encoder: what is tested is zram, not lzo. */
const alias = (name: string, codec: Codec): Codec => ({
  name,
  compress: (page, into) => codec.compress(page, into),
  decompress: (compressed, page) => codec.decompress(compressed, page),
});

const deflated: Codec = {
  name: "deflate",
  compress(page, into) {
    const bytes = deflateRawSync(page);
    into.set(bytes);
    return bytes.length;
  },
  decompress(compressed, page) {
    page.set(inflateRawSync(compressed));
  },
};

/** A codec for every algorithm that a test chooses. */
export const CODECS: readonly Codec[] = [
  alias("lzo", lz4),
  alias("lzo-rle", lz4),
  alias("zstd", deflated),
  deflated,
];
