/** The bytes that requests of programs for a device write. */
import { type Bytes, expandBytes } from "../bytes.ts";
import type { ZramBio } from "./steps.ts";

/**
 * The bytes of a request to write: page after page of memory is the same, or
 * those behind the first are, but for the last, which may be a part; stated
 * pages have seeds one after another.
 */
export function requestBytes(
  { bytes, data, rest = data }: ZramBio,
  pageSize: number,
): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(bytes);
  if (data === undefined || rest === undefined) return all;
  for (let at = 0, nth = 0; at < bytes; at += pageSize, nth++) {
    const page = expandBytes(nth === 0 ? data : another(rest, nth), pageSize);
    all.set(page.subarray(0, Math.min(pageSize, bytes - at)), at);
  }
  return all;
}

/** What stands in the place of stated data on the `nth` page of a request. */
function another(data: Bytes, nth: number): Bytes {
  return "kind" in data && data.kind === "stated"
    ? { ...data, seed: (data.seed + nth) % 256 }
    : data;
}
