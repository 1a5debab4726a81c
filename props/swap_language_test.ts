import { assert, assertEquals } from "@std/assert";
import { isOfZswap, parseTranscript, PROFILES, randomFrom } from "../mod.ts";
import { SWAP_LANGUAGE } from "../src/programs/swap/language.ts";
import { swapRecording } from "../src/programs/swap/recording.ts";
import {
  SWAP_BELOW,
  SWAP_TARGET_OPS,
  type SwapStep,
} from "../src/programs/swap/steps.ts";
import { parseLine } from "../src/programs/transcript_fields.ts";
import { swapMachine } from "../src/search/machines/swap.ts";
import { swapSuite } from "../src/search/suites/swap.ts";
import { programsOf } from "./swap_search.ts";

const SETUP = { totalPages: 14336, swapPages: 256 };

function read(step: SwapStep): SwapStep {
  const fields = parseLine(1, JSON.stringify(step));
  const parsed = SWAP_LANGUAGE.parse(fields);
  fields.end();
  return parsed;
}

const fuzzed = () => programsOf(swapMachine, 1, 160);

Deno.test("each step of a program of the swap path is a JSON value that reads as the same step, and so is what is simpler", () => {
  for (const { steps } of fuzzed()) {
    for (const step of steps.slice(0, 60)) {
      assertEquals(read(step), step);
      for (const simpler of SWAP_LANGUAGE.simpler(step)) {
        assertEquals(read(simpler), simpler);
      }
    }
  }
});

Deno.test("programs of the swap path have every operation, every thing below and every allocator of every kernel", () => {
  const ops = new Set<string>();
  const machines = new Set<string>();
  let longest = 0;
  for (const { profile, steps } of programsOf(swapMachine, 1, 2048)) {
    for (const step of steps) {
      ops.add(step.op);
      if (step.op === "create") {
        machines.add(`${profile.name} ${step.allocator} ${step.below}`);
      }
    }
    longest = Math.max(longest, steps.length);
  }
  // Counters are asked of live kernels: the model's own are compared as they are.
  assertEquals(
    [...ops].sort(),
    SWAP_LANGUAGE.ops.filter((op) => op !== "counters").sort(),
  );
  const all = PROFILES.flatMap(({ name, zswap }) =>
    zswap.zpools.flatMap((zpool) =>
      SWAP_BELOW.map((below) => `${name} ${zpool} ${below}`)
    )
  );
  assertEquals([...machines].sort(), all.sort());
  assert(longest > 1500);
});

Deno.test("the same draws make the same program", () => {
  const once = () => SWAP_LANGUAGE.random(randomFrom(7), swapMachine.scope);
  assertEquals(once().steps, once().steps);
});

Deno.test("a live kernel's programs have what it can be asked, of one process, and store with each of its allocators", () => {
  for (const profile of PROFILES) {
    const suite = swapSuite(SETUP);
    const scope = suite.scope({ level: "exact", profile });
    const search = { language: suite.language, scope };
    const [ops, zpools] = [new Set<string>(), new Set<string>()];
    for (const { steps } of programsOf(search, 1, 64)) {
      assertEquals(steps[0], { op: "create" });
      for (const step of steps) {
        ops.add(step.op);
        assert(!("process" in step));
        if (step.op === "set" && step.attr === "zpool") zpools.add(step.value);
      }
    }
    assertEquals(
      [...ops].sort(),
      SWAP_TARGET_OPS.filter((op) => op !== "counters").sort(),
    );
    for (const zpool of profile.zswap.zpools) assert(zpools.has(zpool));
  }
});

const HEADER = {
  zspec: "transcript/1",
  target: "zswap",
  kernel: "6.1",
  profile: "linux-6.1",
  pageSize: 4096,
  wordBits: 64,
  chainSize: 4,
  totalPages: 14336,
  swapPages: 256,
};

Deno.test("a recording is a program whose create the header describes", () => {
  const transcript = parseTranscript(
    [
      JSON.stringify(HEADER),
      `{"op":"get","attr":"zpool","value":"zbud\\n"}`,
      `{"op":"set","attr":"zpool","value":"nosuch","errno":"ENOENT"}`,
      `{"op":"pageout","page":3,"out":true,"counters":{"stored_pages":1}}`,
      `{"op":"read","page":3,"crc32":"e42d87f8"}`,
    ].join("\n"),
  );
  assert(isOfZswap(transcript));
  const { program, operations } = swapRecording(transcript);
  assertEquals(program.profile.name, "linux-6.1");
  assertEquals(program.steps, [
    {
      op: "create",
      pageSize: 4096,
      wordBits: 64,
      chainSize: 4,
      totalPages: 14336,
      swapPages: 256,
    },
    { op: "get", attr: "zpool" },
    { op: "set", attr: "zpool", value: "nosuch" },
    { op: "pageout", page: 3 },
    { op: "read", page: 3 },
  ]);
  assertEquals(operations.map(({ line }) => line), [2, 3, 4, 5]);
});
