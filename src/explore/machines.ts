/** The state machines that there are. */
import type { Machine } from "./machine.ts";
import { swapMachine } from "./swap_machine.ts";
import { z3foldMachine } from "./z3fold_machine.ts";
import { zbudMachine } from "./zbud_machine.ts";
import { zramMachine } from "./zram_machine.ts";
import { zsmallocMachine } from "./zsmalloc_machine.ts";
import { zswapMachine } from "./zswap_machine.ts";

/** Every state machine; `zspec fuzz` runs them. */
export const MACHINES: readonly Machine[] = [
  zsmallocMachine,
  zramMachine,
  zbudMachine,
  z3foldMachine,
  zswapMachine,
  swapMachine,
];

/** The machine called `name`, or `undefined`. */
export function machineNamed(name: string): Machine | undefined {
  return MACHINES.find((machine) => machine.name === name);
}
