/**
 * Every codec on the same pages, a third each of words, of machine code and of
 * zeros with little in them; and `lz4` against lz4-wasm's encoder on each kind.
 */
import { ALL_CODECS, type Codec, lz4, lz4Wasm } from "../mod.ts";
import { pagesOfCode, pagesOfWords, sparsePages } from "./codec_pages.ts";

const PAGES = 256;
const PAGE_SIZE = 4096;

const { state } = Deno.permissions.querySync({
  name: "read",
  path: Deno.execPath(),
});
const canRead = state === "granted";
if (!canRead) {
  console.log(
    "Pages of machine code are left out: they need --allow-read, which 'deno task bench' gives.",
  );
}

const kinds: Readonly<Record<string, readonly Uint8Array[]>> = {
  words: pagesOfWords(PAGES),
  ...canRead ? { code: pagesOfCode(PAGES) } : {},
  sparse: sparsePages(PAGES),
};
const mixed = Array.from({ length: PAGES }, (_, nth) => {
  const all = Object.values(kinds);
  return all[nth % all.length][nth];
});

const into = new Uint8Array(2 * PAGE_SIZE);
const back = new Uint8Array(PAGE_SIZE);

function benchCompress(
  codec: Codec,
  kind: string,
  pages: readonly Uint8Array[],
): void {
  Deno.bench({
    name: `${codec.name}: compress ${PAGES} pages, ${kind}`,
    group: `compress ${kind}`,
    baseline: codec === lz4Wasm,
    fn: () => pages.forEach((page) => codec.compress(page, into)),
  });
}

for (const codec of ALL_CODECS) {
  benchCompress(codec, "mixed", mixed);
  const streams = mixed.map((page) =>
    into.slice(0, codec.compress(page, into))
  );
  Deno.bench({
    name: `${codec.name}: decompress ${PAGES} pages, mixed`,
    group: "decompress mixed",
    baseline: codec === lz4Wasm,
    fn: () => streams.forEach((stream) => codec.decompress(stream, back)),
  });
}

for (const [kind, pages] of Object.entries(kinds)) {
  for (const codec of [lz4, lz4Wasm]) benchCompress(codec, kind, pages);
}
