/** Pools whose objects are known by the zspage that they are in. */
import type { ZsPool } from "../../zsmalloc/pool.ts";

/**
 * Allocates an object of each size and answers the handles of each zspage, by
 * its number, in the order in which they came. Throws where there is no memory.
 */
export function fillZspages(
  pool: ZsPool,
  sizes: readonly number[],
): Map<number, number[]> {
  const handles = new Map<number, number[]>();
  for (const size of sizes) {
    const handle = pool.malloc(size);
    if (typeof handle !== "number") throw new Error(`no object: ${handle}`);
    const { zspage } = pool.chunkOf(handle, "find");
    const before = handles.get(zspage);
    if (before === undefined) handles.set(zspage, [handle]);
    else before.push(handle);
  }
  return handles;
}
