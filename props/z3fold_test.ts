import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkZ3fold,
  createZpool,
  GFP_HIGHMEM,
  InvariantError,
  KernelBug,
  LINUX_5_10,
  LINUX_6_1,
  Memory,
  runToEnd,
  sleepingStops,
  stopText,
  Z3FOLD_BUDDY_NAMES,
  z3foldHeaderLayout,
  Z3foldPool,
  type Z3foldPoolOptions,
  ZPOOL_TYPES,
} from "../mod.ts";
import {
  agedZ3fold,
  type Faults,
  Z3FOLD_PAGE_FAULTS,
  z3foldPageFor,
} from "./buddy_faults.ts";
import { assertInterleavings } from "./buddy_pools.ts";

/** Which of its page's objects the one of a handle is. */
function buddyOf(pool: Z3foldPool, handle: number): string {
  return Z3FOLD_BUDDY_NAMES[pool.handles.decode(handle).buddy];
}

function pfnOf(pool: Z3foldPool, handle: number): number {
  return pool.handles.decode(handle).pfn;
}

Deno.test("z3fold stays whole wherever its operations are stopped and others run", () => {
  assertInterleavings<Z3foldPool>({
    create: (profile, memory, evict) =>
      new Z3foldPool(profile, { memory, evict }),
    freeSteps: (pool, handle) => pool.freeSteps(handle),
    *workSteps(pool) {
      yield* pool.compactWorkSteps();
      yield* pool.releaseWorkSteps();
    },
    check: checkZ3fold,
    maxSize: ({ memory }) => memory.pageSize,
  }, 150);
});

function alloc(pool: Z3foldPool, size: number): number {
  const handle = pool.alloc(size);
  assert(typeof handle === "number");
  return handle;
}

/** Allocates an object of `size` bytes, each of them `byte`. */
function put(pool: Z3foldPool, size: number, byte: number): number {
  const handle = alloc(pool, size);
  pool.write(handle, new Uint8Array(size).fill(byte));
  return handle;
}

function assertHolds(
  pool: Z3foldPool,
  handle: number,
  size: number,
  byte: number,
): void {
  const bytes = pool.read(handle, new Uint8Array(size));
  assertEquals(bytes, new Uint8Array(size).fill(byte));
}

/** A pool whose handler evicts every object but the `refused` ones it is asked for. */
function poolThatRefuses(
  refused: readonly number[],
  options: Z3foldPoolOptions = {},
): { pool: Z3foldPool; asked: string[] } {
  const asked: string[] = [];
  const pool: Z3foldPool = new Z3foldPool(LINUX_6_1, {
    ...options,
    *evict(handle) {
      asked.push(`${buddyOf(pool, handle)} of ${pfnOf(pool, handle)}`);
      yield "write the object elsewhere";
      if (refused.includes(asked.length - 1)) return false;
      pool.free(handle);
      return true;
    },
  });
  return { pool, asked };
}

Deno.test("the header is 88 bytes on 64-bit, two chunks of a page of 4 KiB, and 52 on 32-bit", () => {
  assertEquals(z3foldHeaderLayout(64).size, 88);
  assertEquals(z3foldHeaderLayout(32).size, 52);
  const chunks = [[4096, 64], [16384, 64], [65536, 64], [4096, 32]].map((
    [pageSize, wordBits],
  ) => new Z3foldPool({ ...LINUX_6_1, pageSize, wordBits }).pages.headerChunks);
  assertEquals(chunks, [2, 1, 1, 1]);
});

Deno.test("a size of 0 and memory without an address are EINVAL, more than a page is ENOSPC", () => {
  for (const pageSize of [4096, 16384, 65536]) {
    const pool = new Z3foldPool({ ...LINUX_6_1, pageSize });
    assertEquals(pool.alloc(0), "EINVAL");
    assertEquals(pool.alloc(100, GFP_HIGHMEM), "EINVAL");
    assertEquals(pool.alloc(pageSize + 1), "ENOSPC");
    assertEquals(pool.pagesNr, 0);
  }
});

