import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  assertInvariants,
  checkZcache,
  Cleancache,
  CorruptDataError,
  expandContents,
  fillStated,
  InvariantError,
  KernelBug,
  Memory,
  randomFrom,
  statedCodecs,
  TMEM_PROMISES,
  TmemPool,
  Zcache,
  ZCACHE_3_10,
  ZCACHE_3_9,
  zcacheDebugfs,
  ZcacheFrontswap,
  type ZcacheProfile,
  zcacheZbudDebugfs,
} from "../mod.ts";
import { PROMISED } from "./zcache_ops.ts";

const PAGE_SIZE = 4096;
const [stated] = statedCodecs(["lzo"]);

/** A page that becomes so many bytes. */
function pageOf(length: number, seed = 1): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  fillStated(page, [length], seed);
  return page;
}

/** zcache with so many frames, cleancache with a file system, frontswap with a type. */
function zcacheOf(
  maxPages = Infinity,
  profile: ZcacheProfile = ZCACHE_3_10,
  options: { exclusiveGets?: boolean } = {},
) {
  const zcache = new Zcache(profile, {
    memory: new Memory({ maxPages }),
    codec: stated,
  });
  const cleancache = new Cleancache(zcache);
  const fs = cleancache.initFs();
  const frontswap = new ZcacheFrontswap(zcache, options);
  frontswap.init(0);
  const get = (index: number) => {
    const into = new Uint8Array(PAGE_SIZE);
    const isFound = cleancache.getPage(fs, [1, 0, 0], index, into);
    return isFound ? into : undefined;
  };
  const put = (index: number, page: Uint8Array) =>
    cleancache.putPage(fs, [1, 0, 0], index, page);
  const load = (offset: number) => {
    const into = new Uint8Array(PAGE_SIZE);
    return frontswap.load(0, offset, into) ? into : undefined;
  };
  const check = () => checkZcache(zcache);
  return { zcache, cleancache, fs, frontswap, get, put, load, check };
}

Deno.test("a page that is put over another takes its place, and one zpage is left", () => {
  const { zcache, put, get, check } = zcacheOf();
  put(7, pageOf(1000, 1));
  put(7, pageOf(2000, 2));
  check();
  assertEquals(zcacheDebugfs(zcache).eph_zpages, 1);
  assertEquals(zcacheDebugfs(zcache).eph_zbytes, 2000);
  assertEquals(get(7), pageOf(2000, 2));
});

Deno.test("where a page is put over another and refused, tmem's rule drops the other, and 3.10 gives it", () => {
  for (const profile of [PROMISED, ZCACHE_3_10]) {
    const { put, get, frontswap, load, zcache } = zcacheOf(100, profile);
    put(7, pageOf(1000));
    put(7, pageOf(4001));
    const stays = profile.failedPut === "older-stays";
    assertEquals(get(7), stays ? pageOf(1000) : undefined, profile.name);
    // frontswap asks no more, so that the older page is only left behind.
    assertEquals(frontswap.store(0, 7, pageOf(1000)), true);
    assertEquals(frontswap.store(0, 7, pageOf(4001)), false);
    assertEquals(load(7), undefined);
    frontswap.invalidatePage(0, 7);
    assertEquals(zcache.counters.pers_zpages, stays ? 1 : 0);
    frontswap.invalidateArea(0);
    assertEquals(zcache.counters.pers_zpages, 0);
    assertEquals(zcache.counters.flobj_total, 256);
  }
});

Deno.test("cleancache's gets take the page, frontswap's loads unless it was booted otherwise", () => {
  const { put, get, zcache } = zcacheOf();
  put(0, pageOf(1000));
  assertEquals(get(0), pageOf(1000));
  assertEquals(get(0), undefined);
  assertEquals(zcache.memory.allocatedPages, 0);
  for (const exclusiveGets of [true, false]) {
    const { frontswap, load, check } = zcacheOf(9, ZCACHE_3_10, {
      exclusiveGets,
    });
    frontswap.store(0, 5, pageOf(1000));
    assertEquals(load(5), pageOf(1000));
    assertEquals(load(5), exclusiveGets ? undefined : pageOf(1000));
    assertEquals(frontswap.counters.loads, exclusiveGets ? 1 : 2);
    check();
  }
});

