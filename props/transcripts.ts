/** The transcripts of live kernels, as text by name. */
import { gunzipSync } from "node:zlib";
import mixed_5_10 from "./transcripts/linux-5.10/mixed.jsonl.gz" with {
  type: "bytes",
};
import texts_5_10 from "./transcripts/linux-5.10/texts.jsonl.gz" with {
  type: "bytes",
};
import wbsmall_5_10 from "./transcripts/linux-5.10/wbsmall.jsonl.gz" with {
  type: "bytes",
};
import zswapZ3fold_5_10 from "./transcripts/linux-5.10/zswap-z3fold.jsonl.gz" with {
  type: "bytes",
};
import zswapZsmalloc_5_10 from "./transcripts/linux-5.10/zswap-zsmalloc.jsonl.gz" with {
  type: "bytes",
};
import lz4Mixed_6_1 from "./transcripts/linux-6.1/lz4-mixed.jsonl.gz" with {
  type: "bytes",
};
import lz4Writeback_6_1 from "./transcripts/linux-6.1/lz4-writeback.jsonl.gz" with {
  type: "bytes",
};
import lzoRleChurn_6_1 from "./transcripts/linux-6.1/lzo-rle-churn.jsonl.gz" with {
  type: "bytes",
};
import texts_6_1 from "./transcripts/linux-6.1/texts.jsonl.gz" with {
  type: "bytes",
};
import zswapZ3fold_6_1 from "./transcripts/linux-6.1/zswap-z3fold.jsonl.gz" with {
  type: "bytes",
};
import zswapZbud_6_1 from "./transcripts/linux-6.1/zswap-zbud.jsonl.gz" with {
  type: "bytes",
};
import zswapZsmalloc_6_1 from "./transcripts/linux-6.1/zswap-zsmalloc.jsonl.gz" with {
  type: "bytes",
};
import mixed_6_12 from "./transcripts/linux-6.12/mixed.jsonl.gz" with {
  type: "bytes",
};
import recomp3_6_12 from "./transcripts/linux-6.12/recomp3.jsonl.gz" with {
  type: "bytes",
};
import texts_6_12 from "./transcripts/linux-6.12/texts.jsonl.gz" with {
  type: "bytes",
};
import wbhard_6_12 from "./transcripts/linux-6.12/wbhard.jsonl.gz" with {
  type: "bytes",
};
import zswapZbud_6_12 from "./transcripts/linux-6.12/zswap-zbud.jsonl.gz" with {
  type: "bytes",
};
import wb_6_16 from "./transcripts/linux-6.16/wb.jsonl.gz" with {
  type: "bytes",
};
import zswapLz4_6_16 from "./transcripts/linux-6.16/zswap-lz4.jsonl.gz" with {
  type: "bytes",
};
import wb_6_17 from "./transcripts/linux-6.17/wb.jsonl.gz" with {
  type: "bytes",
};
import zswapLzo_6_17 from "./transcripts/linux-6.17/zswap-lzo.jsonl.gz" with {
  type: "bytes",
};
import lz4Churn_6_18 from "./transcripts/linux-6.18/lz4-churn.jsonl.gz" with {
  type: "bytes",
};
import lz4ErrorsLimits_6_18 from "./transcripts/linux-6.18/lz4-errors-limits.jsonl.gz" with {
  type: "bytes",
};
import lz4Mixed_6_18 from "./transcripts/linux-6.18/lz4-mixed.jsonl.gz" with {
  type: "bytes",
};
import lzoRleMixed_6_18 from "./transcripts/linux-6.18/lzo-rle-mixed.jsonl.gz" with {
  type: "bytes",
};
import mixed_6_18 from "./transcripts/linux-6.18/mixed.jsonl.gz" with {
  type: "bytes",
};
import texts_6_18 from "./transcripts/linux-6.18/texts.jsonl.gz" with {
  type: "bytes",
};
import wbhard_6_18 from "./transcripts/linux-6.18/wbhard.jsonl.gz" with {
  type: "bytes",
};
import zswapLz4_6_18 from "./transcripts/linux-6.18/zswap-lz4.jsonl.gz" with {
  type: "bytes",
};
import mixed_7_2 from "./transcripts/linux-7.2/mixed.jsonl.gz" with {
  type: "bytes",
};
import wb_7_2 from "./transcripts/linux-7.2/wb.jsonl.gz" with { type: "bytes" };
import zswapLzo_7_2 from "./transcripts/linux-7.2/zswap-lzo.jsonl.gz" with {
  type: "bytes",
};
import algos_7_3 from "./transcripts/linux-7.3/algos.jsonl.gz" with {
  type: "bytes",
};
import recompLz_7_3 from "./transcripts/linux-7.3/recomp-lz.jsonl.gz" with {
  type: "bytes",
};
import recomp3_7_3 from "./transcripts/linux-7.3/recomp3.jsonl.gz" with {
  type: "bytes",
};
import texts_7_3 from "./transcripts/linux-7.3/texts.jsonl.gz" with {
  type: "bytes",
};
import wbc_7_3 from "./transcripts/linux-7.3/wbc.jsonl.gz" with {
  type: "bytes",
};
import wbchard_7_3 from "./transcripts/linux-7.3/wbchard.jsonl.gz" with {
  type: "bytes",
};
import wbhard_7_3 from "./transcripts/linux-7.3/wbhard.jsonl.gz" with {
  type: "bytes",
};
import wbsmall_7_3 from "./transcripts/linux-7.3/wbsmall.jsonl.gz" with {
  type: "bytes",
};
import zswapLzo_7_3 from "./transcripts/linux-7.3/zswap-lzo.jsonl.gz" with {
  type: "bytes",
};