// z3fold_alloc, mm/z3fold.c, 5.10.262.
Deno.test("5.10 takes memory without an address", () => {
  const pool = new Z3foldPool(LINUX_5_10);
  assertEquals(typeof pool.alloc(100, GFP_HIGHMEM), "number");
});

// z3fold_reclaim_page, mm/z3fold.c, 5.10.262 and 6.1.192.
Deno.test("a page that reclaim could not empty takes no object in 5.10 until one of its own is freed", () => {
  const placed = [LINUX_5_10, LINUX_6_1].map((profile) => {
    const pool = new Z3foldPool(profile, {
      *evict() {
        yield "write the object elsewhere";
        return false;
      },
    });
    const first = alloc(pool, 1000);
    alloc(pool, 1000);
    assertEquals(pool.reclaimPage(1), "EAGAIN");
    const third = alloc(pool, 1000);
    checkZ3fold(pool);
    const beside = pfnOf(pool, third) === pfnOf(pool, first);
    pool.free(first);
    return [beside, pool.pagesNr];
  });
  // The free compacts it at once in 5.10: what is left moves to the other page.
  assertEquals(placed, [[false, 1], [true, 1]]);
});

// __z3fold_alloc, __encode_handle, mm/z3fold.c, 5.10.262 and 6.1.192.
Deno.test("for a page that has another's object alone and can have no slots, 5.10 writes through a null pointer", () => {
  const outcomes = [LINUX_5_10, LINUX_6_1].map((profile) => {
    let fails = false;
    const pool = new Z3foldPool(profile, { failslab: () => fails });
    const [a, b, c] = [1700, 1700, 1700, 1700].map((size) => alloc(pool, size));
    pool.free(a);
    // The fourth moves beside the second, whose slots then go with it.
    pool.free(c);
    pool.free(b);
    assertEquals([pool.pagesNr, pool.slots.allocated], [1, 1]);
    fails = true;
    try {
      return pool.alloc(1700);
    } catch (error) {
      assert(error instanceof KernelBug);
      return error.message;
    }
  });
  assertEquals(outcomes, [
    "__encode_handle: the kernel would write through a null pointer: page 1 has no slots",
    "ENOMEM",
  ]);
});

Deno.test("an object that leaves no chunk beside the header has a page without a header", () => {
  const pool = new Z3foldPool(LINUX_6_1);
  const shared = alloc(pool, 4096 - 128 - 64);
  const headless = put(pool, 4096 - 128 - 63, 1);
  assertEquals(buddyOf(pool, shared), "FIRST");
  assertEquals(buddyOf(pool, headless), "HEADLESS");
  assertEquals(headless, 2 * 4096 + 1);
  pool.write(headless, new Uint8Array(4096).fill(9));
  assertHolds(pool, headless, 4096, 9);
  pool.free(headless);
  assertEquals(pool.pagesNr, 1);
  checkZ3fold(pool);
});

Deno.test("a page takes three objects: the first, the last, and the middle one behind the first", () => {
  const pool = new Z3foldPool(LINUX_6_1);
  const handles = [1000, 1000, 1500].map((size, nth) => put(pool, size, nth));
  assertEquals(handles.map((one) => buddyOf(pool, one)), [
    "FIRST",
    "LAST",
    "MIDDLE",
  ]);
  assertEquals(handles.map((one) => pool.handles.decode(one).address), [
    4096 + 128,
    8192 - 1024,
    4096 + 128 + 1024,
  ]);
  assertEquals(pool.pagesNr, 1);
  // Full, whatever room there is: no object more.
  assertEquals(pfnOf(pool, alloc(pool, 64)), 2);
  checkZ3fold(pool);
});

