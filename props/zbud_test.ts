import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkZbud,
  createZpool,
  type Evict,
  GFP_HIGHMEM,
  InvariantError,
  LINUX_6_1,
  LINUX_6_12,
  Memory,
  runToEnd,
  sleepingStops,
  walkZbud,
  type ZbudContents,
  zbudContents,
  zbudHeaderLayout,
  ZbudPool,
} from "../mod.ts";
import { assertInterleavings } from "./buddy_pools.ts";

Deno.test("zbud stays whole wherever its operations are stopped and others run", () => {
  assertInterleavings<ZbudPool>({
    create: (profile, memory, evict) =>
      new ZbudPool(profile, { memory, evict }),
    freeSteps: (pool, handle) => pool.freeSteps(handle),
    *workSteps() {},
    check: checkZbud,
    maxSize: ({ pages }) => pages.maxSize,
  }, 150);
});

function alloc(pool: ZbudPool, size: number): number {
  const handle = pool.alloc(size);
  assert(typeof handle === "number");
  return handle;
}

/** A pool whose handler evicts every object but those of `kept`. */
function poolThatKeeps(kept: Set<number>): {
  pool: ZbudPool;
  asked: number[];
} {
  const asked: number[] = [];
  const pool: ZbudPool = new ZbudPool(LINUX_6_1, {
    *evict(handle) {
      asked.push(handle);
      yield "write the object elsewhere";
      if (kept.has(handle)) return false;
      pool.free(handle);
      return true;
    },
  });
  return { pool, asked };
}

Deno.test("a size of 0 and memory without an address are EINVAL, more than a page less two chunks is ENOSPC", () => {
  for (const pageSize of [4096, 16384, 65536]) {
    const pool = new ZbudPool({ ...LINUX_6_1, pageSize });
    assertEquals(pool.alloc(0), "EINVAL");
    assertEquals(pool.alloc(100, GFP_HIGHMEM), "EINVAL");
    const largest = pageSize - 2 * pageSize / 64;
    assertEquals(pool.alloc(largest + 1), "ENOSPC");
    assertEquals(pool.pagesNr, 0);
    const handle = alloc(pool, largest);
    const bytes = new Uint8Array(largest).fill(7);
    pool.write(handle, bytes);
    assertEquals(pool.read(handle, new Uint8Array(largest)), bytes);
    checkZbud(pool);
  }
});

Deno.test("the header lies in the first chunk as the kernel's structure does", () => {
  for (const [wordBits, at] of [[64, 32], [32, 16]]) {
    const pool = new ZbudPool({ ...LINUX_6_1, wordBits });
    alloc(pool, 1000);
    alloc(pool, 65);
    const header = new DataView(pool.memory.bytes.buffer, 4096);
    assertEquals(header.getUint32(at, true), 16);
    assertEquals(header.getUint32(at + 4, true), 2);
    assertEquals(header.getUint8(at + 8), 0);
    // Alone on its lists: both links lead to the head, of list 0 each.
    const word = wordBits / 8;
    for (let nth = 0; nth < 4; nth++) {
      assertEquals(header.getUint32(nth * word, true), 1);
    }
  }
});

Deno.test("the first object lies behind the header, the last at the page's end", () => {
  const pool = new ZbudPool(LINUX_6_1);
  assertEquals(alloc(pool, 100), 4096 + 64);
  assertEquals(alloc(pool, 100), 8192 - 128);
  assertEquals(alloc(pool, 1), 8192 + 64);
});

Deno.test("an object goes into the page with the fewest free chunks that will do, the newest of these", () => {
  const pool = new ZbudPool(LINUX_6_1);
  const pages = [2500, 2100, 3000, 2100, 2300].map((size) =>
    pool.pages.pfnOf(alloc(pool, size))
  );
  const pfnFor = (size: number) => pool.pages.pfnOf(alloc(pool, size));
  assertEquals(pfnFor(1900), pages[3]);
  assertEquals(pfnFor(1900), pages[1]);
  assertEquals(pfnFor(100), pages[2]);
  assertEquals(pfnFor(1600), pages[4]);
  assertEquals(pfnFor(1400), pages[0]);
  assertEquals(zbudContents(pool).buddied.length, 5);
});

Deno.test("where the first object is freed, the next one is the first again", () => {
  const pool = new ZbudPool(LINUX_6_1);
  const first = alloc(pool, 1000);
  const last = alloc(pool, 1000);
  pool.free(first);
  checkZbud(pool);
  assertEquals(alloc(pool, 3000), first);
  assertEquals(zbudContents(pool).objects.map(({ handle }) => handle), [
    first,
    last,
  ]);
});

Deno.test("a page whose objects are both evicted is freed", () => {
  const { pool, asked } = poolThatKeeps(new Set());
  const handles = [alloc(pool, 1000), alloc(pool, 1000)];
  alloc(pool, 3000);
  assertEquals(pool.reclaimPage(1), undefined);
  assertEquals(asked, handles);
  assertEquals(pool.pagesNr, 1);
  assertEquals(pool.memory.allocatedPages, 1);
  checkZbud(pool);
});