Deno.test("a stored page is there until it is invalidated, however many others come", () => {
  const { frontswap, load, put, zcache } = zcacheOf(4, ZCACHE_3_10, {
    exclusiveGets: false,
  });
  for (const offset of [0, 1, 255, 256]) {
    assertEquals(frontswap.store(0, offset, pageOf(2000, offset + 1)), true);
  }
  for (let index = 0; index < 100; index++) put(index, pageOf(2000));
  zcache.shrink(1, { active: 0, inactive: 0 });
  for (const offset of [0, 1, 255, 256]) {
    assertEquals(load(offset), pageOf(2000, offset + 1));
    frontswap.invalidatePage(0, offset);
    assertEquals(load(offset), undefined);
  }
  assertEquals(zcache.counters.pers_zpages, 0);
});

Deno.test("a file, and a file system, are dropped with all their pages and no others", () => {
  const { cleancache, fs, zcache, check } = zcacheOf();
  const other = cleancache.initFs();
  for (const [one, ino] of [[fs, 1], [fs, 2], [other, 1]]) {
    for (const index of [0, 1, 2 ** 32 - 1]) {
      cleancache.putPage(one, [ino, 0, 0], index, pageOf(1000));
    }
  }
  cleancache.invalidateInode(fs, [1, 0, 0]);
  check();
  assertEquals(zcacheDebugfs(zcache).obj_count, 2);
  assertEquals(zcache.counters.eph_zpages, 6);
  const pool = cleancache.poolOf(fs);
  cleancache.invalidateFs(fs);
  check();
  assertEquals(zcache.counters.eph_zpages, 3);
  const into = new Uint8Array(PAGE_SIZE);
  assertEquals(cleancache.getPage(fs, [2, 0, 0], 0, into), false);
  assertEquals(cleancache.getPage(other, [1, 0, 0], 0, into), true);
  assertEquals(cleancache.poolOf(cleancache.initFs()), pool);
});

Deno.test("for a page that may not be dropped the oldest ephemeral frame goes, with both its pages", () => {
  const { put, get, frontswap, zcache, check } = zcacheOf(2);
  // Frame one has 0 and 1, frame two 2 and 3.
  for (let index = 0; index < 4; index++) put(index, pageOf(1500));
  assertEquals(frontswap.store(0, 0, pageOf(1500)), true);
  check();
  assertEquals([get(0), get(1)], [undefined, undefined]);
  assertEquals([get(2), get(3)], [pageOf(1500), pageOf(1500)]);
  assertEquals(zcache.counters.evicted_eph_zpages, 2);
  assertEquals(zcache.counters.pers_ate_eph, 1);
});

Deno.test("with nothing to evict a put is refused, of either kind", () => {
  const { put, get, frontswap, zcache } = zcacheOf(1);
  assertEquals(frontswap.store(0, 0, pageOf(2500)), true);
  assertEquals(frontswap.store(0, 1, pageOf(2500)), false);
  put(0, pageOf(1000));
  assertEquals(get(0), undefined);
  const { counters } = zcache;
  assertEquals(counters.pers_ate_eph_failed, 1);
  assertEquals(counters.eph_ate_tail_failed, 1);
  assertEquals([counters.failed_pers_puts, counters.failed_eph_puts], [1, 1]);
  assertEquals(zcache.memory.allocatedPages, 1);
});

Deno.test("a frame becomes the newest by a page that it gets, not by one that it loses", () => {
  const { put, get, zcache } = zcacheOf(3);
  put(0, pageOf(2500));
  put(1, pageOf(2500));
  put(2, pageOf(2500));
  // The first frame gets another page, the second loses one that it has got.
  put(3, pageOf(1300));
  put(4, pageOf(1400));
  const [first, second, third] = [1, 2, 3];
  assertEquals([...zcache.zbud.ephemeral.lru], [third, first, second]);
  assertEquals(get(4), pageOf(1400));
  assertEquals([...zcache.zbud.ephemeral.lru], [third, first, second]);
  put(5, pageOf(3900));
  assertEquals(get(2), undefined);
});

