import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Reach, ZCACHE_3_10, ZCACHE_3_9, ZCACHE_INVARIANTS } from "../mod.ts";
import { fuzz } from "./fuzz.ts";
import { PROMISED, walkOps } from "./zcache_ops.ts";
import { walk, type WalkSetup } from "./zcache_walk.ts";

const setups: fc.Arbitrary<WalkSetup> = fc.record({
  profile: fc.constantFrom(ZCACHE_3_9, ZCACHE_3_10, PROMISED),
  exclusiveGets: fc.boolean(),
  maxPages: fc.integer({ min: 1, max: 12 }),
  failEvery: fc.constantFrom(0, 0, 2, 5),
});

/** How often each rule has to have something to say in the walks, at least. */
const LEAST = 50;

Deno.test("zcache keeps its promises and its rules, each exercised", () => {
  const reach = new Reach();
  fuzz(
    fc.property(setups, walkOps, (setup, ops) => walk(setup, ops, reach)),
    1000,
  );
  const counts = reach.counts();
  const silent = ZCACHE_INVARIANTS
    .filter(({ id }) => (counts[id] ?? 0) < LEAST)
    .map(({ id }) => `${id}: ${counts[id] ?? 0}`);
  assertEquals(silent, []);
});
