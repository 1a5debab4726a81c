/**
 * What reading an object through each of zsmalloc's mapping methods costs in the
 * model: how often there is something to copy, and how much. What page table
 * entries and their flush from the TLB cost on a machine cannot be told here.
 */
import {
  LINUX_3_12,
  LINUX_6_12,
  LINUX_7_3,
  type Profile,
  ZsPool,
} from "../mod.ts";

/** Objects that are read in one run, so that the timer costs nothing. */
const OBJECTS = 1000;

/** Bytes of each: of small ones few cross frames, of large ones many. */
const SIZES = [100, 1500, 3000];

const METHODS: readonly (readonly [string, Profile])[] = [
  ["3.12, copied", LINUX_3_12],
  ["3.12, frames mapped", { ...LINUX_3_12, mapping: "page-table" }],
  ["6.12, copied", LINUX_6_12],
  ["7.3, copied to its reader", LINUX_7_3],
];

/** The objects of a pool that lie in two frames, or in one. */
function objectsOf(pool: ZsPool, size: number, crossing: boolean): number[] {
  const handles: number[] = [];
  while (handles.length < OBJECTS) {
    const handle = Number(pool.malloc(size));
    const chunk = pool.chunkOf(handle, "find");
    const crosses = chunk.offset + chunk.size > pool.geometry.pageSize;
    if (crosses === crossing) handles.push(handle);
  }
  return handles;
}

for (const size of SIZES) {
  for (const crossing of [false, true]) {
    for (const [method, profile] of METHODS) {
      const pool = new ZsPool(profile);
      const handles = objectsOf(pool, size, crossing);
      const into = new Uint8Array(size);
      Deno.bench({
        name: `${method}: read ${OBJECTS} objects`,
        group: `${size} bytes, in ${crossing ? "two frames" : "one frame"}`,
        baseline: profile === LINUX_3_12,
        fn() {
          for (const handle of handles) {
            const object = pool.map(handle, "read-only", 0, size);
            object.read(into);
            pool.unmap(object);
          }
        },
      });
    }
  }
}
