/** Pools for the tests of zsmalloc: filled, looked at, and compared. */
import { crc32 } from "node:zlib";
import { assert } from "@std/assert";
import { type Profile, PROFILES, randomFrom, type ZsPool } from "../mod.ts";

/** One profile of each release that changed zsmalloc, the newest first. */
export const KERNELS: readonly Profile[] = PROFILES.filter((one, nth) =>
  PROFILES.findLastIndex(({ release }) =>
    release.zsmalloc === one.release.zsmalloc
  ) === nth
);

/** Bytes that differ from one seed to the next. */
export function bytesFrom(seed: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => seed + 31 * at >>> 3);
}

/** An object that must be had. */
export function mallocOf(pool: ZsPool, size: number): number {
  const handle = pool.malloc(size);
  assert(typeof handle === "number", `malloc of ${size} bytes: ${handle}`);
  return handle;
}

/** `count` objects of `size` bytes, each with bytes of its own. */
export function fill(pool: ZsPool, size: number, count: number): number[] {
  return Array.from({ length: count }, (_, nth) => {
    const handle = mallocOf(pool, size);
    pool.write(handle, bytesFrom(nth, size));
    return handle;
  });
}

/** Frees about `share` of the handles, chosen from a seed; returns the rest. */
export function thin(
  pool: ZsPool,
  handles: readonly number[],
  share: number,
  seed = 1,
): number[] {
  const random = randomFrom(seed);
  return handles.filter((handle) => {
    const isLeft = random(1000) >= share * 1000;
    if (!isLeft) pool.free(handle);
    return isLeft;
  });
}

/** Everything that a pool is, as text, its frames' bytes by their checksum. */
export function imageOf(pool: ZsPool): string {
  const { memory, zspages, handles } = pool;
  const frame = (pfn: number) => ({
    pfn,
    page: memory.page.slice(4 * pfn, 4 * pfn + 4).join(),
    crc32: crc32(
      memory.bytes.subarray(pfn * memory.pageSize, (pfn + 1) * memory.pageSize),
    ),
  });
  return JSON.stringify({
    pages: pool.pagesAllocated,
    allocated: memory.allocatedPages,
    classes: pool.classes.map((one) => [
      ...one.heads,
      ...one.zspages,
      one.objsAllocated,
      one.objsUsed,
    ]),
    zspages: [...zspages.live()].map((zspage) => [
      ...zspages.fields.slice(8 * zspage, 8 * zspage + 8),
      zspages.pagesOf(zspage).map(frame),
    ]),
    handles: [...handles.live()].map((handle) => [
      handle,
      handles.pfnOf(handle),
      handles.tagOf(handle),
    ]),
  });
}
