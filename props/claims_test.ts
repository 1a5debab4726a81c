/** What every experiment and every claim of `zspec claims` has. */
import { assert, assertEquals } from "@std/assert";
import { EXPERIMENTS } from "../src/claims/experiments.ts";
import { UNDECIDED } from "../src/claims/undecided.ts";

const CLAIMS = [...EXPERIMENTS.flatMap(({ claims }) => claims), ...UNDECIDED];

Deno.test("every claim and every experiment has a name of its own", () => {
  const names = [...EXPERIMENTS, ...CLAIMS].map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  for (const name of names) {
    assert(/^[a-z0-9]+(-[a-z0-9]+)+$|^[a-z]+$/.test(name), name);
  }
});

Deno.test("every claim says in one sentence what is claimed, by whom, and where in the threads", () => {
  for (const { name, says, who, passages } of CLAIMS) {
    assert(/^[A-Za-z].*[.?]$/.test(says), `${name}: ${says}`);
    assert(who.length > 0, name);
    assert(passages.length > 0, name);
    for (const { thread, at } of passages) {
      const isNumbered = thread === "000" || thread === "002";
      assertEquals(
        /^lines? \d+(-\d+)?$/.test(at),
        isNumbered,
        `${name}: ${at}`,
      );
    }
  }
});

Deno.test("every number of an experiment has a range, and what it is where nobody says it", () => {
  for (const { name, sizes } of EXPERIMENTS) {
    for (const [size, { usual, least, most, means }] of Object.entries(sizes)) {
      assert(least <= usual && usual <= most, `${name}: ${size}`);
      assert(means.length > 0, `${name}: ${size}`);
    }
  }
});