Deno.test("a page whose first object is refused stays, becomes the newest, and its last object is not asked for", () => {
  const kept = new Set<number>();
  const { pool, asked } = poolThatKeeps(kept);
  const first = alloc(pool, 1000);
  kept.add(first);
  alloc(pool, 1000);
  const other = alloc(pool, 3000);
  assertEquals(zbudContents(pool).lru, [2, 1]);
  assertEquals(pool.reclaimPage(1), "EAGAIN");
  assertEquals(asked, [first]);
  assertEquals(zbudContents(pool).lru, [1, 2]);
  assertEquals(zbudContents(pool).buddied, [1]);
  assertEquals(pool.reclaimPage(1), undefined);
  assertEquals(asked, [first, other]);
  checkZbud(pool);
});

Deno.test("a page of which only the last object is refused is unbuddied and has the other's room", () => {
  const kept = new Set<number>();
  const { pool, asked } = poolThatKeeps(kept);
  const first = alloc(pool, 1000);
  const last = alloc(pool, 2000);
  kept.add(last);
  assertEquals(pool.reclaimPage(1), "EAGAIN");
  assertEquals(asked, [first, last]);
  assertEquals(zbudContents(pool).unbuddied[63 - 32], [1]);
  assertEquals(alloc(pool, 1900), first);
  checkZbud(pool);
});

Deno.test("reclaim tries as many pages as it is told, the oldest first, and then answers EAGAIN", () => {
  const kept = new Set<number>();
  const { pool, asked } = poolThatKeeps(kept);
  const handles = Array.from({ length: 5 }, () => alloc(pool, 3000));
  handles.forEach((handle) => kept.add(handle));
  assertEquals(pool.reclaimPage(3), "EAGAIN");
  assertEquals(asked, handles.slice(0, 3));
  assertEquals(pool.reclaimPage(7), "EAGAIN");
  assertEquals(asked.length, 10);
  assertEquals(pool.pagesNr, 5);
  checkZbud(pool);
});

Deno.test("reclaim is EINVAL without pages, without a handler, and where no page may be tried", () => {
  const { pool } = poolThatKeeps(new Set());
  assertEquals(pool.reclaimPage(8), "EINVAL");
  alloc(pool, 100);
  assertEquals(pool.reclaimPage(0), "EINVAL");
  const without = new ZbudPool(LINUX_6_1);
  alloc(without, 100);
  assertEquals(without.reclaimPage(8), "EINVAL");
});

Deno.test("a page under reclaim is not freed by others, nor allocated from; reclaim frees it", () => {
  const { pool, asked } = poolThatKeeps(new Set());
  const [first, last] = [alloc(pool, 100), alloc(pool, 100)];
  const reclaim = sleepingStops(pool.reclaimPageSteps(1));
  reclaim.next();
  assertEquals(asked, [first]);
  pool.free(last);
  checkZbud(pool);
  assertEquals(zbudContents(pool).underReclaim, [1]);
  assertEquals(pool.pages.pfnOf(alloc(pool, 100)), 2);
  // The handler is asked for the last object too, and has to find it gone.
  reclaim.next();
  assertEquals(asked, [first, last]);
  assertThrows(() => reclaim.next(), Error, "LAST object of page 1 is free");
});

Deno.test("what a handler is asked to evict it can read until it answers, freed or not", () => {
  const seen: Uint8Array[] = [];
  const evict: Evict = function* (handle) {
    yield "wait";
    seen.push(pool.read(handle, new Uint8Array(3)));
    return true;
  };
  const pool: ZbudPool = new ZbudPool(LINUX_6_1, { evict });
  const handle = alloc(pool, 3);
  pool.write(handle, Uint8Array.of(1, 2, 3));
  const reclaim = sleepingStops(pool.reclaimPageSteps(1));
  reclaim.next();
  pool.free(handle);
  assertThrows(() => pool.write(handle, Uint8Array.of(4)), Error, "is free");
  assertEquals(runToEnd(reclaim), undefined);
  assertEquals(seen, [Uint8Array.of(1, 2, 3)]);
  assertThrows(() => pool.map(handle), Error, "not one of this pool");
  assertEquals(pool.memory.allocatedPages, 0);
});

Deno.test("wherever a frame cannot be had, alloc is ENOMEM and the pool as it was", () => {
  for (let failing = 0; failing < 6; failing++) {
    const memory = new Memory({
      failPageAlloc: (allocation) => allocation === failing,
    });
    const pool = new ZbudPool(LINUX_6_1, { memory });
    const outcomes = Array.from({ length: 6 }, () => {
      const before = zbudContents(pool);
      const outcome = pool.alloc(3000);
      checkZbud(pool);
      if (outcome === "ENOMEM") assertEquals(zbudContents(pool), before);
      return outcome;
    });
    assertEquals(outcomes.indexOf("ENOMEM"), failing);
    assertEquals(pool.pagesNr, 5);
  }
});

