import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  ageSwap,
  checkPool,
  LINUX_4_0,
  type Profile,
  PROFILES,
  type SwapUse,
} from "../mod.ts";
import { fuzz } from "./fuzz.ts";

/** A sixteenth of the swap, so that many seeds take no time. */
const PROCESSES = 16;
const BYTES = Math.round(60212066 / 16);

/** What the patches' cover letter has, in percent. */
const BEFORE = 42.98;
const AFTER = 79.03;

function ratio({ objectBytes, bytesUsed }: SwapUse): number {
  return 100 * objectBytes / bytesUsed;
}

function assertWithinOne(found: number, expected: number, what: string): void {
  assert(
    Math.abs(found - expected) <= 1,
    `${what}: ${found.toFixed(2)} %, not within one of ${expected} %`,
  );
}

Deno.test("whatever the seed, 4.0 uses 42.98 % of its memory before compaction and 79.03 % after, within one point", () => {
  fuzz(
    fc.property(fc.nat(2 ** 32 - 1), (seed) => {
      const { aged, compacted } = ageSwap(LINUX_4_0, seed, PROCESSES);
      assertWithinOne(ratio(aged), BEFORE, "before compaction");
      assertWithinOne(ratio(compacted), AFTER, "after compaction");
      assertEquals([aged.objectBytes, compacted.objectBytes], [BYTES, BYTES]);
    }),
    8,
  );
});

Deno.test("compaction of an aged swap moves objects, loses none and keeps every rule", () => {
  for (const profile of PROFILES) {
    const { pool, grown, aged, compacted } = ageSwap(profile, 1, PROCESSES);
    checkPool(pool);
    assertEquals(compacted.objects, aged.objects);
    assertEquals(pool.handles.allocated, aged.objects);
    assertEquals(
      compacted.bytesUsed,
      aged.bytesUsed - 4096 * pool.pagesCompacted,
    );
    assert(aged.objects < grown.objects && aged.bytesUsed < grown.bytesUsed);
    const moves = profile.compaction !== "none";
    assertEquals(pool.objectsMigrated > 0, moves);
    assertEquals(pool.pagesCompacted > 0, moves);
  }
});

Deno.test("the same seed ages a swap the same way, another seed another", () => {
  const age = (seed: number, profile: Profile = LINUX_4_0) => {
    const { grown, aged, compacted } = ageSwap(profile, seed, 1);
    return [grown, aged, compacted];
  };
  assertEquals(age(5), age(5));
  assert(JSON.stringify(age(5)) !== JSON.stringify(age(6)));
});
