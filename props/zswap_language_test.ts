import { assert, assertEquals, assertThrows } from "@std/assert";
import { LINUX_6_18_FULL, PROFILES } from "../src/linux/profile.ts";
import { Fields, type Json } from "../src/programs/fields.ts";
import type { Scope } from "../src/programs/program.ts";
import { ZSWAP_LANGUAGE } from "../src/programs/zswap/language.ts";
import { SWAP_TYPES, type ZswapStep } from "../src/programs/zswap/steps.ts";
import { randomAt } from "../src/search/batches.ts";

const SCOPE: Scope = {
  profiles: PROFILES,
  anyGeometry: true,
  ops: new Set(ZSWAP_LANGUAGE.ops),
  maxSteps: 300,
};

function parse(json: unknown): ZswapStep {
  const fields = new Fields(json as Json, (message) => new Error(message));
  const step = ZSWAP_LANGUAGE.parse(fields);
  fields.end();
  return step;
}

const written = (step: ZswapStep): unknown => JSON.parse(JSON.stringify(step));

function programs(count: number): ReturnType<typeof ZSWAP_LANGUAGE.random>[] {
  return Array.from(
    { length: count },
    (_, nth) => ZSWAP_LANGUAGE.random(randomAt({ seed: 1, nth }), SCOPE),
  );
}

Deno.test("a step of a program for zswap is read as it was written, and so is whatever is simpler", () => {
  const reached = new Map<string, number>();
  for (const { steps } of programs(200)) {
    for (const step of steps) {
      assertEquals(parse(written(step)), step);
      for (const simpler of ZSWAP_LANGUAGE.simpler(step)) {
        assertEquals(parse(written(simpler)), simpler);
        assert(JSON.stringify(simpler) !== JSON.stringify(step));
      }
      reached.set(step.op, (reached.get(step.op) ?? 0) + 1);
    }
  }
  for (const op of ZSWAP_LANGUAGE.ops) {
    assert(op === "stats" || (reached.get(op) ?? 0) >= 20, op);
  }
});

Deno.test("the steps of earlier transcripts of zswap are steps", () => {
  const steps: ZswapStep[] = [
    {
      op: "create",
      totalPages: 50,
      maxPoolPercent: 20,
      acceptThresholdPercent: 90,
      allocator: "zsmalloc",
    },
    { op: "store", type: 1, offset: 7, data: { xorshift: 7, bytes: 2000 } },
    { op: "store", type: 1, offset: 7, data: { word: "5a5a5a5a5a5a5a5a" } },
    { op: "load", type: 1, offset: 7 },
    { op: "invalidate", type: 1, offset: 7 },
    { op: "writeback", entries: 3 },
    { op: "stats" },
  ];
  for (const step of steps) assertEquals(parse(written(step)), step);
});

Deno.test("what is no step of a program for zswap is refused, and why is said", () => {
  const slot = { type: 0, offset: 1 };
  const wrong: readonly (readonly [unknown, string])[] = [
    [{ op: "swap" }, "unknown op 'swap'"],
    [{ op: "load", type: 0 }, "'offset' is missing"],
    [{ op: "load", ...slot, size: 1 }, "unknown field 'size'"],
    [{ op: "load", type: 0, offset: -1 }, "a whole number from 0 on"],
    [{ op: "store", ...slot, data: "x" }, "bytes in one of their forms"],
    [{ op: "store_folio", ...slot, pages: [] }, "pages in one of their forms"],
    [
      { op: "cache", ...slot, state: "dirty" },
      "cached or no-memory or slot-free or swap-type-off or free",
    ],
    [
      {
        op: "writeback",
        entries: 1,
        meanwhile: { when: "read", does: "load" },
      },
      "allocated or written",
    ],
    [
      {
        op: "create",
        totalPages: 1,
        maxPoolPercent: 1,
        acceptThresholdPercent: 1,
        allocator: "zbud",
        failing: { frames: 1 },
      },
      "unknown field 'frames'",
    ],
  ];
  for (const [json, message] of wrong) {
    const { message: found } = assertThrows(() => parse(json), Error);
    assert(found.includes(message), `${found}: not ${message}`);
  }
});

Deno.test("programs for zswap are from a few steps to hundreds, for caches from a page to thousands, at every end of a swap type", () => {
  const all = programs(400);
  const lengths = all.map(({ steps }) => steps.length);
  assert(lengths.some((length) => length < 5));
  assert(lengths.some((length) => length > 200));
  const limits = all.map(({ steps: [first] }) =>
    first.op === "create" ? first.totalPages : NaN
  );
  assert(limits.some((pages) => pages < 8));
  assert(limits.some((pages) => pages > 5000));
  const steps = all.flatMap(({ steps }) => steps);
  const offsets = steps.map((step) => "offset" in step ? step.offset : 0);
  assert(offsets.includes(0));
  assert(offsets.includes(2 ** 32));
  assert(offsets.includes(Number.MAX_SAFE_INTEGER));
  assert(offsets.includes(2 ** 26 - 1));
  for (const type of SWAP_TYPES) {
    assert(steps.some((step) => "type" in step && step.type === type));
  }
});

Deno.test("a program for zswap is the same one for the same draws, and never leaves what its target can do", () => {
  const few = {
    ...SCOPE,
    profiles: [LINUX_6_18_FULL],
    anyGeometry: false,
    ops: new Set(["create", "store", "load"]),
  };
  for (let seed = 1; seed <= 50; seed++) {
    const made = () => ZSWAP_LANGUAGE.random(randomAt({ seed, nth: 0 }), few);
    const program = made();
    assertEquals(program, made());
    for (const step of program.steps) {
      assert(few.ops.has(step.op));
      if (step.op === "create") assertEquals(Object.keys(step).length, 5);
      if (step.op === "load") assertEquals(Object.keys(step).length, 3);
      if ("type" in step) assert(step.type < 2);
    }
  }
});