const text = (gzipped: Uint8Array) =>
  new TextDecoder().decode(gunzipSync(gzipped));

/** Those whose lengths are recorded, and not to be computed. */
export const RECORDED_ONLY: readonly string[] = [
  "linux-7.3/algos",
];

/** Each transcript's text, JSON Lines. */
export const TRANSCRIPTS: Readonly<Record<string, string>> = {
  "linux-5.10/mixed": text(mixed_5_10),
  "linux-5.10/texts": text(texts_5_10),
  "linux-5.10/wbsmall": text(wbsmall_5_10),
  "linux-5.10/zswap-z3fold": text(zswapZ3fold_5_10),
  "linux-5.10/zswap-zsmalloc": text(zswapZsmalloc_5_10),
  "linux-6.1/lz4-mixed": text(lz4Mixed_6_1),
  "linux-6.1/lz4-writeback": text(lz4Writeback_6_1),
  "linux-6.1/lzo-rle-churn": text(lzoRleChurn_6_1),
  "linux-6.1/texts": text(texts_6_1),
  "linux-6.1/zswap-z3fold": text(zswapZ3fold_6_1),
  "linux-6.1/zswap-zbud": text(zswapZbud_6_1),
  "linux-6.1/zswap-zsmalloc": text(zswapZsmalloc_6_1),
  "linux-6.12/mixed": text(mixed_6_12),
  "linux-6.12/recomp3": text(recomp3_6_12),
  "linux-6.12/texts": text(texts_6_12),
  "linux-6.12/wbhard": text(wbhard_6_12),
  "linux-6.12/zswap-zbud": text(zswapZbud_6_12),
  "linux-6.16/wb": text(wb_6_16),
  "linux-6.16/zswap-lz4": text(zswapLz4_6_16),
  "linux-6.17/wb": text(wb_6_17),
  "linux-6.17/zswap-lzo": text(zswapLzo_6_17),
  "linux-6.18/lz4-churn": text(lz4Churn_6_18),
  "linux-6.18/lz4-errors-limits": text(lz4ErrorsLimits_6_18),
  "linux-6.18/lz4-mixed": text(lz4Mixed_6_18),
  "linux-6.18/lzo-rle-mixed": text(lzoRleMixed_6_18),
  "linux-6.18/mixed": text(mixed_6_18),
  "linux-6.18/texts": text(texts_6_18),
  "linux-6.18/wbhard": text(wbhard_6_18),
  "linux-6.18/zswap-lz4": text(zswapLz4_6_18),
  "linux-7.2/mixed": text(mixed_7_2),
  "linux-7.2/wb": text(wb_7_2),
  "linux-7.2/zswap-lzo": text(zswapLzo_7_2),
  "linux-7.3/algos": text(algos_7_3),
  "linux-7.3/recomp-lz": text(recompLz_7_3),
  "linux-7.3/recomp3": text(recomp3_7_3),
  "linux-7.3/texts": text(texts_7_3),
  "linux-7.3/wbc": text(wbc_7_3),
  "linux-7.3/wbchard": text(wbchard_7_3),
  "linux-7.3/wbhard": text(wbhard_7_3),
  "linux-7.3/wbsmall": text(wbsmall_7_3),
  "linux-7.3/zswap-lzo": text(zswapLzo_7_3),
};
