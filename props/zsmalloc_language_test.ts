import { assert, assertEquals, assertThrows } from "@std/assert";
import { profileNamed } from "../mod.ts";
import type { Scope } from "../src/programs/program.ts";
import { Fields } from "../src/programs/fields.ts";
import { randomFrom } from "../src/programs/random.ts";
import { ZSMALLOC_LANGUAGE } from "../src/programs/zsmalloc/language.ts";
import type { ZsmallocStep } from "../src/programs/zsmalloc/steps.ts";
import { programAt } from "../src/search/search.ts";
import { zsmallocMachine } from "../src/search/machines/zsmalloc.ts";

/** Reads a step from its JSON text, and every field of it. */
function parsed(text: string): ZsmallocStep {
  const fields = new Fields(JSON.parse(text), (message) => new Error(message));
  const step = ZSMALLOC_LANGUAGE.parse(fields);
  fields.end();
  return step;
}

const PROGRAMS = Array.from(
  { length: 60 },
  (_, nth) => programAt(zsmallocMachine, { seed: 1, nth }),
);

Deno.test("every random step, written as JSON and read again, is the same step", () => {
  for (const { steps } of PROGRAMS) {
    for (const step of steps) {
      assertEquals(parsed(JSON.stringify(step)), step);
      for (const simpler of ZSMALLOC_LANGUAGE.simpler(step)) {
        assertEquals(parsed(JSON.stringify(simpler)), simpler);
        assert(JSON.stringify(simpler) !== JSON.stringify(step));
      }
    }
  }
});

Deno.test("random programs begin with create, are of all lengths, and have every operation", () => {
  const ops = new Set(
    PROGRAMS.flatMap(({ steps }) => steps.map(({ op }) => op)),
  );
  assertEquals([...ops].sort(), [...ZSMALLOC_LANGUAGE.ops].sort());
  const lengths = PROGRAMS.map(({ steps }) => steps.length);
  assert(PROGRAMS.every(({ steps }) => steps[0].op === "create"));
  assert(Math.min(...lengths) < 5 && Math.max(...lengths) > 1000);
  assert(lengths.every((length) => length <= 2000));
});

Deno.test("the same draws make the same program", () => {
  const [one, other] = [randomFrom(7), randomFrom(7)].map((random) =>
    ZSMALLOC_LANGUAGE.random(random, zsmallocMachine.scope)
  );
  assertEquals(one, other);
});

Deno.test("a target that knows the protocol alone gets plain steps", () => {
  const profile = profileNamed("linux-6.18");
  assert(profile !== undefined);
  const scope: Scope = {
    profiles: [profile],
    anyGeometry: true,
    ops: new Set(["create", "malloc", "free", "write", "read", "compact"]),
    maxSteps: 400,
  };
  for (let seed = 1; seed <= 40; seed++) {
    for (
      const step of ZSMALLOC_LANGUAGE.random(randomFrom(seed), scope).steps
    ) {
      assert(scope.ops.has(step.op), step.op);
      assert(!("count" in step));
      if (step.op === "free") assertEquals(typeof step.object, "number");
      if (step.op === "create") assertEquals(Object.keys(step).length, 4);
    }
  }
});

Deno.test("the steps of older transcripts are read", () => {
  const lines = [
    '{"op":"create","pageSize":4096,"wordBits":64,"chainSize":8}',
    '{"op":"malloc","size":2040,"object":0}',
    '{"op":"write","object":0,"data":{"xorshift":1,"bytes":65536}}',
    '{"op":"write","object":0,"data":{"word":"0101010101010101"}}',
    '{"op":"read","object":0,"length":2040}',
    '{"op":"free","object":0}',
    '{"op":"compact"}',
    '{"op":"stats"}',
  ];
  for (const line of lines) assertEquals(JSON.stringify(parsed(line)), line);
});

Deno.test("what is no step is refused in a line that says why", () => {
  const refused = (text: string, message: string) =>
    assertThrows(() => parsed(text), Error, message);
  refused('{"op":"mallok"}', "unknown op 'mallok', not create, malloc, free");
  refused('{"op":"free","object":[1,-1]}', "the field 'object' is [1,-1], not");
  refused('{"op":"malloc","size":1,"object":0,"count":0}', "'count' is 0, not");
  refused('{"op":"compact","object":0}', "unknown field 'object'");
});

Deno.test("objects are numbered anew from 0, but where a step numbers several", () => {
  const steps: ZsmallocStep[] = [
    { op: "malloc", size: 1, object: 7 },
    { op: "malloc", size: 1, object: 3 },
    { op: "free", object: [3, 7] },
  ];
  assertEquals(ZSMALLOC_LANGUAGE.renamed?.(steps), [
    { op: "malloc", size: 1, object: 0 },
    { op: "malloc", size: 1, object: 1 },
    { op: "free", object: [1, 0] },
  ]);
  const many: ZsmallocStep[] = [
    { op: "malloc", size: 1, object: 7, count: 2 },
    { op: "free", object: 8 },
  ];
  assertEquals(ZSMALLOC_LANGUAGE.renamed?.(many), many);
});
