/** What bytes of a disk the requests of programs are for. */
import { SECTOR, type ZramStep } from "./steps.ts";

/** Bytes to which requests are aligned. */
export const BLOCK = 4096;

/** Whether a request begins and ends between blocks. */
export function isAligned(start: number, bytes: number): boolean {
  return start % BLOCK === 0 && bytes % BLOCK === 0;
}

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
