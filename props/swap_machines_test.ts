import fc from "fast-check";
import { zswapMachine } from "../src/explore/zswap_machine.ts";
import { swapMachine } from "../src/explore/swap_machine.ts";
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
