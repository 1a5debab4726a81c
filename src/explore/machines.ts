/** The state machines that there are. */
import type { Machine } from "./machine.ts";
import { zramMachine } from "./zram_machine.ts";
import { zsmallocMachine } from "./zsmalloc_machine.ts";

/** Every state machine; `zspec fuzz` runs them. */
export const MACHINES: readonly Machine[] = [zsmallocMachine, zramMachine];

/** The machine called `name`, or `undefined`. */
export function machineNamed(name: string): Machine | undefined {
  return MACHINES.find((machine) => machine.name === name);
}
