/**
 * `zstd`: for each release of libzstd that kernels have the same one, told what
 * they tell theirs.
 */
import { constants, zstdDecompressSync } from "node:zlib";
import { PARAM_NOT_SET, type ZcompParams } from "../linux/zcomp_params.ts";
import type { ZstdEncoder, ZstdSizeHint } from "../linux/zstd_encoder.ts";
import type { Codec } from "./codec.ts";
import { zlibDecoder } from "./node_zlib.ts";
import { assertPageSize } from "./workspace.ts";
import { compressUnsized } from "./zstd_asm.ts";
import { denoZstd, isDenoZstd157 } from "./zstd_deno.ts";
import type { WasmRelease } from "./zstd_builds.ts";
import { zstdLibrary } from "./zstd_wasm.ts";

/** The level that none is told (`zstd_default_clevel`; ZSTD_DEF_LEVEL, `crypto/zstd.c`). */
const DEFAULT_LEVEL = 3;
/** `ZSTD_minCLevel` and `ZSTD_maxCLevel`: others count as the nearest (`ZSTD_getCParams`). */
const LEAST_LEVEL = -131072;
const MOST_LEVEL = 22;
/** Its name. */
const NAME = "zstd";

/** A release of libzstd. */
interface Library {
  /** Its encoder at a level. */
  encoder(sizeHint: ZstdSizeHint, level: number): Codec["compress"];
  /** The same with a dictionary, where kernels have dictionaries with it. */
  encoderWithDict?(level: number, dict: Uint8Array): Codec["compress"];
  /** Why its lengths without a dictionary are only near the kernel's. */
  near?(): string | undefined;
  /** The largest window of its frames, as a power of two: a page's if not told. */
  readonly windowLog?: number;
}

/** What the package of WebAssembly encodes. */
function wasmEncoder(release: WasmRelease): Library["encoder"] {
  return (sizeHint, level) => (page, into) =>
    zstdLibrary(release, sizeHint).compress(page, into, level);
}

/** The same with a dictionary. */
function wasmEncoderWithDict(
  release: WasmRelease,
): (level: number, dict: Uint8Array) => Codec["compress"] {
  return (level, dict) => (page, into) =>
    zstdLibrary(release, "page").compress(page, into, level, dict);
}

/** Releases of libzstd, as kernels have them. */
const LIBRARIES: Readonly<Record<string, Library>> = {
  "1.3.1": { encoder: () => compressUnsized, windowLog: 21 },
  "1.4.10": { encoder: wasmEncoder("1.4.10") },
  "1.5.2": {
    encoder: wasmEncoder("1.5.2"),
    encoderWithDict: wasmEncoderWithDict("1.5.2"),
  },
  "1.5.7": {
    encoder: denoZstd,
    encoderWithDict: wasmEncoderWithDict("1.5.7"),
    near: () =>
      isDenoZstd157() ? undefined : "Deno's libzstd is not the kernel's 1.5.7",
  },
};

/** Why lengths are near where a dictionary is told. */
const NEAR_WITH_DICT =
  "no libzstd at hand takes a dictionary as the kernel does, prepared once for all pages";

/** The library for a kernel's: Deno's for one that is not known. */
function libraryOf(libzstd: string): Library {
  if (Object.hasOwn(LIBRARIES, libzstd)) return LIBRARIES[libzstd];
  const near = () => `Deno's libzstd is not the kernel's ${libzstd}`;
  return { ...LIBRARIES["1.5.7"], near };
}

/** The window of the largest page, 64 KiB, as a power of two. */
const MAX_PAGE_WINDOW_LOG = 16;

function decoder(windowLog: number): Codec["decompress"] {
  const params = { [constants.ZSTD_d_windowLogMax]: windowLog };
  return zlibDecoder(NAME, (compressed, maxOutputLength) => {
    // Deno's `node:zlib` takes some frames for broken where a piece is full.
    const chunkSize = 2 * maxOutputLength;
    return zstdDecompressSync(compressed, {
      params,
      maxOutputLength,
      chunkSize,
    });
  });
}

/** Frames that need their dictionary: any later libzstd decodes all of them. */
function decoderWithDict(dict: Uint8Array): Codec["decompress"] {
  return (compressed, page) =>
    zstdLibrary("1.5.7", "page").decompress(compressed, page, dict);
}

/** An encoder that takes no more than a page. */
function ofPages(compress: Codec["compress"]): Codec["compress"] {
  return (page, into) => {
    assertPageSize("compress", page);
    return compress(page, into);
  };
}

/** A codec of a library at a level, without a dictionary. */
function plainCodec(
  { encoder, near, windowLog = MAX_PAGE_WINDOW_LOG }: Library,
  sizeHint: ZstdSizeHint,
  level: number,
  withParams?: Codec["withParams"],
): Codec {
  return {
    name: NAME,
    get near() {
      return near?.();
    },
    compress: ofPages(encoder(sizeHint, level)),
    decompress: decoder(windowLog),
    withParams,
  };
}

/** What can be told a level and a dictionary, and has been told `params`. */
function codecWithParams(
  library: Library,
  sizeHint: ZstdSizeHint,
  params: ZcompParams,
): Codec {
  const level = levelOf(params);
  const { encoderWithDict } = library;
  const { dict } = params;
  return dict === undefined || encoderWithDict === undefined
    ? plainCodec(library, sizeHint, level)
    : {
      name: NAME,
      near: NEAR_WITH_DICT,
      compress: ofPages(encoderWithDict(level, dict)),
      decompress: decoderWithDict(dict),
    };
}

/** The level that parameters come to. */
function levelOf({ level = PARAM_NOT_SET }: ZcompParams): number {
  return level === PARAM_NOT_SET
    ? DEFAULT_LEVEL
    : Math.max(LEAST_LEVEL, Math.min(level, MOST_LEVEL));
}

/**
 * Zstandard as a kernel encodes it. A package that has its libzstd is loaded
 * with the first page.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_5_10, LINUX_6_12, LINUX_7_3, zstdOf } from "zspec";
 *
 * const page = new TextEncoder().encode("zsmalloc".repeat(512));
 * const into = new Uint8Array(2 * 4096);
 * const lengths = [LINUX_5_10, LINUX_6_12, LINUX_7_3]
 *   .map(({ zram }) => zstdOf(zram.zstd).compress(page, into));
 * assertEquals(lengths, [24, 25, 25]);
 * ```
 */
export function zstdOf({ libzstd, sizeHint }: ZstdEncoder): Codec {
  const library = libraryOf(libzstd);
  return plainCodec(
    library,
    sizeHint,
    DEFAULT_LEVEL,
    (params) => codecWithParams(library, sizeHint, params),
  );
}

/**
 * Zstandard at level 3, told the page's size beforehand: as `zstd` of Linux
 * from 6.16 on, of whose libzstd it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { zstd } from "zspec";
 *
 * const page = new TextEncoder().encode("zsmalloc".repeat(512));
 * const into = new Uint8Array(2 * 4096);
 * const length = zstd.compress(page, into);
 * const back = new Uint8Array(4096);
 * zstd.decompress(into.subarray(0, length), back);
 * assertEquals(back, page);
 * ```
 */
export const zstd: Codec = zstdOf({ libzstd: "1.5.7", sizeHint: "page" });
