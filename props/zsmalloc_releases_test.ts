import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkPool,
  isBlocked,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_17,
  LINUX_6_18,
  LINUX_7_0,
  LINUX_7_1,
  LINUX_7_2,
  LINUX_7_3,
  Memory,
  NO_PAGE,
  type Profile,
  sleepingStops,
  type Stop,
  stopText,
  unlockedStops,
  ZsPool,
} from "../mod.ts";
import { bytesFrom, fill, KERNELS, mallocOf } from "./zsmalloc_pools.ts";

/** Kernels with zs_compact's flag compaction_in_progress. */
const ONE_AT_A_TIME = KERNELS.filter(({ compactions }) =>
  compactions === "one"
);
/** Kernels whose frames can be migrated. */
const MOVABLE = KERNELS.filter(({ movable }) => movable);

const assertStop = (stop: Stop | void, text: string) =>
  assertEquals(stop && stopText(stop), text);

/** A pool of objects of which two of three are gone, so that it can be compacted. */
function thinned(profile: Profile, size = 500, count = 300) {
  const pool = new ZsPool(profile);
  const handles = fill(pool, size, count);
  const left = handles.filter((one, nth) => {
    if (nth % 3 === 0) return true;
    pool.free(one);
  });
  return { pool, left };
}

const frameOf = (pool: ZsPool, handle: number) => pool.handles.pfnOf(handle);
const zspageOf = (pool: ZsPool, handle: number) =>
  pool.memory.page[4 * frameOf(pool, handle)];

/** Every object of `left` still holds what `fill` wrote to it. */
function assertKept(pool: ZsPool, left: readonly number[], size = 500): void {
  left.forEach((handle, nth) =>
    assertEquals(
      pool.read(handle, new Uint8Array(size)),
      bytesFrom(3 * nth, size),
    )
  );
}

Deno.test("while a pool is compacted a second compaction answers 0 and memory pressure stops, since 6.7 and in 6.1.192 (zs_compact, mm/zsmalloc.c, 6.1.192)", () => {
  assertEquals(ONE_AT_A_TIME.map(({ name }) => name).at(-1), "linux-6.1");
  for (const profile of ONE_AT_A_TIME) {
    const { pool } = thinned(profile);
    const freeable = pool.shrinkerCount();
    const compaction = sleepingStops(pool.compactSteps());
    assert(!compaction.next().done);
    assertEquals(pool.compact(), 0);
    assertEquals(pool.shrinkerScan(), "stop");
    assertEquals(pool.pagesCompacted, 0);
    let step = compaction.next();
    while (!step.done) step = compaction.next();
    assertEquals(step.value, freeable);
    assertEquals(pool.pagesCompacted, freeable);
    assertEquals(pool.compact(), 0);
    checkPool(pool);
  }
});

Deno.test("in 5.10 a second compaction goes on beside the first, and pages_compacted is what both freed (zs_compact, 5.10.262)", () => {
  const { pool, left } = thinned(LINUX_5_10);
  const compaction = sleepingStops(pool.compactSteps());
  assert(!compaction.next().done);
  const second = pool.compact();
  assert(second > 0);
  assertEquals(pool.pagesCompacted, second);
  let step = compaction.next();
  while (!step.done) step = compaction.next();
  assert(step.value > 0);
  assertEquals(pool.pagesCompacted, second + step.value);
  assertKept(pool, left);
  checkPool(pool);
});

/**
 * Four zspages of eight objects: two with five, two with one. Handles, and where
 * each is.
 */
function fivesAndOnes(profile: Profile) {
  const pool = new ZsPool(profile);
  const left = fill(pool, 500, 32).filter((handle, nth) => {
    const isLeft = nth % 8 < (nth % 16 < 8 ? 5 : 1);
    if (!isLeft) pool.free(handle);
    return isLeft;
  });
  const places = new Map(left.map((one) => [one, zspageOf(pool, one)]));
  /** Zspages that took objects, and those objects. */
  const took = () =>
    Map.groupBy(
      left.filter((one) =>
        pool.handles.isLive(one) && zspageOf(pool, one) !== places.get(one)
      ),
      (one) => zspageOf(pool, one),
    );
  return { pool, left, places, took };
}