Deno.test("pages that compress too little are refused by the limits of their kind", () => {
  const { put, get, frontswap, zcache } = zcacheOf();
  put(0, pageOf(4000));
  put(1, pageOf(4001));
  assertEquals([get(0), get(1)], [pageOf(4000), undefined]);
  // The mean is of those that are there, and the first is not asked for it.
  assertEquals(frontswap.store(0, 0, pageOf(3584)), true);
  assertEquals(frontswap.store(0, 1, pageOf(3585)), false);
  assertEquals(frontswap.store(0, 2, pageOf(2561)), false);
  assertEquals(frontswap.store(0, 3, pageOf(2560)), true);
  assertEquals(frontswap.store(0, 4, pageOf(1538)), true);
  // 7,682 by 3 is 2,560 as the kernel divides.
  assertEquals(frontswap.store(0, 5, pageOf(2561)), true);
  assertEquals(zcache.counters.compress_poor, 2);
  assertEquals(zcache.counters.mean_compress_poor, 1);
});

Deno.test("3.10 marks a page of zeros, which takes no frame and is never evicted; 3.9 compresses it", () => {
  const zeros = new Uint8Array(PAGE_SIZE);
  for (const profile of [ZCACHE_3_9, ZCACHE_3_10]) {
    const zcache = new Zcache(profile, { memory: new Memory({ maxPages: 4 }) });
    const frontswap = new ZcacheFrontswap(zcache);
    frontswap.init(0);
    assertEquals(frontswap.store(0, 0, zeros), true);
    const isMarked = profile.zeroFilled === "marked";
    assertEquals(zcache.memory.allocatedPages, isMarked ? 0 : 1);
    assertEquals(zcache.counters.zero_filled_pages, isMarked ? 1 : 0);
    assertEquals(zcache.counters.pers_zpages, 1);
    checkZcache(zcache);
    const into = new Uint8Array(PAGE_SIZE).fill(1);
    assertEquals(frontswap.load(0, 0, into), true);
    assertEquals(into, zeros);
    assertEquals(zcache.counters.zero_filled_pages, 0);
    assertEquals(zcache.counters.pers_zpages, 0);
  }
});

Deno.test("the shrinker leaves no more ephemeral frames than the page cache has pages, and adds what it means to subtract", () => {
  const { put, zcache, check } = zcacheOf();
  for (let index = 0; index < 10; index++) put(index, pageOf(3000));
  assertEquals(zcache.shrink(0, { active: 2, inactive: 1 }), 10 - 2 + 1);
  assertEquals(zcache.counters.eph_pageframes, 10);
  assertEquals(zcache.shrink(1, { active: 2, inactive: 1 }), 3 - 2 + 1);
  assertEquals(zcache.counters.eph_pageframes, 3);
  assertEquals(zcache.memory.allocatedPages, 3);
  assertEquals(zcache.shrink(1, { active: 9, inactive: 0 }), 0);
  check();
});

Deno.test("there are 16 pools; who mounts later has nothing kept, and swaps to the device", () => {
  const zcache = new Zcache(ZCACHE_3_10, { codec: stated });
  const cleancache = new Cleancache(zcache);
  const mounted = Array.from({ length: 33 }, () => cleancache.initFs());
  assertEquals([mounted[0], mounted[31], mounted[32]], [1000, 1031, -1]);
  const into = new Uint8Array(PAGE_SIZE);
  cleancache.putPage(mounted[15], [1, 0, 0], 0, pageOf(100));
  cleancache.putPage(mounted[16], [1, 0, 0], 0, pageOf(100));
  cleancache.putPage(mounted[32], [1, 0, 0], 0, pageOf(100));
  assertEquals(cleancache.getPage(mounted[15], [1, 0, 0], 0, into), true);
  assertEquals(cleancache.getPage(mounted[16], [1, 0, 0], 0, into), false);
  assertEquals(cleancache.getPage(mounted[32], [1, 0, 0], 0, into), false);
  // A superblock without a number is not even counted.
  assertEquals(cleancache.counters.failed_gets, 1);
  assertEquals(cleancache.counters.puts, 1);
  const frontswap = new ZcacheFrontswap(zcache);
  frontswap.init(0);
  assertEquals(frontswap.store(0, 0, pageOf(100)), false);
});

Deno.test("an index of more than 32 bits is kept nowhere", () => {
  const { cleancache, fs, frontswap, load } = zcacheOf();
  cleancache.putPage(fs, [1, 0, 0], 2 ** 32, pageOf(100));
  const into = new Uint8Array(PAGE_SIZE);
  assertEquals(cleancache.getPage(fs, [1, 0, 0], 2 ** 32, into), false);
  cleancache.invalidatePage(fs, [1, 0, 0], 2 ** 32);
  assertEquals(cleancache.counters.puts, 1);
  assertEquals(frontswap.store(0, 2 ** 32, pageOf(100)), false);
  assertEquals(frontswap.store(0, 2 ** 32 - 1, pageOf(100)), true);
  assertEquals(load(2 ** 32 - 1), pageOf(100));
});

