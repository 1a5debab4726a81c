/** Where the requests of programs for a device end. */
import { SECTOR, type ZramStep } from "./steps.ts";

/** The first byte behind those that a step asks for; 0 where it asks for none. */
export function requestEnd(step: ZramStep, pageSize: number): number {
  switch (step.op) {
    case "write":
    case "read":
    case "slot_free_notify":
      return (step.page + 1) * pageSize;
    case "discard":
      return (step.page + step.pages) * pageSize;
    case "bio":
      return step.sector * SECTOR + step.bytes;
    default:
      return 0;
  }
}