Deno.test("compaction fills one destination, but two where others want its lock and free from the first, since 6.4 (__zs_compact, rwlock_is_contended, 6.12.118)", () => {
  for (const profile of KERNELS) {
    if (profile.compaction !== "destination-first") continue;
    const alone = fivesAndOnes(profile);
    assertEquals(alone.pool.compact(), 2);
    assertEquals(alone.took().size, 1);

    const { pool, left, places, took } = fivesAndOnes(profile);
    let asked = 0;
    const steps = sleepingStops(pool.compactSteps(() => ++asked === 1));
    assert(!steps.next().done);
    const [first] = took().keys();
    left.filter((one) => places.get(one) === first).slice(0, 2)
      .forEach((one) => pool.free(one));
    assertEquals(steps.next().value, 2);
    assertEquals([...took().values()].map(({ length }) => length), [1, 1]);
    checkPool(pool);
  }
});

Deno.test("in 6.1 a lock that others want ends the class's compaction with the source half emptied (__zs_compact, spin_is_contended, 6.1.192)", () => {
  const halved = () => {
    const pool = new ZsPool(LINUX_6_1);
    fill(pool, 500, 700).filter((_, nth) => nth % 5 < 3)
      .forEach((one) => pool.free(one));
    return pool;
  };
  const pool = halved();
  const freeable = pool.shrinkerCount();
  const steps = sleepingStops(pool.compactSteps(() => true));
  let step = steps.next();
  while (!step.done) step = steps.next();
  assert(step.value < freeable, `${step.value} of ${freeable}`);
  assertEquals(pool.compact(), freeable - step.value);
  assertEquals(halved().compact(), freeable);
  checkPool(pool);
});

Deno.test("5.10 does not look at who wants the lock (__zs_compact, 5.10.262)", () => {
  const { pool } = thinned(LINUX_5_10, 500, 700);
  const freeable = pool.shrinkerCount();
  const steps = sleepingStops(pool.compactSteps(() => true));
  let step = steps.next();
  while (!step.done) step = steps.next();
  assertEquals(step.value, freeable);
});

Deno.test("a look-up of a class counts the handle in 6.12.118 and since 7.2, not from 6.16 to 7.1 (zs_lookup_class_index, 6.12.118, 6.18.15, 7.1.13, 7.2.12)", () => {
  const apart = (profile: Profile) => {
    const pool = new ZsPool(profile);
    const last = pool.classFor(500).size - 8;
    return [last - 8, last, last + 1].map((size) =>
      pool.lookupClassIndex(size) === pool.classFor(size).index
    );
  };
  for (const profile of [LINUX_6_12, LINUX_7_2, LINUX_7_3]) {
    assertEquals(apart(profile), [true, true, true], profile.name);
  }
  for (const profile of [LINUX_6_17, LINUX_6_18, LINUX_7_0, LINUX_7_1]) {
    // One that fits the class below without its handle is taken for one of it.
    assertEquals(apart(profile), [false, true, false], profile.name);
  }
});

Deno.test("in 5.10 compaction passes over a pinned object, whose zspage goes back to its group (find_alloced_obj, trypin_tag, 5.10.262)", () => {
  const { pool, left } = thinned(LINUX_5_10);
  const pinned = left[0];
  const place = frameOf(pool, pinned);
  const object = pool.map(pinned, "read-only");
  const compaction = sleepingStops(pool.compactSteps());
  let step = compaction.next();
  while (!step.done && !isBlocked(step.value)) {
    step = compaction.next();
  }
  assert(pool.objectsMigrated > 0);
  assertEquals(frameOf(pool, pinned), place);
  pool.unmap(object);
  while (!step.done) step = compaction.next();
  assertEquals(pool.shrinkerCount(), 0);
  assertKept(pool, left);
  checkPool(pool);
});

Deno.test("in 5.10 a mapped object is in the way of no compaction that finds enough to free beside it (__zs_compact, 5.10.262)", () => {
  const pool = new ZsPool(LINUX_5_10);
  // Two to a zspage of one page: three part filled, one of them pinned.
  const handles = fill(pool, 2040, 6);
  for (const nth of [1, 3, 5]) pool.free(handles[nth]);
  pool.map(handles[0], "read-only");
  assertEquals(pool.compact(), 1);
  checkPool(pool);
});

