/** The machines that there are. */
import type { Machine } from "./machine.ts";
import { z3foldMachine, zbudMachine } from "./machines/buddy.ts";
import { codecMachine } from "./machines/codec.ts";
import { pageAllocMachine } from "./machines/page_alloc.ts";
import { swapMachine } from "./machines/swap.ts";
import { zramMachine } from "./machines/zram.ts";
import { zsmallocMachine } from "./machines/zsmalloc.ts";
import { zswapMachine } from "./machines/zswap.ts";

/** Every machine; `zspec fuzz` runs them. */
export const MACHINES: readonly Machine[] = [
  zsmallocMachine,
  zramMachine,
  zbudMachine,
  z3foldMachine,
  zswapMachine,
  swapMachine,
  pageAllocMachine,
  codecMachine,
];

/** The machine called `name`, or `undefined`. */
export function machineNamed(name: string): Machine | undefined {
  return MACHINES.find((machine) => machine.name === name);
}
