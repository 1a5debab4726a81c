/** The transcripts of live kernels, as text by name. */
import { gunzipSync } from "node:zlib";
import mixed61 from "./transcripts/linux-6.1/lz4-mixed.jsonl.gz" with {
  type: "bytes",
};
import writeback61 from "./transcripts/linux-6.1/lz4-writeback.jsonl.gz" with {
  type: "bytes",
};
import churn61 from "./transcripts/linux-6.1/lzo-rle-churn.jsonl.gz" with {
  type: "bytes",
};
import z3fold61 from "./transcripts/linux-6.1/zswap-z3fold.jsonl.gz" with {
  type: "bytes",
};
import zbud61 from "./transcripts/linux-6.1/zswap-zbud.jsonl.gz" with {
  type: "bytes",
};
import zsmalloc61 from "./transcripts/linux-6.1/zswap-zsmalloc.jsonl.gz" with {
  type: "bytes",
};
import churn618 from "./transcripts/linux-6.18/lz4-churn.jsonl.gz" with {
  type: "bytes",
};
import limits618 from "./transcripts/linux-6.18/lz4-errors-limits.jsonl.gz" with {
  type: "bytes",
};
import mixed618 from "./transcripts/linux-6.18/lz4-mixed.jsonl.gz" with {
  type: "bytes",
};
import rle618 from "./transcripts/linux-6.18/lzo-rle-mixed.jsonl.gz" with {
  type: "bytes",
};
import mixed510 from "./transcripts/linux-5.10/mixed.jsonl.gz" with {
  type: "bytes",
};
import wbsmall510 from "./transcripts/linux-5.10/wbsmall.jsonl.gz" with {
  type: "bytes",
};
import mixed612 from "./transcripts/linux-6.12/mixed.jsonl.gz" with {
  type: "bytes",
};
import recomp3612 from "./transcripts/linux-6.12/recomp3.jsonl.gz" with {
  type: "bytes",
};
import wbhard612 from "./transcripts/linux-6.12/wbhard.jsonl.gz" with {
  type: "bytes",
};
import wb616 from "./transcripts/linux-6.16/wb.jsonl.gz" with {
  type: "bytes",
};
import wb617 from "./transcripts/linux-6.17/wb.jsonl.gz" with {
  type: "bytes",
};
import attributes618 from "./transcripts/linux-6.18/mixed.jsonl.gz" with {
  type: "bytes",
};
import wbhard618 from "./transcripts/linux-6.18/wbhard.jsonl.gz" with {
  type: "bytes",
};

const text = (gzipped: Uint8Array) =>
  new TextDecoder().decode(gunzipSync(gzipped));

/** Those whose lengths are recorded, and not to be computed. */
export const RECORDED_ONLY: readonly string[] = ["linux-6.12/recomp3"];

/** Each transcript's text, JSON Lines. */
export const TRANSCRIPTS: Readonly<Record<string, string>> = {
  "linux-6.1/lz4-mixed": text(mixed61),
  "linux-6.1/lz4-writeback": text(writeback61),
  "linux-6.1/lzo-rle-churn": text(churn61),
  "linux-6.1/zswap-z3fold": text(z3fold61),
  "linux-6.1/zswap-zbud": text(zbud61),
  "linux-6.1/zswap-zsmalloc": text(zsmalloc61),
  "linux-6.18/lz4-churn": text(churn618),
  "linux-6.18/lz4-errors-limits": text(limits618),
  "linux-6.18/lz4-mixed": text(mixed618),
  "linux-6.18/lzo-rle-mixed": text(rle618),
  "linux-5.10/mixed": text(mixed510),
  "linux-5.10/wbsmall": text(wbsmall510),
  "linux-6.12/mixed": text(mixed612),
  "linux-6.12/recomp3": text(recomp3612),
  "linux-6.12/wbhard": text(wbhard612),
  "linux-6.16/wb": text(wb616),
  "linux-6.17/wb": text(wb617),
  "linux-6.18/mixed": text(attributes618),
  "linux-6.18/wbhard": text(wbhard618),
};