Deno.test("5.10 answers ENOMEM to each malloc that it refuses, 6.1 EINVAL, and since 6.2 a size above a page is ENOSPC (zs_malloc, 5.10.262, 6.1.192, 6.12.118)", () => {
  const refusals = KERNELS.map((profile) => {
    const memory = new Memory({ maxPages: 0 });
    const pool = new ZsPool(profile, { memory });
    return [0, 4097, 100].map((size) => pool.malloc(size)).join(" ");
  });
  assertEquals(refusals, [
    ...Array(5).fill("EINVAL ENOSPC ENOMEM"),
    "EINVAL EINVAL ENOMEM",
    ...Array(3).fill("ENOMEM ENOMEM ENOMEM"),
  ]);
});

Deno.test("up to 5.18 the zspage of an isolated frame takes no object, later it does (zs_page_isolate, 5.10.262 and 6.1.192)", () => {
  for (const profile of MOVABLE) {
    const pool = new ZsPool(profile);
    const [first] = fill(pool, 1000, 1);
    assert(pool.isolatePage(frameOf(pool, first)));
    const second = mallocOf(pool, 1000);
    const isSame = zspageOf(pool, second) === zspageOf(pool, first);
    assertEquals(isSame, profile !== LINUX_5_10, profile.name);
    checkPool(pool);
  }
});

Deno.test("what 5.10 isolates and puts back becomes the head of its list again (putback_zspage, 5.10.262)", () => {
  const pool = new ZsPool(LINUX_5_10);
  const handles = fill(pool, 2040, 4);
  pool.free(handles[0]);
  pool.free(handles[2]);
  const [first, second] = [handles[1], handles[3]].map((one) =>
    zspageOf(pool, one)
  );
  const { heads } = pool.classFor(2040);
  assertEquals(heads[1], second);
  const pfn = frameOf(pool, handles[1]);
  assert(pool.isolatePage(pfn));
  pool.putbackPage(pfn);
  assertEquals(heads[1], first);
  assertEquals(typeof pool.migratePage(frameOf(pool, handles[3])), "number");
  assertEquals(heads[1], second);
});

Deno.test("in 5.10 the last object of an isolated zspage leaves its freeing to the worker (zs_free, putback_zspage_deferred, 5.10.262)", () => {
  const pool = new ZsPool(LINUX_5_10);
  const handle = mallocOf(pool, 1000);
  const pfn = frameOf(pool, handle);
  assert(pool.isolatePage(pfn));
  pool.free(handle);
  assertEquals(pool.pagesAllocated, 1);
  assertEquals(pool.freeDeferred(), 0);
  // An empty one may still be migrated: there is nothing in it to pin.
  const to = pool.migrateIsolated(pfn);
  assert(typeof to === "number" && to !== NO_PAGE);
  assertEquals(pool.pagesAllocated, 1);
  checkPool(pool);
  assertEquals(pool.freeDeferred(), 1);
  assertEquals([pool.pagesAllocated, pool.memory.allocatedPages], [0, 0]);
});

Deno.test("since 5.19 a zspage is freed though a frame of it is isolated: there is nothing left to move (free_zspage, 6.1.192; zs_page_migrate, 7.2.12)", () => {
  for (const profile of MOVABLE) {
    if (profile === LINUX_5_10) continue;
    for (const ends of ["migrateIsolated", "putbackPage"] as const) {
      const pool = new ZsPool(profile);
      const handle = mallocOf(pool, 1000);
      const pfn = frameOf(pool, handle);
      assert(pool.isolatePage(pfn));
      pool.free(handle);
      // The frame itself is kept by who isolated it.
      assertEquals([pool.pagesAllocated, pool.memory.allocatedPages], [0, 1]);
      const answer = pool[ends](pfn);
      if (ends === "migrateIsolated") assertEquals(answer, NO_PAGE);
      assertEquals(pool.memory.allocatedPages, 0);
      checkPool(pool);
    }
  }
});

