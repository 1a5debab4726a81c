/** The rules of compression algorithms. */
import { rule } from "../../rules/rule.ts";

/** What every algorithm keeps, whatever it is told. */
export const CODEC_RULES = {
  back: rule(
    "codec/back",
    "What comes of a page decompresses to that page.",
    "zcomp_compress, zcomp_decompress, drivers/block/zram/zcomp.c, 6.12",
  ),
  second: rule(
    "codec/second-decoder",
    "A second decoder, which knows the format alone, makes that page of it as well.",
    "lz4_Block_format.md; Documentation/staging/lzo.rst; lib/842/842.h; RFC 1950, RFC 1951",
  ),
  room: rule(
    "codec/worst-case",
    "No page takes more than the algorithm's worst case.",
    "lzo1x_worst_compress, include/linux/lzo.h; LZ4_COMPRESSBOUND, include/linux/lz4.h; ZSTD_COMPRESSBOUND, include/linux/zstd_lib.h; lib/842/842_compress.c; 6.12",
  ),
  again: rule(
    "codec/again",
    "A page is compressed to the same bytes whenever it is, whatever was compressed in between.",
    "LZ4_resetStream, lzogeneric1x_1_compress, zlib_deflateReset, sw842_compress, lib, 6.12",
  ),
  fails: rule(
    "codec/fails",
    "lz4 compresses nothing with a dictionary of less than 8 bytes or more than 64 KiB, lz4hc with one of more than 64 KiB; nothing else fails.",
    "lz4_compress, drivers/block/zram/backend_lz4.c; lz4hc_compress, backend_lz4hc.c; LZ4_loadDict, LZ4_loadDictHC, lib/lz4, 6.12",
  ),
  damaged: rule(
    "codec/damaged",
    "Bytes that were changed are refused, or make a page: the one that a second decoder makes of them.",
    "lz4_Block_format.md; Documentation/staging/lzo.rst; lib/842/842.h; RFC 1950, RFC 1951",
  ),
};
