/** What zswap adds to its codec, by allocator. */
import {
  LINUX_6_1,
  LINUX_6_18,
  lz4,
  type Profile,
  type ZpoolType,
  Zswap,
} from "../mod.ts";
import { pagesOfWords } from "./codec_pages.ts";

const PAGES = 256;
const PAGE_SIZE = 4096;
const pages = pagesOfWords(PAGES);

const STORES: readonly (readonly [string, Profile, ZpoolType])[] = [
  ["6.1 on zbud", LINUX_6_1, "zbud"],
  ["6.1 on z3fold", LINUX_6_1, "z3fold"],
  ["6.1 on zsmalloc", LINUX_6_1, "zsmalloc"],
  ["6.18 on zsmalloc", LINUX_6_18, "zsmalloc"],
];

/** zswap with every page stored, and room for as many again. */
function zswapWith(profile: Profile, zpool: ZpoolType): Zswap {
  const zswap = new Zswap(profile, {
    totalRamPages: 100 * PAGES,
    zpool,
    compressor: "lz4",
  });
  zswap.swapon(0);
  pages.forEach((page, nth) => zswap.store(0, nth, [page]));
  return zswap;
}

const into = new Uint8Array(2 * PAGE_SIZE);
const page = new Uint8Array(PAGE_SIZE);
const compressed = pages.map((one) => into.slice(0, lz4.compress(one, into)));

Deno.bench({
  name: `lz4 alone: compress ${PAGES} pages`,
  group: "store",
  baseline: true,
  fn: () => pages.forEach((one) => lz4.compress(one, into)),
});
Deno.bench({
  name: `lz4 alone: decompress ${PAGES} pages`,
  group: "load",
  baseline: true,
  fn: () => compressed.forEach((one) => lz4.decompress(one, page)),
});

for (const [name, profile, zpool] of STORES) {
  const zswap = zswapWith(profile, zpool);
  Deno.bench({
    name: `zswap of ${name}: store ${PAGES} pages over older ones`,
    group: "store",
    fn: () => pages.forEach((one, nth) => zswap.store(0, nth, [one])),
  });
  Deno.bench({
    name: `zswap of ${name}: load ${PAGES} pages`,
    group: "load",
    fn: () => pages.forEach((_, nth) => zswap.load(0, nth, page, false)),
  });
}