Deno.test("a middle object that is left alone becomes the first, and no holder of its handle learns of it", () => {
  const pool = new Z3foldPool(LINUX_6_1);
  const [first, last, middle] = [1000, 1000, 1500]
    .map((size, nth) => put(pool, size, nth));
  pool.free(first);
  assertEquals(buddyOf(pool, middle), "MIDDLE");
  pool.free(last);
  checkZ3fold(pool);
  assertEquals(buddyOf(pool, middle), "FIRST");
  assertHolds(pool, middle, 1500, 2);
  // Its slot is not that of the first object to come.
  const next = [put(pool, 100, 3), put(pool, 100, 4)];
  checkZ3fold(pool);
  assertHolds(pool, middle, 1500, 2);
  pool.free(middle);
  assertHolds(pool, next[0], 100, 3);
  assertHolds(pool, next[1], 100, 4);
});

Deno.test("a slot that leads to frame 0 is no empty one, whatever its index", () => {
  const memory = new Memory({ firstPfn: 0 });
  const pool = new Z3foldPool(LINUX_6_1, { memory });
  let stays = put(pool, 1000, 0);
  // Each turn the middle object, left alone, becomes the first: indices go round.
  for (let turn = 1; turn <= 4; turn++) {
    const last = put(pool, 1000, 10);
    const middle = put(pool, 1000, turn);
    assertEquals(buddyOf(pool, middle), "MIDDLE");
    pool.free(last);
    pool.free(stays);
    checkZ3fold(pool);
    assertHolds(pool, middle, 1000, turn);
    stays = middle;
  }
});

Deno.test("a middle object moves up to the last where that wins three chunks, and not for two", () => {
  // Chunks of 64 bytes: 62 for objects, of which the three have 59 or 60.
  for (const [gap, isMoved] of [[3, true], [2, false]] as const) {
    const pool = new Z3foldPool(LINUX_6_1);
    const first = put(pool, 10 * 64, 1);
    put(pool, 20 * 64, 2);
    const middle = put(pool, (32 - gap) * 64, 3);
    const { address } = pool.handles.decode(middle);
    pool.free(first);
    const moved = pool.handles.decode(middle).address - address;
    assertEquals(moved, isMoved ? gap * 64 : 0);
    assertHolds(pool, middle, (32 - gap) * 64, 3);
    checkZ3fold(pool);
  }
});

Deno.test("a middle object that is mapped does not move", () => {
  const pool = new Z3foldPool(LINUX_6_1);
  const [first, last, middle] = [1000, 1000, 1500]
    .map((size, nth) => put(pool, size, nth));
  const view = pool.map(middle);
  pool.free(first);
  pool.free(last);
  assertEquals(buddyOf(pool, middle), "MIDDLE");
  assertEquals(view.subarray(0, 1500), new Uint8Array(1500).fill(2));
  pool.unmap(middle);
  assertThrows(() => pool.unmap(middle), Error, "is mapped");
  // The next free has the page compacted.
  pool.free(alloc(pool, 100));
  assertEquals(buddyOf(pool, middle), "FIRST");
  checkZ3fold(pool);
});

Deno.test("an object that is left alone moves into another page with room, under its old handle", () => {
  const { pool, asked } = poolThatRefuses([]);
  const mover = put(pool, 1500, 1);
  const filler = put(pool, 2300, 2);
  const target = put(pool, 2000, 3);
  pool.free(filler);
  assertEquals(pool.pagesNr, 1);
  assertEquals(pfnOf(pool, mover), pfnOf(pool, target));
  assertHolds(pool, mover, 1500, 1);
  assertEquals(pool.pages.foreignHandles(pfnOf(pool, mover)), 1);
  checkZ3fold(pool);
  // Reclaim cannot make a handle of its own for it: it passes the page by.
  assertEquals(pool.reclaimPage(8), "EAGAIN");
  assertEquals(asked, []);
  pool.free(mover);
  assertEquals(pool.slots.allocated, 1);
  assertEquals(pool.reclaimPage(8), undefined);
  assertEquals([pool.pagesNr, pool.slots.allocated], [0, 0]);
});

