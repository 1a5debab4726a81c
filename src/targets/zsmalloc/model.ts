/** The model of zsmalloc as an object of the user's would be. */
import type { Profile } from "../../linux/profile.ts";
import { kernelAsked } from "../../programs/kernel.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import type { ZsmallocTarget } from "../target.ts";

/**
 * zsmalloc of a kernel as a target: what others are compared with. Throws
 * where it is asked for what Linux leaves undefined, such as a second `free`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, modelZsmalloc } from "zspec";
 *
 * const target = modelZsmalloc(LINUX_6_18);
 * await target.create({ pageSize: 4096, wordBits: 64, chainSize: 8 });
 * await target.malloc(100);
 * assertEquals(await target.stats(), { totalPages: 7, pagesCompacted: 0 });
 * ```
 */
export function modelZsmalloc(profile: Profile): ZsmallocTarget {
  let pool = new ZsPool(profile);
  return {
    create(setup) {
      pool = new ZsPool(kernelAsked(profile, setup));
    },
    malloc(size) {
      const handle = pool.malloc(size);
      return typeof handle === "string"
        ? { error: handle }
        : { handle: String(handle) };
    },
    free: (handle) => pool.free(Number(handle)),
    write: (handle, data) => pool.write(Number(handle), data),
    read(handle, length) {
      return { data: pool.read(Number(handle), new Uint8Array(length)) };
    },
    compact: () => ({ pagesFreed: pool.compact() }),
    stats: () => ({
      totalPages: pool.pagesAllocated,
      pagesCompacted: pool.pagesCompacted,
    }),
  };
}