Deno.test("each zpage has its tmem handle in front, as the kernel's structure is", () => {
  const { cleancache, fs, zcache } = zcacheOf();
  cleancache.putPage(fs, [0x0102030405, 6, 7], 0x08090a0b, pageOf(100));
  const view = new DataView(zcache.memory.bytes.buffer, PAGE_SIZE);
  assertEquals(view.getBigUint64(0, true), 0x0102030405n);
  assertEquals(view.getBigUint64(8, true), 6n);
  assertEquals(view.getBigUint64(16, true), 7n);
  assertEquals(view.getUint32(24, true), 0x08090a0b);
  assertEquals(view.getUint16(28, true), cleancache.poolOf(fs));
  assertEquals(view.getUint16(30, true), 0xffff);
  const data = zcache.memory.bytes.slice(PAGE_SIZE + 32, PAGE_SIZE + 132);
  assertEquals(data, pageOf(100).slice(0, 100));
});

Deno.test("two zpages of 32 chunks share a frame, for there is no header in it", () => {
  const { put, zcache, check } = zcacheOf();
  put(0, pageOf(2048 - 32));
  put(1, pageOf(2048 - 32));
  check();
  assertEquals(zcacheZbudDebugfs(zcache), {
    eph_zbytes: 4096,
    eph_zpages: 2,
    eph_cumul_zpages: 2,
    eph_evicted_pageframes: 0,
    eph_pageframes: 1,
    eph_buddied_count: 1,
    eph_unbuddied_count: 0,
    pers_zbytes: 0,
    pers_zpages: 0,
    pers_cumul_zpages: 0,
    pers_evicted_pageframes: 0,
    pers_pageframes: 0,
    pers_buddied_count: 0,
    pers_unbuddied_count: 0,
  });
});

Deno.test("of frames that do equally well the one is taken that waits longest", () => {
  const { put, get, zcache } = zcacheOf();
  for (let index = 0; index < 3; index++) put(index, pageOf(2500));
  put(3, pageOf(1000));
  assertEquals([...zcache.zbud.ephemeral.buddied], [1]);
  // Frame 1 waits again, behind 2 and 3.
  get(3);
  put(4, pageOf(1000));
  assertEquals([...zcache.zbud.ephemeral.buddied], [2]);
});

Deno.test("lzo is what compresses where nothing else is asked for, and every byte comes back", () => {
  const zcache = new Zcache(ZCACHE_3_10);
  const pool = Number(zcache.newPool("persistent"));
  assertEquals(zcache.codec.name, "lzo");
  const random = randomFrom(1);
  const pages = Array.from({ length: 50 }, (_, nth) =>
    expandContents({
      kind: "mixed",
      period: 1 + random(48),
      random: random(1000),
      noise: random(64),
      at: random(1000),
      seed: nth + 1,
    }, PAGE_SIZE));
  const kept = pages.map((page, nth) =>
    zcache.putPage(pool, [nth % 3, 0, 0], nth, page) === undefined
  );
  assert(kept.filter((isKept) => isKept).length > 20);
  for (const [nth, page] of pages.entries()) {
    const into = new Uint8Array(PAGE_SIZE);
    const isFound = zcache.getPage(pool, [nth % 3, 0, 0], nth, into, "keep");
    assertEquals(isFound, kept[nth]);
    if (isFound) assertEquals(into, page);
  }
  checkZcache(zcache);
});

Deno.test("the kernel would stop at data that is damaged, or cannot be compressed", () => {
  const { put, get, zcache } = zcacheOf();
  put(0, pageOf(1000));
  zcache.memory.bytes.fill(0, PAGE_SIZE + 32, PAGE_SIZE + 64);
  assertThrows(() => get(0), KernelBug, "zcache_decompress");
  const failing = new Zcache(ZCACHE_3_10, {
    codec: {
      name: "failing",
      compress: () => 0,
      decompress: () => {
        throw new CorruptDataError("failing", "it is");
      },
    },
  });
  const pool = Number(failing.newPool("ephemeral"));
  assertThrows(
    () => failing.putPage(pool, [0, 0, 0], 0, pageOf(100)),
    KernelBug,
    "zcache_compress",
  );
});