Deno.test("an object that is left alone stays in its page while it is mapped", () => {
  const pool = new Z3foldPool(LINUX_6_1);
  const mapped = put(pool, 1500, 1);
  const filler = put(pool, 2300, 2);
  const roomy = put(pool, 2000, 3);
  const view = pool.map(mapped);
  pool.free(filler);
  assertEquals([pfnOf(pool, mapped), pfnOf(pool, roomy)], [1, 2]);
  assertEquals(view.subarray(0, 1500), new Uint8Array(1500).fill(1));
  pool.unmap(mapped);
  checkZ3fold(pool);
});

Deno.test("where a free leaves compaction to the worker, the page can be used before and after it", () => {
  const pool = new Z3foldPool(LINUX_6_1);
  const [first, last] = [put(pool, 1500, 1), put(pool, 1500, 2)];
  const compaction = pool.freeLater(first);
  assert(compaction !== undefined);
  checkZ3fold(pool);
  // An allocation leaves the page off its list until it is compacted.
  assertEquals(pfnOf(pool, alloc(pool, 100)), 2);
  checkZ3fold(pool);
  compaction();
  checkZ3fold(pool);
  assertHolds(pool, last, 1500, 2);
  assertEquals(pool.pagesNr, 1);
});

Deno.test("a page that was full is compacted by the free itself: no CPU's worker has it", () => {
  const pool = new Z3foldPool(LINUX_6_1);
  const [first] = [1000, 1000, 1500].map((size) => alloc(pool, size));
  assertEquals(pool.pages.cpu(1), -1);
  assertEquals(pool.freeLater(first), undefined);
  assertEquals(pool.pages.cpu(1), 0);
  checkZ3fold(pool);
});

Deno.test("a page whose objects are all evicted is freed: the middle one is asked for first, then first and last", () => {
  const { pool, asked } = poolThatRefuses([]);
  for (const size of [1000, 1000, 1000, 3000]) alloc(pool, size);
  assertEquals(pool.reclaimPage(1), undefined);
  assertEquals(asked, ["MIDDLE of 1", "FIRST of 1", "LAST of 1"]);
  assertEquals([pool.pagesNr, pool.memory.allocatedPages], [1, 1]);
  assertEquals([...pool.handles.given].length, 1);
  checkZ3fold(pool);
});

Deno.test("a page of which an object is refused stays and becomes the newest", () => {
  const { pool, asked } = poolThatRefuses([1]);
  for (const size of [1000, 1000, 1000, 3000]) alloc(pool, size);
  assertEquals([...pool.lists.lru], [1, 2]);
  assertEquals(pool.reclaimPage(1), "EAGAIN");
  assertEquals(asked, ["MIDDLE of 1", "FIRST of 1"]);
  assertEquals([...pool.lists.lru], [2, 1]);
  assertEquals(pool.pages.buddies(1).length, 2);
  checkZ3fold(pool);
});

Deno.test("reclaim tries as many pages as it is told and then answers EAGAIN; it is EINVAL without pages, a handler, or leave to try one", () => {
  const { pool, asked } = poolThatRefuses([0, 1, 2]);
  assertEquals(pool.reclaimPage(8), "EINVAL");
  for (let nth = 0; nth < 4; nth++) alloc(pool, 4096);
  assertEquals(pool.reclaimPage(0), "EINVAL");
  assertEquals(pool.reclaimPage(3), "EAGAIN");
  assertEquals(asked, [1, 2, 3].map((pfn) => `HEADLESS of ${pfn}`));
  assertEquals(pool.reclaimPage(3), undefined);
  assertEquals(asked.length, 4);
  assertEquals(pool.pagesNr, 3);
  const without = new Z3foldPool(LINUX_6_1);
  alloc(without, 100);
  assertEquals(without.reclaimPage(8), "EINVAL");
});