Deno.test("a frame that is locked or isolated is not isolated again, and a pool waits for it at its end (isolate_movable_page, mm/migrate.c; zs_unregister_migration, 5.10.262)", () => {
  for (const profile of MOVABLE) {
    const pool = new ZsPool(profile);
    const pfn = frameOf(pool, mallocOf(pool, 1000));
    assert(pool.isolatePage(pfn));
    assert(!pool.isolatePage(pfn));
    assertEquals(pool.migratePage(pfn), "EBUSY");
    assertThrows(() => pool.destroy(), Error, "isolated page");
    pool.putbackPage(pfn);
    assert(pool.lockPage(pfn));
    assert(!pool.isolatePage(pfn));
    pool.unlockPage(pfn);
    assertEquals(pool.destroy().length, 1);
  }
});

Deno.test("up to 5.18 an object that is being freed is pinned: its frame is not migrated, EAGAIN, and compaction passes it over (zs_free, zs_page_migrate, 5.10.262)", () => {
  const { pool, left } = thinned(LINUX_5_10);
  const place = frameOf(pool, left[3]);
  const free = unlockedStops(pool.freeSteps(left[3]));
  assert(!free.next().done);
  assertEquals(pool.migratePage(place), "EAGAIN");
  const compaction = sleepingStops(pool.compactSteps());
  let step = compaction.next();
  while (!step.done && !isBlocked(step.value)) {
    step = compaction.next();
  }
  assert(pool.objectsMigrated > 0);
  assertEquals(frameOf(pool, left[3]), place);
  assert(free.next().done);
  assertEquals(pool.handles.allocated, left.length - 1);
  checkPool(pool);
});

Deno.test("in 5.10 migration waits for a mapped object of the zspage (migrate_write_lock in zs_page_migrate, 5.10.262)", () => {
  const pool = new ZsPool(LINUX_5_10);
  const handle = mallocOf(pool, 100);
  const object = pool.map(handle, "read-only");
  const steps = sleepingStops(pool.migratePageSteps(frameOf(pool, handle)));
  assert(!steps.next().done);
  pool.unmap(object);
  assertEquals(steps.next().value, frameOf(pool, handle));
});

Deno.test("a zspage whose frame is locked when its last object goes is freed by the worker, or taken again before (free_zspage, async_free_zspage, find_get_zspage, 6.12.118)", () => {
  for (const profile of MOVABLE) {
    const pool = new ZsPool(profile);
    const handle = mallocOf(pool, 1000);
    const pfn = frameOf(pool, handle);
    assert(pool.lockPage(pfn));
    pool.free(handle);
    checkPool(pool);
    assertEquals(pool.pagesAllocated, 1);
    const again = mallocOf(pool, 1000);
    assertEquals(frameOf(pool, again), pfn);
    pool.free(again);
    assertThrows(() => pool.freeDeferred(), Error, "waits for a locked page");
    assertEquals(pool.pagesAllocated, 1);
    checkPool(pool);
    pool.unlockPage(pfn);
    assertEquals(pool.freeDeferred(), 1);
    assertEquals(pool.pagesAllocated, 0);
    checkPool(pool);
  }
});

Deno.test("the worker leaves what it frees in the count of empty zspages up to 6.3, where no table shows it (async_free_zspage, 6.1.192 and 6.12.118)", () => {
  for (const profile of MOVABLE) {
    const pool = new ZsPool(profile);
    const handle = mallocOf(pool, 1000);
    const pfn = frameOf(pool, handle);
    pool.lockPage(pfn);
    pool.free(handle);
    pool.unlockPage(pfn);
    pool.freeDeferred();
    const isOld = profile === LINUX_5_10 || profile === LINUX_6_1;
    assertEquals(pool.classFor(1000).zspages[0], isOld ? 1 : 0, profile.name);
  }
});

Deno.test("compaction counts the pages of a source that is freed later, as a frame of it is locked (__zs_compact, 6.12.118)", () => {
  for (const profile of MOVABLE) {
    const pool = new ZsPool(profile);
    const handles = fill(pool, 2040, 4);
    pool.free(handles[0]);
    pool.free(handles[2]);
    const frames = [handles[1], handles[3]].map((one) => frameOf(pool, one));
    frames.forEach((pfn) => pool.lockPage(pfn));
    assertEquals(pool.compact(), 1);
    assertEquals([pool.pagesAllocated, pool.pagesCompacted], [2, 1]);
    frames.forEach((pfn) => pool.unlockPage(pfn));
    assertEquals(pool.freeDeferred(), 1);
    assertEquals(pool.pagesAllocated, 1);
    checkPool(pool);
  }
});

