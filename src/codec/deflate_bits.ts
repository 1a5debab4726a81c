/** Deflate's bits, the lowest of a byte first, written to what is encoded. */
import { codeBytes } from "./workspace.ts";

/** Bits that are not yet a whole byte, and how many they are. */
let held = 0;
let heldBits = 0;
/** Bytes that are written. */
let written = 0;

/** Starts with nothing written. */
export function startBits(): void {
  held = 0;
  heldBits = 0;
  written = 0;
}

/** Writes the low `count` bits of a value that has no others: at most 24. */
export function putBits(value: number, count: number): void {
  held |= value << heldBits;
  heldBits += count;
  while (heldBits >= 8) {
    codeBytes[written++] = held;
    held >>>= 8;
    heldBits -= 8;
  }
}

/** Fills up the last byte with zeros (`bi_windup`). */
export function alignBits(): void {
  if (heldBits > 0) codeBytes[written++] = held;
  held = 0;
  heldBits = 0;
}

/** Writes whole bytes; what is before them must be whole as well. */
export function putBytes(bytes: Uint8Array): void {
  codeBytes.set(bytes, written);
  written += bytes.length;
}

/** How many bytes are written. */
export function bytesWritten(): number {
  return written;
}
