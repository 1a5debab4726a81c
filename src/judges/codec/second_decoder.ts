/** Decoders that share nothing with the codecs: what a page's bytes should make. */
import { inflateRawSync, inflateSync } from "node:zlib";
import { expandBytes } from "../../programs/bytes.ts";
import type { CodecCreate } from "../../programs/codec/steps.ts";
import { decode842 } from "./decode_842.ts";
import { decodeLz4 } from "./decode_lz4.ts";
import { decodeLzo1x } from "./decode_lzo1x.ts";

/** The page that compressed bytes make; nothing where they are refused. */
export type SecondDecoder = (compressed: Uint8Array) => Uint8Array | undefined;

/** `node:zlib`'s, which refuses what is farther back than the window. */
function inflating({ pageSize, winbits = -11 }: CodecCreate): SecondDecoder {
  const inflate = winbits < 0 ? inflateRawSync : inflateSync;
  const options = {
    windowBits: Math.abs(winbits),
    maxOutputLength: pageSize,
  };
  return (compressed) => {
    try {
      const page = inflate(compressed, options);
      return page.length === pageSize ? page : undefined;
    } catch {
      return undefined;
    }
  };
}

/** A block with or without a dictionary. */
function lz4({ pageSize, dict }: CodecCreate): SecondDecoder {
  const before = dict === undefined
    ? new Uint8Array()
    : expandBytes(dict.data, dict.bytes);
  return (compressed) => decodeLz4(compressed, pageSize, before);
}

const lzo1x = ({ pageSize }: CodecCreate): SecondDecoder => (compressed) =>
  decodeLzo1x(compressed, pageSize);

/** The second decoder of each algorithm that has one: `zstd` is libzstd itself. */
export const SECOND_DECODERS: Readonly<
  Record<string, (create: CodecCreate) => SecondDecoder>
> = {
  "lzo": lzo1x,
  "lzo-rle": lzo1x,
  "lz4": lz4,
  "lz4hc": lz4,
  "deflate": inflating,
  "842": ({ pageSize }) => (compressed) => decode842(compressed, pageSize),
};
