/** What is wrong with pages of zbud and z3fold, by the rules that find it. */
import { assert } from "@std/assert";
import { LINUX_6_1, Z3foldPool, ZbudPool } from "../mod.ts";

/** What a rule is about, done to a pool and one of its pages. */
export type Faults<Pool> = readonly (readonly [
  id: string,
  fault: (pool: Pool, pfn: number) => void,
])[];

/** Objects of many sizes; every third is freed. */
function age<Pool extends ZbudPool | Z3foldPool>(pool: Pool): Pool {
  const handles = Array.from(
    { length: 60 },
    (_, nth) => Number(pool.alloc(1 + nth * 1237 % 2900)),
  );
  handles.forEach((handle, nth) => nth % 3 === 0 && pool.free(handle));
  return pool;
}

/** A pool of zbud of objects of many sizes. */
export const agedZbud = (): ZbudPool => age(new ZbudPool(LINUX_6_1));

/** Likewise of z3fold. */
export const agedZ3fold = (): Z3foldPool => age(new Z3foldPool(LINUX_6_1));

/** The first of a pool's pages that will do. */
export function pageOf(
  frames: Iterable<number>,
  will: (pfn: number) => boolean,
): number {
  const pfn = [...frames].find(will);
  assert(pfn !== undefined);
  return pfn;
}

/** Faults of a page of zbud that has two objects and is not the last of its list. */
export const ZBUD_PAGE_FAULTS: Faults<ZbudPool> = [
  ["zbud/two-objects", (pool, pfn) => pool.pages.setChunks(pfn, "LAST", 63)],
  ["zbud/buddied", (pool, pfn) => {
    pool.buddy.del(pfn);
    pool.buddy.add(pfn, 5);
  }],
  ["zbud/lru", (pool, pfn) => pool.lru?.del(pfn)],
  ["zbud/under-reclaim", (pool, pfn) => {
    pool.buddy.del(pfn);
    pool.lru?.del(pfn);
    pool.pages.setUnderReclaim(pfn, true);
  }],
  ["zbud/handles", ({ pages }) => pages.buddyOf = () => "FIRST"],
  ["zbud/neighbours", (pool, pfn) => {
    // The next page's prev leads to itself.
    const next = pool.lru?.next(pfn);
    if (next !== undefined && "pfn" in next) pool.lru?.init(next.pfn);
  }],
];

/** Faults of a page of z3fold that has two objects, one of them the last. */
export const Z3FOLD_PAGE_FAULTS: Faults<Z3foldPool> = [
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

/** A page of a z3fold pool for a fault of it. */
export function z3foldPageFor(
  id: string,
  { lists, pages }: Z3foldPool,
): number {
  const hasNext = (pfn: number) => "pfn" in lists.unbuddied.next(pfn);
  return pageOf(
    lists.frames,
    (one) =>
      pages.buddies(one).length === 2 && pages.chunks(one, 3) > 0 &&
      (id !== "z3fold/neighbours" || hasNext(one)),
  );
}
