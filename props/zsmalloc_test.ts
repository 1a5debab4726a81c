import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkPool,
  LINUX_6_1,
  LINUX_6_18,
  Memory,
  PROFILES,
  ZsPool,
} from "../mod.ts";

function bytesFrom(seed: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => seed + 31 * at >>> 3);
}

Deno.test("a pool whose objects are all freed has given every frame back", () => {
  for (const profile of PROFILES) {
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

Deno.test("size 0 is EINVAL, and a size above the page's is EINVAL on 6.1 and ENOSPC on 6.18", () => {
  assertEquals(new ZsPool(LINUX_6_1).malloc(0), "EINVAL");
  assertEquals(new ZsPool(LINUX_6_18).malloc(0), "EINVAL");
  assertEquals(new ZsPool(LINUX_6_1).malloc(4097), "EINVAL");
  assertEquals(new ZsPool(LINUX_6_18).malloc(4097), "ENOSPC");
});

/**
 * Allocates 24 objects from a pool one of whose allocations of memory fails;
 * returns whether there was such an allocation.
 */
function mallocWithFailure(
  makePool: (fail: (allocation: number) => boolean) => ZsPool,
  failing: number,
): boolean {
  let injected = false;
  const pool = makePool((allocation) => {
    injected ||= allocation === failing;
    return allocation === failing;
  });
  let refused = 0;
  for (let nth = 0; nth < 24; nth++) {
    const pages = pool.memory.allocatedPages;
    const handle = pool.malloc(2000 + 5 * nth);
    if (handle === "ENOMEM") {
      refused++;
      assertEquals(pool.memory.allocatedPages, pages);
    }
    assertEquals(pool.handles.allocated, nth + 1 - refused);
    checkPool(pool);
  }
  assertEquals(refused, injected ? 1 : 0);
  return injected;
}

Deno.test("wherever an allocation of a frame or a handle fails, malloc is ENOMEM and the pool as it was", () => {
  for (const profile of PROFILES) {
    let frames = 0;
    while (
      mallocWithFailure((failPageAlloc) => {
        const memory = new Memory({ failPageAlloc });
        return new ZsPool(profile, { memory });
      }, frames)
    ) frames++;
    let handles = 0;
    while (
      mallocWithFailure(
        (failslab) => new ZsPool(profile, { failslab }),
        handles,
      )
    ) handles++;
    assert(frames > 10);
    assertEquals(handles, 24);
  }
});

Deno.test("compaction moves objects and no holder of a handle learns of it", () => {
  for (const profile of PROFILES) {
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
  for (const profile of PROFILES) {
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
