import fc from "fast-check";
import { assert } from "@std/assert";
import { ZSWAP_OPS, zswapMachine } from "../src/explore/zswap_machine.ts";
import { SWAP_OPS, swapMachine } from "../src/explore/swap_machine.ts";
import type { SwapBelow } from "../src/explore/swap_programs.ts";
import { SWAP_COMBINATIONS } from "../src/explore/swap_kernels.ts";
import { fuzz } from "./fuzz.ts";

for (const { release, zpool } of SWAP_COMBINATIONS) {
  Deno.test(`zswap of ${release} on ${zpool} holds what it took and counts what it did`, () => {
    const programs = zswapMachine.programs(fc).map((program) => ({
      ...program,
      kernel: { ...program.kernel, release, zpool },
    }));
    fuzz(fc.property(programs, (program) => zswapMachine.run(program)), 150);
  });

  Deno.test(`a page that swaps through ${release}'s zswap on ${zpool} is the page last written, whatever fails`, () => {
    const programs = swapMachine.programs(fc)
      .filter(({ below }) => below.startsWith("zswap"))
      .map((program) => ({
        ...program,
        kernel: { ...program.kernel, release, zpool },
      }));
    fuzz(fc.property(programs, (program) => swapMachine.run(program)), 60);
  });
}

const BELOW: readonly SwapBelow[] = ["disk", "zram", "zram-backing"];
for (const below of BELOW) {
  Deno.test(`a page that swaps to ${below} without zswap is the page last written, whatever fails`, () => {
    const programs = swapMachine.programs(fc)
      .map((program) => ({ ...program, below }));
    fuzz(fc.property(programs, (program) => swapMachine.run(program)), 60);
  });
}

Deno.test("random programs of zswap and swap have every operation", () => {
  const cases = [
    { ops: ZSWAP_OPS, programs: fc.sample(zswapMachine.programs(fc), 50) },
    { ops: SWAP_OPS, programs: fc.sample(swapMachine.programs(fc), 50) },
  ];
  for (const { ops, programs } of cases) {
    const used = new Set(
      programs.flatMap(({ steps }) => steps.map(({ op }): string => op)),
    );
    assert(
      ops.every((op) => used.has(op)),
      `${ops} are not all in ${[...used]}`,
    );
  }
});