Deno.test("6.12 waits for a mapped object of a source, since 6.15 the class is left (__zs_compact, 6.12.118 and 6.17.8)", () => {
  for (const profile of [LINUX_6_12, LINUX_6_17, LINUX_7_3]) {
    const { pool, left } = thinned(profile);
    const objects = left.map((one, cpu) => pool.map(one, "read-only", cpu));
    if (profile === LINUX_6_12) {
      assertThrows(() => pool.compact(), Error, "migrate_write_lock");
    } else {
      assertEquals(pool.compact(), 0);
    }
    checkPool(pool);
    objects.forEach((one) => pool.unmap(one));
    assert(pool.compact() > 0);
  }
});

Deno.test("a page under a reader is EINVAL from 6.15 on, and EBUSY since 7.1 (zs_page_migrate, 6.17.8 and 7.1.13)", () => {
  const answers = [LINUX_6_17, LINUX_6_18, LINUX_7_1, LINUX_7_3]
    .map((profile) => {
      const pool = new ZsPool(profile);
      const handle = mallocOf(pool, 100);
      pool.map(handle, "read-only");
      return pool.migratePage(frameOf(pool, handle));
    });
  assertEquals(answers, ["EINVAL", "EINVAL", "EBUSY", "EBUSY"]);
});

Deno.test("since 7.1 the bytes that are read tell whether an object crosses frames, before it was its chunk (zs_obj_read_begin, 6.18.15 and 7.1.13)", () => {
  for (const profile of [LINUX_6_18, LINUX_7_1, LINUX_7_3]) {
    const pool = new ZsPool(profile);
    const handles = fill(pool, 1500, 3);
    const crossing = handles[2];
    // The third chunk's first bytes are in one frame, as many as are read here.
    const object = pool.map(crossing, "read-only", 0, 100);
    pool.write(crossing, Uint8Array.of(0xee));
    const [seen] = object.read(new Uint8Array(1));
    assertEquals(seen === 0xee, profile !== LINUX_6_18, profile.name);
    pool.unmap(object);
    const whole = pool.map(crossing, "read-only", 0, 1500);
    pool.write(crossing, Uint8Array.of(0xdd));
    assertEquals(whole.read(new Uint8Array(1)), Uint8Array.of(0xee));
    if (profile !== LINUX_6_18) assertEquals(object.length, 100);
  }
});

/** A location as a number: the words of the cell of a handle, put together. */
const locationBits = (profile: Profile) => {
  const { geometry } = new ZsPool(profile);
  return [geometry.objClassBits, geometry.objIndexBits];
};

Deno.test("a location of 7.3 has 9 bits of class and 15 of object on x86-64, and no class where words have 32 bits or too few bits are left (ZS_OBJ_CLASS_BITS, 7.3.4)", () => {
  assertEquals(locationBits(LINUX_7_2), [0, 24]);
  assertEquals(locationBits(LINUX_7_3), [9, 15]);
  assertEquals(
    locationBits({ ...LINUX_7_3, wordBits: 32, physBits: 32 }),
    [0, 12],
  );
  // 8 pages of 128 objects are 10 bits: with 9 of class, 19 are needed.
  assertEquals(locationBits({ ...LINUX_7_3, physBits: 57 }), [9, 10]);
  assertEquals(locationBits({ ...LINUX_7_3, physBits: 58 }), [0, 18]);
});

Deno.test("the cell of a handle of 7.3 names the class wherever its object moves, with any width of a frame's number (location_to_obj, obj_to_class_idx, 7.3.4)", () => {
  for (const physBits of [36, 40, 46, 52]) {
    const { pool, left } = thinned({ ...LINUX_7_3, physBits });
    const { index } = pool.classFor(500);
    const assertNamed = () => {
      const named = left.map((one) => pool.handles.classIndexOf(one));
      assertEquals(new Set(named), new Set([index]));
    };
    assertNamed();
    assert(pool.compact() > 0);
    assertNamed();
    left.forEach((one) => pool.migratePage(frameOf(pool, one)));
    assertNamed();
    assertKept(pool, left);
    checkPool(pool);
  }
});

