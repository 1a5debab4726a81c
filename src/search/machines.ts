/** The machines that there are. */
import type { Machine } from "./machine.ts";

/** Every machine; `zspec fuzz` runs them. */
export const MACHINES: readonly Machine[] = [];

/** The machine called `name`, or `undefined`. */
export function machineNamed(name: string): Machine | undefined {
  return MACHINES.find((machine) => machine.name === name);
}
