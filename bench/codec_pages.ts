/** Pages of several kinds, for the codecs' benchmarks. */
import { randomFrom } from "../mod.ts";

const PAGE_SIZE = 4096;

/** Pages of words from a small vocabulary: they compress to about half. */
export function pagesOfWords(count: number): Uint8Array[] {
  const random = randomFrom(3);
  const vocabulary = Array.from(
    { length: 400 },
    () => random(2 ** 32).toString(36).slice(0, 2 + random(6)),
  );
  const encoder = new TextEncoder();
  return Array.from({ length: count }, () => {
    let text = "";
    while (text.length < PAGE_SIZE) text += vocabulary[random(400)] + " ";
    return encoder.encode(text).slice(0, PAGE_SIZE);
  });
}

/** Pages at equal distances in the Deno executable. */
export function pagesOfCode(count: number): Uint8Array[] {
  using file = Deno.openSync(Deno.execPath());
  const pages = Math.floor(file.statSync().size / PAGE_SIZE);
  return Array.from({ length: count }, (_, nth) => {
    const page = new Uint8Array(PAGE_SIZE);
    const at = Math.floor(nth * pages / count) * PAGE_SIZE;
    file.seekSync(at, Deno.SeekMode.Start);
    file.readSync(page);
    return page;
  });
}

/** Pages of zeros with a few short records: counters, pointers, empty heaps. */
export function sparsePages(count: number): Uint8Array[] {
  const random = randomFrom(4);
  return Array.from({ length: count }, () => {
    const page = new Uint8Array(PAGE_SIZE);
    for (let record = 0; record < 40; record++) {
      const at = 8 * random(PAGE_SIZE / 8);
      for (let nth = 0; nth < 3 + random(3); nth++) {
        page[at + nth] = random(256);
      }
    }
    return page;
  });
}
