/**
 * fast-check, which makes random programs and shrinks those that fail. It is
 * named here alone, and loaded when it is first asked for: whoever imports
 * zspec for its models does not load it.
 */

/** The module of fast-check. */
export type FastCheck = (typeof import("npm:fast-check@4.10.2"))["default"];

/**
 * What makes random values and shrinks them: fast-check's own, which its
 * documentation describes.
 *
 * @internal
 */
export type Arbitrary<Value> = import("npm:fast-check@4.10.2").Arbitrary<Value>;

/** Loads fast-check. */
export async function loadFastCheck(): Promise<FastCheck> {
  return (await import("npm:fast-check@4.10.2")).default;
}
