import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkZ3fold,
  checkZbud,
  type HeaderLists,
  InvariantError,
  LINUX_6_1,
  Reach,
  TouchedZ3foldPages,
  TouchedZbudPages,
  Z3FOLD_INVARIANTS,
  Z3FOLD_PAGE_INVARIANTS,
  Z3foldPool,
  ZBUD_INVARIANTS,
  ZBUD_PAGE_INVARIANTS,
  ZbudPool,
} from "../mod.ts";

/** Objects of many sizes; every third is freed. */
function age(pool: ZbudPool | Z3foldPool): void {
  const handles = Array.from(
    { length: 60 },
    (_, nth) => Number(pool.alloc(1 + nth * 1237 % 2900)),
  );
  handles.forEach((handle, nth) => nth % 3 === 0 && pool.free(handle));
}

function agedZbud(): ZbudPool {
  const pool = new ZbudPool(LINUX_6_1);
  age(pool);
  return pool;
}

/** The LRU list that zbud has up to 6.4. */
function lruOf({ lru }: ZbudPool): HeaderLists {
  assert(lru !== undefined);
  return lru;
}

function agedZ3fold(): Z3foldPool {
  const pool = new Z3foldPool(LINUX_6_1);
  age(pool);
  return pool;
}

/** The first of a pool's pages that will do. */
function pageOf(frames: Iterable<number>, will: (pfn: number) => boolean) {
  const pfn = [...frames].find(will);
  assert(pfn !== undefined);
  return pfn;
}

Deno.test("a fault of a zbud page is found when the page is touched, by the rule that it is about", () => {
  const faults: [string, (pool: ZbudPool, pfn: number) => void][] = [
    ["zbud/two-objects", (pool, pfn) => pool.pages.setChunks(pfn, "LAST", 63)],
    ["zbud/buddied", (pool, pfn) => {
      pool.buddy.del(pfn);
      pool.buddy.add(pfn, 5);
    }],
    ["zbud/lru", (pool, pfn) => lruOf(pool).del(pfn)],
    ["zbud/under-reclaim", (pool, pfn) => {
      pool.buddy.del(pfn);
      lruOf(pool).del(pfn);
      pool.pages.setUnderReclaim(pfn, true);
    }],
    ["zbud/handles", ({ pages }) => pages.buddyOf = () => "FIRST"],
    ["zbud/neighbours", (pool, pfn) => {
      // The next page's prev leads to itself.
      const next = lruOf(pool).next(pfn);
      if ("pfn" in next) lruOf(pool).init(next.pfn);
    }],
  ];
  assertEquals(
    faults.map(([id]) => id),
    ZBUD_PAGE_INVARIANTS.map(({ id }) => id),
  );
  for (const [id, fault] of faults) {
    const pool = agedZbud();
    const pfn = pageOf(
      pool.frames,
      (one) =>
        pool.pages.chunks(one, "FIRST") > 0 &&
        pool.pages.chunks(one, "LAST") > 0 &&
        "pfn" in lruOf(pool).next(one),
    );
    const touched = new TouchedZbudPages(pool);
    touched.note(pfn);
    touched.check();
    fault(pool, pfn);
    touched.check();
    touched.note(pfn);
    const error = assertThrows(() => touched.check(), InvariantError);
    assertEquals(error.id, id);
    assertThrows(() => checkZbud(pool), Error);
  }
});

Deno.test("a fault of a z3fold page is found when the page is touched, by the rule that it is about", () => {
  const faults: [string, (pool: Z3foldPool, pfn: number) => void][] = [
    ["z3fold/three-objects", (pool, pfn) => pool.pages.setChunks(pfn, 1, 62)],
    ["z3fold/references", (pool, pfn) => pool.pages.setRefcount(pfn, 9)],
    ["z3fold/unbuddied", (pool, pfn) => {
      pool.lists.unbuddied.delInit(pfn);
      pool.lists.unbuddied.add(pfn, 60);
    }],
    ["z3fold/cpu", (pool, pfn) => pool.pages.setCpu(pfn, 1)],
    ["z3fold/lru", (pool, pfn) => pool.lists.lru.delete(pfn)],
    ["z3fold/handles", ({ handles }, pfn) => {
      const { given } = handles;
      const one = [...given].find((one) => handles.decode(one).pfn === pfn);
      given.delete(one ?? 0);
    }],
    ["z3fold/object-of-handle", ({ handles, slots, pages }, pfn) => {
      const last = [...handles.given].find((one) => {
        const object = handles.decode(one);
        return object.pfn === pfn && object.buddy === 3;
      });
      assert(last !== undefined && pages.chunks(pfn, 3) > 0);
      slots.set(last, slots.get(last) ^ 4);
    }],
    [
      "z3fold/foreign-handles",
      (pool, pfn) => pool.pages.addForeignHandles(pfn, 1),
    ],
    ["z3fold/neighbours", ({ lists }, pfn) => {
      const next = lists.unbuddied.next(pfn);
      if ("pfn" in next) lists.unbuddied.init(next.pfn);
    }],
  ];
  assertEquals(
    faults.map(([id]) => id),
    Z3FOLD_PAGE_INVARIANTS.map(({ id }) => id),
  );
  for (const [id, fault] of faults) {
    const pool = agedZ3fold();
    const { lists, pages } = pool;
    const hasNext = (pfn: number) => "pfn" in lists.unbuddied.next(pfn);
    const pfn = pageOf(
      lists.frames,
      (one) =>
        pages.buddies(one).length === 2 && pages.chunks(one, 3) > 0 &&
        (id !== "z3fold/neighbours" || hasNext(one)),
    );
    const touched = new TouchedZ3foldPages(pool);
    touched.note(pfn);
    touched.check();
    fault(pool, pfn);
    touched.check();
    touched.note(pfn);
    const error = assertThrows(() => touched.check(), InvariantError);
    assertEquals(error.id, id);
    assertThrows(() => checkZ3fold(pool), Error);
  }
});

Deno.test("rules are silent about an empty pool, and speak of one with objects", () => {
  const zbud = new Reach();
  checkZbud(new ZbudPool(LINUX_6_1), zbud);
  const z3fold = new Reach();
  checkZ3fold(new Z3foldPool(LINUX_6_1), z3fold);
  assertEquals([zbud.counts(), z3fold.counts()], [{}, {}]);
  checkZbud(agedZbud(), zbud);
  checkZ3fold(agedZ3fold(), z3fold);
  const silent = [...ZBUD_INVARIANTS, ...Z3FOLD_INVARIANTS]
    .filter((rule) => zbud.of(rule) + z3fold.of(rule) === 0)
    .map(({ id }) => id);
  // Nothing is being reclaimed.
  assertEquals(silent, ["zbud/under-reclaim"]);
});
