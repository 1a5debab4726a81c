/** What a device adds to its codec, and how fast a transcript is followed. */
import { gunzipSync } from "node:zlib";
import {
  type Codec,
  KERNEL_CODECS,
  LINUX_6_18,
  lz4Wasm,
  parseTranscript,
  replay,
  Zram,
} from "../mod.ts";
import { pagesOfWords } from "./codec_pages.ts";
import mixed from "../props/transcripts/linux-6.18/lz4-mixed.jsonl.gz" with {
  type: "bytes",
};

const PAGES = 256;
const PAGE_SIZE = 4096;

const pages = pagesOfWords(PAGES);

function deviceWith(codec: Codec): Zram {
  const zram = new Zram(LINUX_6_18, { codecs: [codec] });
  zram.setAlgorithm(codec.name);
  zram.setDisksize(PAGES * PAGE_SIZE);
  pages.forEach((page, nth) => zram.write(nth, page));
  return zram;
}

for (const codec of [...KERNEL_CODECS, lz4Wasm]) {
  const zram = deviceWith(codec);
  const into = new Uint8Array(2 * PAGE_SIZE);
  const compressed = pages.map((page) =>
    into.slice(0, codec.compress(page, into))
  );
  Deno.bench({
    name: `${codec.name} alone: compress ${PAGES} pages`,
    group: `write ${codec.name}`,
    baseline: true,
    fn: () => pages.forEach((page) => codec.compress(page, into)),
  });
  Deno.bench({
    name: `zram: write ${PAGES} pages over older ones`,
    group: `write ${codec.name}`,
    fn: () => pages.forEach((page, nth) => zram.write(nth, page)),
  });
  const page = new Uint8Array(PAGE_SIZE);
  Deno.bench({
    name: `${codec.name} alone: decompress ${PAGES} pages`,
    group: `read ${codec.name}`,
    baseline: true,
    fn: () => compressed.forEach((one) => codec.decompress(one, page)),
  });
  Deno.bench({
    name: `zram: read ${PAGES} pages`,
    group: `read ${codec.name}`,
    fn: () => pages.forEach((_, nth) => zram.read(nth, page)),
  });
}

const transcript = parseTranscript(
  new TextDecoder().decode(gunzipSync(mixed)),
);

for (const sizes of ["recorded", "computed"] as const) {
  Deno.bench({
    name: `replay ${transcript.operations.length} operations, sizes ${sizes}`,
    group: "replay",
    fn() {
      replay(transcript, sizes);
    },
  });
}
