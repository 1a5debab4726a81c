import { assert, assertEquals } from "@std/assert";
import { Fields } from "../src/programs/fields.ts";
import type { ZramStep } from "../src/programs/zram/steps.ts";
import { ATTRIBUTES } from "../src/zram/attributes.ts";
import { batchesOf } from "../src/search/batches.ts";
import { zramMachine } from "../src/search/machines/zram.ts";
import { programAt } from "../src/search/search.ts";

function programs(seed: number, count: number) {
  return [...batchesOf(seed, count)].flatMap((batch) =>
    Array.from(
      { length: batch.programs },
      (_, nth) => programAt(zramMachine, { seed: batch.seed, nth }),
    )
  );
}

Deno.test("programs of zram use every operation, every attribute and every algorithm", () => {
  const ops = new Set<string>();
  const [set, got] = [new Set<string>(), new Set<string>()];
  const algorithms = new Set<string>();
  for (const { steps } of programs(1, 1000)) {
    for (const step of steps) {
      ops.add(step.op);
      if (step.op === "get") got.add(step.attr);
      if (step.op !== "set") continue;
      set.add(step.attr);
      if (step.attr === "comp_algorithm") algorithms.add(step.value);
    }
  }
  assertEquals([...ops].sort(), [...zramMachine.language.ops].sort());
  const { profiles } = zramMachine.scope;
  const all = profiles.flatMap(({ zram }) => Object.entries(zram.attributes));
  for (const [attr, mode] of all) {
    assert((mode & 0o444) === 0 || got.has(attr), `${attr} is never read`);
    assert((mode & 0o222) === 0 || set.has(attr), `${attr} is never set`);
    assert(attr in ATTRIBUTES);
  }
  for (const name of profiles.flatMap(({ zram }) => zram.compAlgorithms)) {
    assert(algorithms.has(name), `${name} is never chosen`);
  }
});

/** A step as it is written and read again. */
function readAgain(step: ZramStep): ZramStep {
  const json = JSON.parse(JSON.stringify(step));
  const fields = new Fields(json, (message) => new Error(message));
  const read = zramMachine.language.parse(fields);
  fields.end();
  return read;
}

Deno.test("every step of a program for zram can be written and read, and every simpler one", () => {
  for (const { steps } of programs(2, 60)) {
    for (const step of steps.slice(0, 200)) {
      assertEquals(readAgain(step), step);
      for (const simpler of zramMachine.language.simpler(step)) {
        assertEquals(readAgain(simpler), simpler);
      }
    }
  }
});

Deno.test("programs for zram are of every length", () => {
  const lengths = programs(3, 200).map(({ steps }) => steps.length);
  assert(Math.min(...lengths) < 8);
  assert(Math.max(...lengths) > 1500);
});

Deno.test("simplest steps are reached: nothing is simpler without an end", () => {
  for (const { steps } of programs(4, 40)) {
    for (const step of steps.slice(0, 100)) {
      let simplest = step;
      let turns = 0;
      for (;;) {
        const [next] = zramMachine.language.simpler(simplest);
        if (next === undefined) break;
        simplest = next;
        assert(++turns < 100, JSON.stringify(step));
      }
    }
  }
});
