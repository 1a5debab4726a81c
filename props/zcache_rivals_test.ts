import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type ZcacheRival,
  zcacheRivals,
} from "../src/claims/runs/zcache_rivals.ts";

const SEEDS = [1, 2, 3, 0xffffffff];

/** The rivals by their names. */
function rivalsOf(seed: number, pages: number) {
  const { rivals, maxFrames } = zcacheRivals({ seed, pages });
  const named = (name: string): ZcacheRival => {
    const rival = rivals.find((one) => one.name === name);
    if (rival === undefined) throw new Error(`there is no rival '${name}'`);
    return rival;
  };
  return {
    maxFrames,
    rivals,
    frontswap: named("zcache, frontswap"),
    cleancache: named("zcache, cleancache"),
    zram: named("zram"),
    zswap: named("zswap on zbud"),
  };
}

Deno.test("each page is kept, dropped or refused, and nobody has more frames than there are", () => {
  for (const seed of SEEDS) {
    for (const pages of [10, 100, 600]) {
      const { rivals, maxFrames } = rivalsOf(seed, pages);
      assertEquals(maxFrames, Math.floor(pages / 5));
      for (const { kept, dropped, refused, frames, name } of rivals) {
        assertEquals(kept + dropped + refused, pages, name);
        assert(frames <= maxFrames, name);
      }
    }
  }
});

Deno.test("pages of swap are never dropped by zcache, by zram neither; clean ones and zswap's give way", () => {
  for (const seed of SEEDS) {
    const { frontswap, cleancache, zram, zswap } = rivalsOf(seed, 600);
    assertEquals([frontswap.dropped, zram.dropped], [0, 0]);
    assert(cleancache.dropped > 0);
    assert(zswap.dropped > 0);
    // Who drops nothing refuses what comes when there is no room.
    assert(frontswap.refused > cleancache.refused);
    assert(frontswap.refused > zswap.refused);
  }
});

Deno.test("two pages a frame are the most of either zbud, and zram's frames are all in use", () => {
  for (const seed of SEEDS) {
    const { frontswap, cleancache, zram, zswap, maxFrames } = rivalsOf(
      seed,
      600,
    );
    for (const { density, name } of [frontswap, cleancache, zswap]) {
      assert(density > 1 && density <= 2, name);
    }
    assertEquals(zram.frames, maxFrames);
  }
});

Deno.test("zram and zcache of 3.10 mark pages of zeros, as many where nothing refuses them; zswap of 3.12 does not", () => {
  for (const seed of SEEDS) {
    const { frontswap, cleancache, zram, zswap } = rivalsOf(seed, 600);
    assert(zram.keptAsMark > 0);
    assertEquals(frontswap.keptAsMark, zram.keptAsMark);
    assertEquals(cleancache.keptAsMark, zram.keptAsMark);
    assertEquals(zswap.keptAsMark, 0);
  }
});

Deno.test("the rivals repeat from their seed, and another seed makes other pages", () => {
  const rivals = (seed: number) => zcacheRivals({ seed, pages: 200 });
  assertEquals(rivals(1), rivals(1));
  assert(JSON.stringify(rivals(1)) !== JSON.stringify(rivals(2)));
  assertThrows(
    () => zcacheRivals({ seed: 1, pages: 9 }),
    RangeError,
    "the 'pages' is 9, not a whole number from 10 on",
  );
});
