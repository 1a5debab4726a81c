/**
 * What a device takes beyond its frames, in bytes a slot:
 *
 *     deno run -A --v8-flags=--expose-gc bench/zram_memory.ts
 *
 * A frame is its bytes and its `struct page`. What is left is the slots, the
 * handles' cells and the zspages, each with what its array has in reserve.
 * Every slot of the disk holds a page of its own.
 */
import {
  type Codec,
  LINUX_6_18,
  LINUX_6_18_FULL,
  lz4,
  type Profile,
  randomFrom,
  Zram,
} from "../mod.ts";
import { pagesOfCode, pagesOfWords } from "./codec_pages.ts";

const SLOTS = 1 << 16;
const PAGE_SIZE = 4096;

/** Bytes in use, once everything that nobody holds is gone. */
function bytesInUse(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) {
    throw new Error(
      "Cannot measure memory: '--v8-flags=--expose-gc' is not given",
    );
  }
  gc();
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

const random = randomFrom(5);
const KINDS: Readonly<Record<string, readonly Uint8Array[]>> = {
  words: pagesOfWords(256),
  code: pagesOfCode(256),
  // Every page has a zspage to itself, and the arrays have just doubled.
  noise: [Uint8Array.from({ length: PAGE_SIZE }, () => random(256))],
};

/** A codec that has compressed these pages before, and gives them in turn. */
function inTurn(pages: readonly Uint8Array[]): Codec {
  const into = new Uint8Array(2 * PAGE_SIZE);
  const lengths = pages.map((page) => lz4.compress(page, into));
  let nth = 0;
  return { ...lz4, compress: () => lengths[nth++ % lengths.length] };
}

/** Bytes a slot of a full disk, beyond the frames. */
function measure(profile: Profile, pages: readonly Uint8Array[]): number {
  const before = bytesInUse();
  const zram = new Zram(profile, { codecs: [inTurn(pages)] });
  zram.setAlgorithm("lz4");
  zram.setDisksize(SLOTS * PAGE_SIZE);
  for (let slot = 0; slot < SLOTS; slot++) {
    zram.write(slot, pages[slot % pages.length]);
  }
  const taken = bytesInUse() - before;
  const { bytes, page } = zram.memory;
  return (taken - bytes.byteLength - page.byteLength) / SLOTS;
}

for (const profile of [LINUX_6_18, LINUX_6_18_FULL]) {
  for (const [kind, pages] of Object.entries(KINDS)) {
    const bytes = measure(profile, pages);
    console.log(`${profile.name}, ${kind}: ${bytes.toFixed(1)} bytes a slot`);
  }
}