Deno.test("misuse that Linux leaves undefined throws and says what is wrong", () => {
  const pool = new ZbudPool(LINUX_6_1);
  const first = alloc(pool, 1000);
  const last = alloc(pool, 100);
  assertThrows(
    () => pool.write(first, new Uint8Array(1025)),
    RangeError,
    `Cannot write 1025 bytes: the object of handle ${first} holds 1024`,
  );
  assertThrows(
    () => pool.read(last, new Uint8Array(129)),
    RangeError,
    "Cannot read 129 bytes",
  );
  assertThrows(() => pool.free(last + 64), Error, "starts elsewhere");
  assertThrows(() => pool.free(0), Error, "page 0 is not one of this pool");
  assertThrows(() => pool.free(NaN), Error, "is not one of this pool");
  pool.free(first);
  assertThrows(
    () => pool.free(first),
    Error,
    `Cannot free: handle ${first} names no object, the FIRST object of page 1 is free`,
  );
  assertThrows(
    () => new ZbudPool(LINUX_6_1, { memory: new Memory({ pageSize: 16384 }) }),
    RangeError,
    "the memory's 'pageSize' is 16384, the profile's 4096",
  );
});

/** A pool of twenty objects of sizes from small to large, some freed. */
function agedPool(): ZbudPool {
  const pool = new ZbudPool(LINUX_6_1);
  const handles = Array.from(
    { length: 20 },
    (_, nth) => alloc(pool, 1 + nth * 1237 % 3900),
  );
  handles.forEach((handle, nth) => nth % 3 === 0 && pool.free(handle));
  return pool;
}

Deno.test("the frames alone tell a pool's pages, lists and objects", () => {
  const pool = agedPool();
  const walked: ZbudContents = walkZbud(pool.memory, LINUX_6_1);
  assertEquals(walked, zbudContents(pool));
  assert(walked.buddied.length > 1 && walked.lru.length > 5);
});

Deno.test("whatever link or mark of a header is changed, or count of a lone object, checkZbud throws", () => {
  const linksAndMark = [0, 8, 16, 24, 40];
  const counts = [32, 36];
  const { pages, buddied } = zbudContents(agedPool());
  for (const pfn of pages) {
    // Two objects can be of other sizes, and all be well.
    const fields = buddied.includes(pfn) ? [] : counts;
    for (const field of [...linksAndMark, ...fields]) {
      const pool = agedPool();
      pool.memory.bytes[pfn * 4096 + field] ^= 1;
      assertThrows(() => checkZbud(pool), Error);
    }
  }
});

// struct zbud_header, zbud_alloc, zbud_free, mm/zbud.c, 6.12.118.
Deno.test("6.12's zbud has a shorter header, no list of pages by age, and nothing to reclaim", () => {
  // deno-lint-ignore require-yield
  const evict: Evict = function* () {
    return true;
  };
  const pool = new ZbudPool(LINUX_6_12, { evict });
  assertEquals(zbudHeaderLayout(64, LINUX_6_12.release.zbud), {
    buddy: 0,
    lru: undefined,
    firstChunks: 16,
    lastChunks: 20,
    underReclaim: undefined,
  });
  const handles = [1000, 3000, 500, 2000].map((size) => alloc(pool, size));
  // Objects lie where they lie in 6.1.
  const before = new ZbudPool(LINUX_6_1);
  assertEquals(
    handles,
    [1000, 3000, 500, 2000].map((size) => alloc(before, size)),
  );
  assertEquals(pool.reclaimPage(8), "EINVAL");
  assertEquals(zbudContents(pool).lru, []);
  assertEquals(walkZbud(pool.memory, LINUX_6_12), zbudContents(pool));
  checkZbud(pool);
  const zpool = createZpool("zbud", LINUX_6_12, { evict });
  zpool.malloc(100);
  assertEquals(zpool.evictable, false);
  assertEquals(zpool.shrink(1), { reclaimed: 0, errno: "EINVAL" });
});

Deno.test("each rule about zbud is broken by the fault that it is about", () => {
  const faults: [string, (pool: ZbudPool, pfn: number) => void][] = [
    ["zbud/two-objects", (pool, pfn) => pool.pages.setChunks(pfn, "FIRST", 63)],
    ["zbud/buddied", (pool, pfn) => {
      pool.buddy.del(pfn);
      pool.buddy.add(pfn, 5);
    }],
    ["zbud/lru", (pool, pfn) => pool.lru?.del(pfn)],
    ["zbud/pages-counted", (pool) => pool.pagesNr++],
    ["zbud/lists", (pool, pfn) => pool.lru?.init(pfn)],
    [
      "zbud/frames-tell-all",
      (pool, pfn) => pool.pages.setUnderReclaim(pfn, true),
    ],
  ];
  for (const [id, fault] of faults) {
    const pool = agedPool();
    // A page in the middle of the LRU list that has two objects.
    const pfn = zbudContents(pool).buddied[1];
    fault(pool, pfn);
    const error = assertThrows(() => checkZbud(pool), InvariantError);
    assertEquals(error.id, id);
  }
});
