/**
 * fast-check, which makes random programs and shrinks those that fail. It is
 * named here alone, and loaded when it is first asked for: whoever imports
 * zspec for its models does not load it.
 */
import type fc from "npm:fast-check@4.10.2";

/** The module of fast-check. */
export type FastCheck = typeof fc;
/** What makes random values and shrinks them. */
export type { Arbitrary } from "npm:fast-check@4.10.2";

/** Loads fast-check. */
export async function loadFastCheck(): Promise<FastCheck> {
  return (await import("npm:fast-check@4.10.2")).default;
}
