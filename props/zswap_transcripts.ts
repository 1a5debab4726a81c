/** What live kernels with zswap did, each the beginning of a longer recording. */
import { gunzipSync } from "node:zlib";
import z3fold510 from "./transcripts/linux-5.10/zswap-z3fold.jsonl.gz" with {
  type: "bytes",
};
import zsmalloc510 from "./transcripts/linux-5.10/zswap-zsmalloc.jsonl.gz" with {
  type: "bytes",
};
import zbud612 from "./transcripts/linux-6.12/zswap-zbud.jsonl.gz" with {
  type: "bytes",
};
import lz4616 from "./transcripts/linux-6.16/zswap-lz4.jsonl.gz" with {
  type: "bytes",
};
import lzo617 from "./transcripts/linux-6.17/zswap-lzo.jsonl.gz" with {
  type: "bytes",
};
import lz4618 from "./transcripts/linux-6.18/zswap-lz4.jsonl.gz" with {
  type: "bytes",
};
import lzo72 from "./transcripts/linux-7.2/zswap-lzo.jsonl.gz" with {
  type: "bytes",
};
import lzo73 from "./transcripts/linux-7.3/zswap-lzo.jsonl.gz" with {
  type: "bytes",
};

const text = (gzipped: Uint8Array) =>
  new TextDecoder().decode(gunzipSync(gzipped));

/** Each recording's text, JSON Lines. */
export const ZSWAP_TRANSCRIPTS: Readonly<Record<string, string>> = {
  "linux-5.10/zswap-z3fold": text(z3fold510),
  "linux-5.10/zswap-zsmalloc": text(zsmalloc510),
  "linux-6.12/zswap-zbud": text(zbud612),
  "linux-6.16/zswap-lz4": text(lz4616),
  "linux-6.17/zswap-lzo": text(lzo617),
  "linux-6.18/zswap-lz4": text(lz4618),
  "linux-7.2/zswap-lzo": text(lzo72),
  "linux-7.3/zswap-lzo": text(lzo73),
};
