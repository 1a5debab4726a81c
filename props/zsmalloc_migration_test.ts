import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CheckedPool,
  checkPool,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_6_18,
  Memory,
  sleepingStops,
  ZsPool,
} from "../mod.ts";
import {
  bytesFrom,
  fill,
  imageOf,
  KERNELS,
  mallocOf,
} from "./zsmalloc_pools.ts";

const MOVABLE = KERNELS.filter(({ movable }) => movable);

/** Every frame of a pool. */
const framesOf = (pool: ZsPool) =>
  [...pool.zspages.live()].flatMap((one) => pool.zspages.pagesOf(one));

Deno.test("every frame under live objects can be replaced, and handles and contents stay", () => {
  for (const profile of MOVABLE) {
    for (const size of [20, 500, 1500, 3000, 4096]) {
      const checked = new CheckedPool(new ZsPool(profile));
      const { pool } = checked;
      const handles = fill(pool, size, 40);
      const before = framesOf(pool);
      for (const pfn of before) {
        // Frames that were freed are taken again: keep them apart.
        const to = checked.migratePage(pfn);
        assert(typeof to === "number" && to !== pfn);
      }
      handles.forEach((handle, nth) =>
        assertEquals(
          pool.read(handle, new Uint8Array(size)),
          bytesFrom(nth, size),
        )
      );
      handles.forEach((handle) => pool.free(handle));
      assertEquals(pool.memory.allocatedPages, 0);
    }
  }
});

Deno.test("a page of a kernel before 4.8 is busy: it cannot be migrated", () => {
  for (const profile of [LINUX_3_12, LINUX_4_0]) {
    const pool = new ZsPool(profile);
    const handle = mallocOf(pool, 100);
    assertEquals(pool.migratePage(pool.handles.pfnOf(handle)), "EBUSY");
    checkPool(pool);
  }
});

Deno.test("a migration without a frame to be had is ENOMEM, and the pool as it was", () => {
  for (const profile of MOVABLE) {
    const pool = new ZsPool(profile, { memory: new Memory({ maxPages: 1 }) });
    const pfn = pool.handles.pfnOf(mallocOf(pool, 4000));
    const before = imageOf(pool);
    assertEquals(pool.migratePage(pfn), "ENOMEM");
    assertEquals(imageOf(pool), before);
  }
});

Deno.test("a page with a mapped object waits in 6.1, and is EINVAL in 6.18", () => {
  for (const profile of [LINUX_6_1, LINUX_6_18]) {
    const pool = new ZsPool(profile);
    const handle = mallocOf(pool, 100);
    const pfn = pool.handles.pfnOf(handle);
    const object = pool.map(handle, "read-only");
    if (profile === LINUX_6_18) {
      assertEquals(pool.migratePage(pfn), "EINVAL");
    } else {
      assertThrows(() => pool.migratePage(pfn), Error, "migrate_write_lock");
      const steps = sleepingStops(pool.migratePageSteps(pfn));
      assert(!steps.next().done);
      pool.unmap(object);
      assertEquals(steps.next().value, pool.handles.pfnOf(handle));
    }
  }
});

Deno.test("a page that is not the pool's cannot be migrated", () => {
  const memory = new Memory();
  const pool = new ZsPool(LINUX_6_18, { memory });
  const other = new ZsPool(LINUX_6_18, { memory });
  const handle = mallocOf(pool, 100);
  const foreign = mallocOf(other, 100);
  for (const pfn of [0, 999, other.handles.pfnOf(foreign)]) {
    assertThrows(() => pool.migratePage(pfn), Error, "not of this pool");
  }
  assertEquals(typeof pool.migratePage(pool.handles.pfnOf(handle)), "number");
});