Deno.test("zs_free of 7.3 finds an object that moved after its cell was read (obj_class_get_and_lock, 7.3.4)", () => {
  const moves: Readonly<Record<string, (pool: ZsPool, one: number) => void>> = {
    compaction: (pool) => pool.compact(),
    migration: (pool, one) => pool.migratePage(frameOf(pool, one)),
  };
  for (const move of Object.values(moves)) {
    const { pool, left } = thinned(LINUX_7_3);
    let moved = 0;
    for (const handle of left) {
      const place = frameOf(pool, handle);
      const free = unlockedStops(pool.freeSteps(handle));
      assertStop(
        free.next().value,
        "zs_free, mm/zsmalloc.c: acquire class->lock of 512 bytes",
      );
      move(pool, handle);
      if (frameOf(pool, handle) !== place) moved++;
      while (!free.next().done);
      checkPool(pool);
    }
    assert(moved > 0);
    assertEquals([pool.pagesAllocated, pool.handles.allocated], [0, 0]);
  }
});

Deno.test("zs_free of 7.3 gives a zspage's frames back, and counts them no more, once the class's lock is dropped (zs_free, __free_zspage_lockless, 7.3.4)", () => {
  const pool = new ZsPool(LINUX_7_3);
  const handle = mallocOf(pool, 1000);
  const pfn = frameOf(pool, handle);
  const free = unlockedStops(pool.freeSteps(handle));
  free.next();
  assertStop(
    free.next().value,
    "zs_free, mm/zsmalloc.c: write pool->pages_allocated",
  );
  const { objsAllocated, objsUsed } = pool.classFor(1000);
  assertEquals([objsAllocated, objsUsed, pool.pagesAllocated], [0, 0, 1]);
  checkPool(pool);
  // Its frames are locked meanwhile, and another object has a zspage of its own.
  assert(!pool.isolatePage(pfn));
  const other = mallocOf(pool, 1000);
  assert(frameOf(pool, other) !== pfn);
  assert(other !== handle);
  assert(free.next().done);
  assertEquals(pool.pagesAllocated, 1);
  checkPool(pool);
});

/** The locks of a stop, as those of a finding are shown. */
const locksOf = (stops: Iterable<Stop>) =>
  [...stops].flatMap((stop) =>
    typeof stop === "object" && "lock" in stop && stop.does !== "try"
      ? [
        `${stop.does} ${stop.lock.name}${
          stop.mode === "shared" ? " shared" : ""
        }`,
      ]
      : []
  );

Deno.test("zs_free takes the locks of its release: the class's, the pin's, the pool's, or first one and then the other (zs_free, 5.10.262, 6.1.192, 6.12.118, 7.2.12 and 7.3.4)", () => {
  const locks = (profile: Profile) => {
    const pool = new ZsPool(profile);
    const [left, one] = [mallocOf(pool, 1000), mallocOf(pool, 1000)];
    assert(pool.handles.isLive(left));
    return locksOf(pool.freeSteps(one));
  };
  const classLock = ["acquire class->lock", "release class->lock"];
  assertEquals(locks(LINUX_3_12), classLock);
  assertEquals(locks(LINUX_4_0), [
    "acquire HANDLE_PIN_BIT",
    ...classLock,
    "release HANDLE_PIN_BIT",
  ]);
  assertEquals(locks(LINUX_5_10), [
    "acquire HANDLE_PIN_BIT",
    "acquire zspage->lock shared",
    "acquire class->lock",
    "release zspage->lock shared",
    "release class->lock",
    "release HANDLE_PIN_BIT",
  ]);
  assertEquals(locks(LINUX_6_1), ["acquire pool->lock", "release pool->lock"]);
  const byFrame = (pool: string) => [
    `acquire ${pool} shared`,
    "acquire class->lock",
    `release ${pool} shared`,
    "release class->lock",
  ];
  assertEquals(locks(LINUX_6_12), byFrame("pool->migrate_lock"));
  assertEquals(locks(LINUX_7_2), byFrame("pool->lock"));
  assertEquals(locks(LINUX_7_3), classLock);
  assertEquals(
    locks({ ...LINUX_7_3, wordBits: 32, physBits: 32 }),
    byFrame("pool->lock"),
  );
});