Deno.test("a headless page that is freed while reclaim has it is freed by reclaim, if the handler says so", () => {
  for (const [answer, pages] of [[true, 0], [false, 1]] as const) {
    const pool: Z3foldPool = new Z3foldPool(LINUX_6_1, {
      *evict() {
        yield "wait";
        return answer;
      },
    });
    const handle = alloc(pool, 4096);
    const reclaim = sleepingStops(pool.reclaimPageSteps(1));
    reclaim.next();
    pool.free(handle);
    assertEquals(pool.pagesNr, 1);
    assertThrows(() => pool.free(handle), Error, "names no object");
    assertEquals(runToEnd(reclaim), answer ? undefined : "EAGAIN");
    assertEquals(pool.pagesNr, pages);
    checkZ3fold(pool);
  }
});

Deno.test("a headless page is freed under whoever still holds its handle, as in 6.1", () => {
  const pool: Z3foldPool = new Z3foldPool(LINUX_6_1, {
    // Written elsewhere, but not freed: another has a reference to the entry.
    *evict() {
      yield "wait";
      return true;
    },
  });
  const handle = alloc(pool, 4096);
  assertEquals(pool.reclaimPage(1), undefined);
  assertThrows(
    () => pool.read(handle, new Uint8Array(1)),
    Error,
    `Cannot read: handle ${handle} names no object of this pool`,
  );
  const shared = put(pool, 100, 5);
  assertEquals(pool.reclaimPage(1), "EAGAIN");
  assertHolds(pool, shared, 100, 5);
});

Deno.test("the slots of a page that was evicted in part are never freed, as in 6.1", () => {
  const { pool } = poolThatRefuses([1]);
  const handles = [alloc(pool, 1000), alloc(pool, 1000)];
  assertEquals(pool.reclaimPage(1), "EAGAIN");
  pool.free(handles[1]);
  assertEquals([pool.pagesNr, pool.handles.given.size], [0, 0]);
  assertEquals(pool.slots.allocated, 1);
});

Deno.test("a page that reclaim empties while its compaction is queued goes to a list past the kernel's last, as in 6.1", () => {
  const { pool } = poolThatRefuses([]);
  const handles = [alloc(pool, 1000), alloc(pool, 1000)];
  const compaction = pool.freeLater(handles[0]);
  assertEquals(pool.reclaimPage(1), "EAGAIN");
  assertEquals(pool.pages.nchunks, 62);
  assertEquals([...pool.lists.unbuddied.pagesIn(62)], [1]);
  checkZ3fold(pool);
  compaction?.();
  assertEquals(pool.pagesNr, 0);
  checkZ3fold(pool);
});

Deno.test("wherever a frame or slots cannot be had, alloc is ENOMEM and the pool as it was", () => {
  const fails = (failing: number) => (allocation: number) =>
    allocation === failing;
  for (let failing = 0; failing < 6; failing++) {
    const memory = new Memory({ failPageAlloc: fails(failing) });
    for (const options of [{ memory }, { failslab: fails(failing) }]) {
      const pool = new Z3foldPool(LINUX_6_1, options);
      const outcomes = Array.from({ length: 6 }, () => {
        const outcome = pool.alloc(3000);
        checkZ3fold(pool);
        return outcome;
      });
      assertEquals(outcomes.indexOf("ENOMEM"), failing);
      assertEquals([pool.pagesNr, pool.memory.allocatedPages], [5, 5]);
      assertEquals(pool.slots.allocated, 5);
    }
  }
});

Deno.test("misuse that Linux leaves undefined throws and says what is wrong", () => {
  const pool = new Z3foldPool(LINUX_6_1);
  const handle = alloc(pool, 1000);
  assertThrows(
    () => pool.write(handle, new Uint8Array(1025)),
    RangeError,
    `Cannot write 1025 bytes: the object of handle ${handle} holds 1024`,
  );
  assertThrows(
    () => pool.read(handle, new Uint8Array(1025)),
    RangeError,
    "holds 1024",
  );
  assertEquals(pool.pages.mappedCount(1), 0);
  pool.free(handle);
  for (const dead of [handle, handle + 8, 0, NaN]) {
    assertThrows(
      () => pool.free(dead),
      Error,
      `Cannot free: handle ${dead} names no object of this pool`,
    );
  }
  assertThrows(() => pool.map(handle), Error, "Cannot map");
});

