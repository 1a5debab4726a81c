import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkPool,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_6_18,
  ZsPool,
} from "../mod.ts";
import { KERNELS } from "./zsmalloc_pools.ts";

function bytesFrom(seed: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => seed + 31 * at >>> 3);
}

Deno.test("a pool whose objects are all freed has given every frame back", () => {
  for (const profile of KERNELS) {
    const pool = new ZsPool(profile);
    const handles: number[] = [];
    for (let size = 1; size <= profile.pageSize; size += 7) {
      const handle = pool.malloc(size);
      assert(typeof handle === "number");
      handles.push(handle);
    }
    handles.forEach((handle) => pool.free(handle));
    checkPool(pool);
    assertEquals(pool.memory.allocatedPages, 0);
  }
});

/** Kernels whose objects can move. */
const COMPACTING = KERNELS.filter(({ compaction }) => compaction !== "none");

Deno.test("up to 3.19 a handle is a location: nothing moves, and compaction frees nothing", () => {
  const pool = new ZsPool(LINUX_3_12);
  const handles = Array.from({ length: 300 }, () => Number(pool.malloc(500)));
  handles.filter((_, nth) => nth % 3 !== 0).forEach((one) => pool.free(one));
  const places = [...pool.handles.live()];
  assertEquals(pool.compact(), 0);
  assertEquals(pool.shrinkerScan(), "stop");
  assertEquals([...pool.handles.live()], places);
  // | PFN | index + 1 |: 64 bits, of which 46 - 12 are the frame's.
  const [handle] = places;
  assertEquals(Math.floor(handle / 2 ** 30), pool.handles.pfnOf(handle));
  assertEquals(handle % 2 ** 30, 1);
});

Deno.test("memory pressure compacts since 4.3, and stops where there is nothing to free", () => {
  for (const profile of KERNELS) {
    const pool = new ZsPool(profile);
    const handles = Array.from({ length: 300 }, () => Number(pool.malloc(500)));
    handles.filter((_, nth) => nth % 3 !== 0).forEach((one) => pool.free(one));
    const count = pool.shrinkerCount();
    assertEquals(count > 0, profile.shrinker);
    assertEquals(pool.shrinkerScan(), profile.shrinker ? count : "stop");
    assertEquals(pool.shrinkerScan(), "stop");
  }
});

Deno.test("a destroyed pool reports what was still allocated, and can no more be used", () => {
  for (const profile of KERNELS) {
    const pool = new ZsPool(profile);
    const handle = Number(pool.malloc(4000));
    pool.free(Number(pool.malloc(100)));
    const [leaked] = pool.destroy();
    assertEquals({ ...leaked, size: 0 }, { size: 0, zspages: 1, objects: 1 });
    assertThrows(() => pool.free(handle), Error, "names no object");
    assertThrows(() => pool.malloc(1), Error, "is destroyed");
  }
});

Deno.test("the class of a chunk counts the handle in it, the class that is looked up does not", () => {
  const pool = new ZsPool(LINUX_6_18);
  assertEquals(pool.classFor(32).size, 48);
  assertEquals(pool.lookupClassIndex(32), 0);
});

Deno.test("size 0 is EINVAL, and a size above the page's is EINVAL on 6.1 and ENOSPC on 6.18; before, both are no more than a failure", () => {
  for (const profile of [LINUX_3_12, LINUX_4_0]) {
    assertEquals(new ZsPool(profile).malloc(0), "ENOMEM");
    assertEquals(new ZsPool(profile).malloc(4097), "ENOMEM");
  }
  assertEquals(new ZsPool(LINUX_6_1).malloc(0), "EINVAL");
  assertEquals(new ZsPool(LINUX_6_18).malloc(0), "EINVAL");
  assertEquals(new ZsPool(LINUX_6_1).malloc(4097), "EINVAL");
  assertEquals(new ZsPool(LINUX_6_18).malloc(4097), "ENOSPC");
});

Deno.test("compaction moves objects and no holder of a handle learns of it", () => {
  for (const profile of COMPACTING) {
    const pool = new ZsPool(profile);
    const handles = Array.from({ length: 400 }, () => {
      const handle = pool.malloc(1000);
      assert(typeof handle === "number");
      pool.write(handle, bytesFrom(handle, 1000));
      return handle;
    });
    handles.filter((_, nth) => nth % 4 !== 0).forEach((one) => pool.free(one));
    const left = handles.filter((_, nth) => nth % 4 === 0);
    const places = left.map((one) => pool.handles.pfnOf(one));
    assert(pool.compact() > 0);
    assert(left.some((one, nth) => pool.handles.pfnOf(one) !== places[nth]));
    for (const one of left) {
      assertEquals(pool.read(one, new Uint8Array(1000)), bytesFrom(one, 1000));
    }
  }
});

Deno.test("compaction can be stopped wherever the kernel drops its lock, and the pool used in between", () => {
  for (const profile of COMPACTING) {
    const pool = new ZsPool(profile);
    const handles = Array.from({ length: 300 }, () => Number(pool.malloc(500)));
    handles.filter((_, nth) => nth % 3 !== 0).forEach((one) => pool.free(one));
    let waits = 0;
    const compaction = pool.compactSteps();
    for (let step = compaction.next(); !step.done; step = compaction.next()) {
      waits++;
      pool.free(Number(pool.malloc(500)));
      pool.malloc(500);
      assertEquals(pool.handles.allocated, 100 + waits);
    }
    assert(waits > 1);
    checkPool(pool);
  }
});

Deno.test("misuse that Linux leaves undefined throws", () => {
  const pool = new ZsPool(LINUX_6_18);
  const handle = Number(pool.malloc(100));
  assertThrows(
    () => pool.write(handle, new Uint8Array(4096)),
    RangeError,
    "holds 104",
  );
  pool.free(handle);
  assertThrows(() => pool.free(handle), Error, "names no object");
  assertThrows(
    () => pool.read(handle, new Uint8Array(1)),
    Error,
    "names no object",
  );
  assertThrows(() => pool.free(0), Error, "handle 0");
});
