/** The libzstd that Deno has, by `node:zlib`: 1.5.7 in Deno 2.9. */
import { constants, zstdCompressSync, type ZstdOptions } from "node:zlib";
import type { Codec } from "./codec.ts";
import type { ZstdSizeHint } from "../linux/zstd_encoder.ts";
import { isZstd157 } from "./zstd_release.ts";

/** The options of `node:zlib`, with one that Deno's types leave out. */
interface PledgedZstdOptions extends ZstdOptions {
  /** Bytes that will be compressed. */
  readonly pledgedSrcSize: number;
}

/** What libzstd is told to do, by the numbers of `node:zlib`. */
type Parameters = Readonly<Record<number, number>>;

/** Compresses pages of mostly one size, whose options are made once. */
function compressor(params: Parameters): Codec["compress"] {
  let options: PledgedZstdOptions = { params, pledgedSrcSize: 0 };
  return (page, into) => {
    if (page.length !== options.pledgedSrcSize) {
      options = { params, pledgedSrcSize: page.length };
    }
    const encoded = zstdCompressSync(page, options);
    into.set(encoded);
    return encoded.length;
  };
}

/**
 * What a level comes to, which libzstd looks up by the page's size. (-1 is as
 * if none were told to `node:zlib`: it is -2 but for the one column in which
 * levels below 0 differ.)
 */
function byLevel(level: number): Parameters {
  return level === -1
    ? {
      [constants.ZSTD_c_compressionLevel]: -2,
      [constants.ZSTD_c_targetLength]: 1,
    }
    : { [constants.ZSTD_c_compressionLevel]: level };
}

/**
 * What level 3, the one of those that give another size than the page's, comes
 * to for it (ZSTD_defaultCParameters, `clevels.h`): libzstd fits windows and
 * tables to the page.
 */
const BY_SIZE: Readonly<
  Record<Exclude<ZstdSizeHint, "page">, Parameters>
> = {
  // A size that is not known.
  0: {
    [constants.ZSTD_c_windowLog]: 21,
    [constants.ZSTD_c_chainLog]: 16,
    [constants.ZSTD_c_hashLog]: 17,
    [constants.ZSTD_c_searchLog]: 1,
    [constants.ZSTD_c_minMatch]: 5,
    [constants.ZSTD_c_strategy]: constants.ZSTD_dfast,
  },
  // ZSTD_MAX_SIZE.
  262144: {
    [constants.ZSTD_c_windowLog]: 18,
    [constants.ZSTD_c_chainLog]: 16,
    [constants.ZSTD_c_hashLog]: 16,
    [constants.ZSTD_c_searchLog]: 1,
    [constants.ZSTD_c_minMatch]: 4,
    [constants.ZSTD_c_strategy]: constants.ZSTD_dfast,
  },
};

/** Deno's encoder, told what a kernel tells its own (`zstd_get_params`). */
export function denoZstd(
  sizeHint: ZstdSizeHint,
  level: number,
): Codec["compress"] {
  return compressor(
    sizeHint === "page" ? byLevel(level) : BY_SIZE[sizeHint],
  );
}

let is157: boolean | undefined;

/** Whether Deno's libzstd is 1.5.7, which is looked at once. */
export function isDenoZstd157(): boolean {
  return is157 ??= isZstd157((level) => denoZstd("page", level));
}
