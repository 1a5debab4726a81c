/** The objects that a step names, and the bytes that it writes to them. */
import { type Bytes, expandBytes, fillWeyl } from "../bytes.ts";

/**
 * The bytes of the `nth` of several objects that one step writes. `into` is
 * filled with them and returned where that is cheap, so that most writes
 * allocate nothing: it holds as many bytes as the object.
 */
export function objectBytes(
  data: Bytes,
  nth: number,
  into: Uint8Array,
): Uint8Array {
  if (!("weyl" in data)) return expandBytes(data, into.length);
  fillWeyl(into, data.weyl + nth);
  return into;
}

/** The numbers of so many objects, counted on from one. */
export function numbered(object: number, count: number): number[] {
  return Array.from({ length: count }, (_, nth) => object + nth);
}
