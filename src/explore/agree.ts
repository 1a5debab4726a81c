/** How a machine compares what it finds with what its naive model expects. */
import { Buffer } from "node:buffer";

/** What can be compared and shown as it is. */
type Scalar = string | number | bigint | boolean | undefined;

/** Throws where the two differ, and says `what` they are. */
export function agree(what: string, found: Scalar, expected: Scalar): void {
  if (Object.is(found, expected)) return;
  throw new Error(`${what}: expected ${show(expected)}, found ${show(found)}`);
}

/** Throws at the first byte where the two differ. */
export function agreeBytes(
  what: string,
  found: Uint8Array,
  expected: Uint8Array,
): void {
  agree(`${what}, bytes`, found.length, expected.length);
  // By memcmp: most of what machines do is to compare what is equal.
  if (Buffer.compare(found, expected) === 0) return;
  const at = found.findIndex((byte, nth) => byte !== expected[nth]);
  agree(`${what}, byte ${at}`, found[at], expected[at]);
}

function show(value: Scalar): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
