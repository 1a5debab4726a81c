/** The transcripts of Linux 7's zram, as text by name. */
import { gunzipSync } from "node:zlib";
import mixed72 from "./transcripts/linux-7.2/mixed.jsonl.gz" with {
  type: "bytes",
};
import wb72 from "./transcripts/linux-7.2/wb.jsonl.gz" with { type: "bytes" };
import algos73 from "./transcripts/linux-7.3/algos.jsonl.gz" with {
  type: "bytes",
};
import recompLz73 from "./transcripts/linux-7.3/recomp-lz.jsonl.gz" with {
  type: "bytes",
};
import recomp73 from "./transcripts/linux-7.3/recomp3.jsonl.gz" with {
  type: "bytes",
};
import wbc73 from "./transcripts/linux-7.3/wbc.jsonl.gz" with { type: "bytes" };
import wbchard73 from "./transcripts/linux-7.3/wbchard.jsonl.gz" with {
  type: "bytes",
};
import wbhard73 from "./transcripts/linux-7.3/wbhard.jsonl.gz" with {
  type: "bytes",
};
import wbsmall73 from "./transcripts/linux-7.3/wbsmall.jsonl.gz" with {
  type: "bytes",
};

const text = (gzipped: Uint8Array) =>
  new TextDecoder().decode(gunzipSync(gzipped));

/** Each transcript's text, JSON Lines. */
export const TRANSCRIPTS_7: Readonly<Record<string, string>> = {
  "linux-7.2/mixed": text(mixed72),
  "linux-7.2/wb": text(wb72),
  "linux-7.3/algos": text(algos73),
  "linux-7.3/recomp-lz": text(recompLz73),
  "linux-7.3/recomp3": text(recomp73),
  "linux-7.3/wbc": text(wbc73),
  "linux-7.3/wbchard": text(wbchard73),
  "linux-7.3/wbhard": text(wbhard73),
  "linux-7.3/wbsmall": text(wbsmall73),
};