Deno.test("each rule about z3fold is broken by the fault that it is about", () => {
  const faults: Faults<Z3foldPool> = [
    // Who looks at all pages may come to the neighbour first.
    ...Z3FOLD_PAGE_FAULTS.filter(([id]) => id !== "z3fold/neighbours"),
    ["z3fold/lists", (pool, pfn) => pool.lists.frames.delete(pfn)],
    ["z3fold/pages-counted", (pool) => pool.lists.pagesNr++],
    [
      "z3fold/every-handle-leads-to-a-page",
      (pool) => pool.slots.set([...pool.handles.given][0], 0),
    ],
  ];
  for (const [id, fault] of faults) {
    const pool = agedZ3fold();
    fault(pool, z3foldPageFor(id, pool));
    const error = assertThrows(() => checkZ3fold(pool), InvariantError);
    assertEquals(error.id, id);
  }
});

Deno.test("over zpool the three allocators hold the same objects, in fewer and fewer pages", () => {
  const pages = ZPOOL_TYPES.map((type) => {
    const zpool = createZpool(type, LINUX_6_1);
    const handles = Array.from({ length: 3000 }, (_, nth) => {
      const size = 1 + nth * 1237 % 1200;
      const handle = zpool.malloc(size);
      assert(typeof handle === "number" && handle !== 0);
      zpool.write(handle, new Uint8Array(size).fill(nth));
      return { handle, bytes: new Uint8Array(size).fill(nth) };
    });
    const { totalPages } = zpool;
    for (const { handle, bytes } of handles) {
      assertEquals(zpool.read(handle, new Uint8Array(bytes.length)), bytes);
      zpool.free(handle);
    }
    assertEquals(zpool.totalPages, 0);
    return totalPages;
  });
  assertEquals(pages.slice(0, 2), [1500, 1000]);
  assert(pages[2] < 600, `${pages}`);
});

Deno.test("zpool shrinks by as many pages as it is told where driver and user can, and says why not where they cannot", () => {
  const shrunk = ZPOOL_TYPES.map((type) => {
    const handles: number[] = [];
    const zpool = createZpool(type, LINUX_6_1, {
      *evict(handle) {
        yield "write the object elsewhere";
        zpool.free(handle);
        return true;
      },
    });
    for (let nth = 0; nth < 30; nth++) handles.push(Number(zpool.malloc(1200)));
    const { totalPages, evictable } = zpool;
    const { reclaimed, errno } = zpool.shrink(4);
    assertEquals(totalPages - zpool.totalPages, reclaimed);
    assertEquals(zpool.shrink(0), { reclaimed: 0, errno: "EINVAL" });
    return { evictable, reclaimed, errno };
  });
  const done = { evictable: true, reclaimed: 4, errno: undefined };
  assertEquals(shrunk.slice(0, 2), [done, done]);
  assertEquals(shrunk[2], { evictable: false, reclaimed: 0, errno: "EINVAL" });
  const alone = createZpool("zbud", LINUX_6_1);
  alone.malloc(100);
  assertEquals(alone.evictable, false);
  assertEquals(alone.shrink(1), { reclaimed: 0, errno: "EINVAL" });
});

Deno.test("zpool's mallocs stop where their drivers may sleep, and sizes up to hugeOrMaxSize share pages", () => {
  for (const type of ZPOOL_TYPES) {
    const zpool = createZpool(type, LINUX_6_1);
    const malloc = sleepingStops(zpool.mallocSteps(100));
    const { done, value } = malloc.next();
    assert(!done && stopText(value).includes("may sleep"));
    assert(typeof runToEnd(malloc) === "number");
    const limits = { zbud: 3968, z3fold: 3904, zsmalloc: 3256 };
    assertEquals(zpool.hugeOrMaxSize, limits[type]);
    const huge = zpool.malloc(zpool.hugeOrMaxSize + 1);
    assertEquals(huge === "ENOSPC", type === "zbud");
  }
});
