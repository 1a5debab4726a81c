/**
 * LZ4HC as Linux encodes it: LZ4's format by the encoder of LZ4 1.7 that looks
 * at many places for a match and weighs up to three matches against each other.
 * Every kernel since 4.11 has it.
 */
import type { ZcompParams } from "../linux/zcomp_params.ts";
import type { Codec } from "./codec.ts";
import { decompressLz4Block } from "./lz4_dictionary_decompress.ts";
import { loadWindow } from "./lz4_window.ts";
import { compressWindow } from "./lz4hc_compress.ts";
import { beginPage, tablesOf } from "./lz4hc_matches.ts";

/** The level where none is set, or one below 1 (`LZ4HC_DEFAULT_CLEVEL`). */
const DEFAULT_LEVEL = 9;
/** The highest level; those above are this one (`LZ4HC_MAX_CLEVEL`). */
const MAX_LEVEL = 16;

/** What a dictionary has at most (`LZ4_loadDictHC`). */
const MOST_DICTIONARY = 65536;

/** How many places a search looks at (`LZ4HC_compress_generic`). */
function attemptsAt(level: number): number {
  return 1 << (level < 1 ? DEFAULT_LEVEL : Math.min(level, MAX_LEVEL)) - 1;
}

function lz4hcWith({ level = DEFAULT_LEVEL, dict }: ZcompParams): Codec {
  const attempts = attemptsAt(level);
  const dictionary = dict?.slice() ?? new Uint8Array();
  const isLoaded = dictionary.length <= MOST_DICTIONARY;
  const tables = isLoaded ? tablesOf(dictionary) : undefined;
  return {
    name: "lz4hc",
    compress(page, into) {
      if (tables === undefined) return 0;
      const extent = loadWindow(dictionary, page);
      beginPage(tables, extent.start);
      return compressWindow(extent, attempts, into);
    },
    decompress(compressed, page) {
      decompressLz4Block("lz4hc", compressed, dictionary, page);
    },
    withParams: lz4hcWith,
    // Where it has no dictionary, it does not look at one either.
    retold: (params) =>
      lz4hcWith(dict === undefined ? { level: params.level } : params),
  };
}

/**
 * LZ4HC with the kernel's own lengths, at level 9. Takes pages of 4 KiB to
 * 64 KiB, and with parameters a level of 1 to 16, where any below is 9 and any
 * above 16, and a dictionary; as in the kernel, with one of more than 64 KiB
 * nothing is compressed, and the length is 0. One of less than 4 bytes is as
 * none.
 *
 * Specifies `LZ4_compress_HC` and `LZ4_decompress_safe`, `lib/lz4/`; with a
 * dictionary `lz4hc_compress` and `lz4hc_decompress`,
 * `drivers/block/zram/backend_lz4hc.c`, since 6.12. Since 7.3 zram refuses
 * levels below 1 and above 16 beforehand.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lz4, lz4hc } from "zspec";
 *
 * const text = Array.from({ length: 400 }, (_, nth) => `zspage ${nth * nth}\n`);
 * const page = new TextEncoder().encode(text.join("")).slice(0, 4096);
 * const into = new Uint8Array(2 * 4096);
 * const lengths = [lz4, lz4hc].map((codec) => codec.compress(page, into));
 * assertEquals(lengths, [1651, 1548]);
 * ```
 */
export const lz4hc: Codec = lz4hcWith({});
