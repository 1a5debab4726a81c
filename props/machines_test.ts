import { assert, assertEquals } from "@std/assert";
import {
  assertProgram,
  assertTranscript,
  batchesOf,
  describedProfile,
  machineOf,
  MACHINES,
  placesOf,
  programAt,
  Reach,
  zramMachine,
} from "../mod.ts";
import { FUZZ_PROGRAMS } from "../src/cli/fuzz_plan.ts";
import { seed } from "./fuzz.ts";

/** How often each rule is to be exercised. */
const OFTEN = 100;

for (const machine of MACHINES) {
  const { name, sentence, scope, rules, language } = machine;
  const programs = (seed: number, count: number) =>
    Array.from(
      placesOf(batchesOf(seed, count)),
      (place) => programAt(machine, place),
    );

  Deno.test(`${name}: ${sentence} A default run exercises each rule ${OFTEN} times`, () => {
    const reach = new Reach();
    for (const program of programs(1, FUZZ_PROGRAMS)) {
      assertProgram(machine, program, reach);
    }
    const seldom = rules.filter((rule) => reach.of(rule) < OFTEN)
      .map((rule) => `${rule.id}: ${reach.of(rule)}`);
    assertEquals(seldom, []);
  });

  Deno.test(`${name}: programs from other seeds hold`, () => {
    for (const other of [0xffffffff, seed ^ 0x5eed]) {
      for (const program of programs(other >>> 0, 32)) {
        assertProgram(machine, program);
      }
    }
  });

  Deno.test(`programs of ${name} are the same for the same seed and place, and others anywhere else`, () => {
    const texts = programs(7, 40).map((program) => JSON.stringify(program));
    assertEquals(
      programs(7, 40).map((program) => JSON.stringify(program)),
      texts,
    );
    const others = programs(8, 40).map((program) => JSON.stringify(program));
    // The shortest have nothing but their setup.
    assert(new Set([...texts, ...others]).size > 70);
  });

  Deno.test(`a program of ${name} is its place's, however many were made before it`, () => {
    const place = { seed: 7, nth: 5 };
    const [alone] = [programAt(machine, place)];
    programs(9, 20);
    assertEquals(programAt(machine, place), alone);
    assertEquals(programs(7, 6)[5], alone);
  });

  Deno.test(`among hundreds of programs of ${name} is every kernel, each begins with create, and none is longer than it may be`, () => {
    const some = programs(1, 160 + 10 * scope.profiles.length);
    assertEquals(
      new Set(some.map(({ profile }) => profile.name)),
      new Set(scope.profiles.map((profile) => profile.name)),
    );
    for (const { steps } of some) {
      assertEquals(steps[0].op, "create");
      assert(steps.length <= scope.maxSteps);
      assert(steps.every(({ op }) => language.ops.includes(op)));
    }
  });

  Deno.test(`each rule of ${name}'s judges has an id of its own, a sentence and a source`, () => {
    assertEquals(new Set(rules.map(({ id }) => id)).size, rules.length);
    for (const { id, sentence, source } of rules) {
      assert(/^[a-z0-9_-]+\/[a-z0-9_-]+$/.test(id), id);
      assert(sentence.endsWith(".") && source !== "", id);
    }
  });
}

Deno.test("an empty zswap need not take a folio of which one page does not compress", () => {
  assertTranscript(String.raw`
{"zspec":"conform/1","target":"zswap","level":"model","profile":"linux-6.18-full"}
{"op":"create","totalPages":1873,"maxPoolPercent":5,"acceptThresholdPercent":50,"allocator":"zsmalloc","writeback":false}
{"op":"store_folio","type":0,"offset":9,"pages":[{"word":"00000000"},{"xorshift":7103,"bytes":8058}]}
`);
});

Deno.test("programs of one kernel have its geometry, and all else that any have", () => {
  const profile = describedProfile("linux-6.12,writeback=yes");
  const one = machineOf(zramMachine, profile);
  const creates = Array.from(
    placesOf(batchesOf(1, 320)),
    (place) => programAt(one, place),
  ).flatMap(({ profile: { name }, steps }) => {
    assertEquals(name, profile.name);
    return steps.filter((step) => step.op === "create");
  });
  const fields = new Set(creates.flatMap((create) => Object.keys(create)));
  assertEquals(
    ["pageSize", "wordBits", "chainSize"].filter((name) => fields.has(name)),
    [],
  );
  assertEquals(
    [
      ...["backingPages", "badReads", "badWrites", "failEachWrite"],
      ...["maxPages", "failEach", "buddy", "firstPfn", "uptime", "files"],
    ].filter((name) => !fields.has(name)),
    [],
  );
});
