import { assertEquals, assertThrows } from "@std/assert";
import {
  checkZ3fold,
  checkZbud,
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
import {
  agedZ3fold,
  agedZbud,
  pageOf,
  Z3FOLD_PAGE_FAULTS,
  z3foldPageFor,
  ZBUD_PAGE_FAULTS,
} from "./buddy_faults.ts";

Deno.test("a fault of a zbud page is found when the page is touched, by the rule that it is about", () => {
  assertEquals(
    ZBUD_PAGE_FAULTS.map(([id]) => id),
    ZBUD_PAGE_INVARIANTS.map(({ id }) => id),
  );
  for (const [id, fault] of ZBUD_PAGE_FAULTS) {
    const pool = agedZbud();
    const pfn = pageOf(
      pool.frames,
      (one) =>
        pool.pages.chunks(one, "FIRST") > 0 &&
        pool.pages.chunks(one, "LAST") > 0 &&
        "pfn" in (pool.lru?.next(one) ?? {}),
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
  assertEquals(
    Z3FOLD_PAGE_FAULTS.map(([id]) => id),
    Z3FOLD_PAGE_INVARIANTS.map(({ id }) => id),
  );
  for (const [id, fault] of Z3FOLD_PAGE_FAULTS) {
    const pool = agedZ3fold();
    const pfn = z3foldPageFor(id, pool);
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
