import { assert, assertEquals } from "@std/assert";
import { Reach } from "../src/rules/reach.ts";
import { assertProgram } from "../src/search/machine.ts";
import { programAt } from "../src/search/search.ts";
import { zswapMachine } from "../src/search/machines/zswap.ts";

const PROGRAMS = 1000;
/** How often each rule is to be exercised, and each operation be met. */
const OFTEN = 100;

Deno.test("zswap of every release holds what it took and counts what it did, and every rule that says so is exercised", () => {
  const reach = new Reach();
  const steps = new Map<string, number>();
  for (let nth = 0; nth < PROGRAMS; nth++) {
    const program = programAt(zswapMachine, { seed: 1, nth });
    for (const { op } of program.steps) {
      steps.set(op, (steps.get(op) ?? 0) + 1);
    }
    assertProgram(zswapMachine, program, reach);
  }
  const seldom = zswapMachine.rules
    .filter((rule) => reach.of(rule) < OFTEN)
    .map((rule) => `${rule.id}: ${reach.of(rule)}`);
  assertEquals(seldom, []);
  // The counters are asked for by a judge, after each step.
  const unmet = zswapMachine.language.ops
    .filter((op) => op !== "stats" && (steps.get(op) ?? 0) < OFTEN);
  assertEquals(unmet, []);
  const ids = zswapMachine.rules.map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("zswap holds in programs of other seeds", () => {
  for (const seed of [12, 36, 3343296757]) {
    for (let nth = 0; nth < 60; nth++) {
      const program = programAt(zswapMachine, { seed, nth });
      assertProgram(zswapMachine, program, new Reach());
    }
  }
  assert(zswapMachine.scope.maxSteps >= 2000);
});