Deno.test("misuse throws and says of what", () => {
  const { zcache, frontswap } = zcacheOf();
  const page = pageOf(100);
  assertThrows(
    () => zcache.putPage(9, [0, 0, 0], 0, page),
    RangeError,
    "Cannot put a page: there is no pool 9",
  );
  assertThrows(() => zcache.putPage(0, [0, 0, -1], 0, page), RangeError, "oid");
  assertThrows(
    () => zcache.putPage(0, [0, 0, 0], 0, new Uint8Array(1)),
    RangeError,
    "the data has 1 bytes, not 4096",
  );
  assertThrows(() => frontswap.store(1, 0, page), Error, "type 1 is not on");
  assertThrows(() => frontswap.init(0), Error, "type 0 is on already");
  assertThrows(
    () => zcache.zbud.ephemeral.data(4),
    Error,
    "zbudref 4 names no zpage, zbud 0 of page 1",
  );
});

Deno.test("a rule speaks where what it is about is broken", () => {
  const broken = (id: string, breaks: (zcache: Zcache) => void) => {
    const { zcache, put, frontswap } = zcacheOf();
    for (let index = 0; index < 3; index++) {
      put(index, pageOf(1500));
      frontswap.store(0, index, pageOf(1500));
    }
    checkZcache(zcache);
    breaks(zcache);
    const error = assertThrows(() => checkZcache(zcache), InvariantError);
    assertEquals(error.id, id);
  };
  // A handle's index, and the size of a frame's second zpage.
  broken("zcache/handles", ({ memory }) => void memory.bytes[PAGE_SIZE + 24]++);
  broken("zcache/buddied", ({ memory }) => void (memory.page[4 + 1] = 0));
  broken("zcache/two-zpages", ({ memory }) => void (memory.page[4] = 4000));
  broken("zcache/counts", ({ counters }) => void counters.eph_zpages++);
  broken("zcache/counts", ({ zbud }) => void zbud.persistent.zbytes--);
  broken(
    "zcache/frames-counted",
    ({ counters }) => void counters.pageframes_freed++,
  );
});

Deno.test("each promise is broken by a get that gives what it may not", () => {
  const [older, newer] = [pageOf(100), pageOf(200)];
  const broken = (
    id: string,
    past: Parameters<typeof TMEM_PROMISES[number]["check"]>[0]["past"],
    found: Uint8Array | undefined,
  ) => {
    const asked = { profile: PROMISED, kind: "persistent" as const, past };
    const error = assertThrows(
      () => assertInvariants(TMEM_PROMISES, asked, found),
      InvariantError,
    );
    assertEquals(error.id, id);
  };
  broken("tmem/last-put", { last: "put", page: newer }, older);
  broken("tmem/persistent-found", { last: "put", page: newer }, undefined);
  broken("tmem/put-put-get", { last: "refused", page: older }, older);
  broken("tmem/get-get", { last: "missed" }, older);
  broken("tmem/exclusive-get", { last: "taken" }, older);
  broken("tmem/flushed", { last: "flushed" }, older);
  broken("tmem/never-put", { last: "never" }, older);
});

Deno.test("tmem frees each page once, whatever is done to it", () => {
  const freed: number[] = [];
  const pool = new TmemPool(0, "persistent", {
    getData: (pampd, _kind, into) => void into.fill(pampd),
    free: (pampd) => void freed.push(pampd),
  });
  const page = new Uint8Array(1);
  pool.put([1, 0, 0], 0, 10);
  pool.put([1, 0, 0], 1, 11);
  pool.put([2, 0, 0], 0, 12);
  pool.put([2, 0, 0], 0, 13);
  assertEquals(pool.get([1, 0, 0], 0, page, "free-ephemeral"), true);
  assertEquals(pool.get([1, 0, 0], 0, page, "keep"), true);
  assertEquals(pool.get([1, 0, 0], 0, page, "free"), true);
  assertEquals(pool.flushPage([1, 0, 0], 0), false);
  assertEquals(pool.flushObject([2, 0, 0]), true);
  assertEquals(pool.flushObject([2, 0, 0]), false);
  pool.flush();
  assertEquals(freed, [12, 10, 13, 11]);
  assertEquals(pool.objects.size, 0);
});
