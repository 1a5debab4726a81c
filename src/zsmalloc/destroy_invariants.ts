/** The rules about the end of a pool: what was left in it is lost, and told. */
import {
  assertInvariants,
  expectEqual,
  type Invariant,
  SILENT,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import type { LeakedObjects } from "./destroy.ts";
import type { ZsPool } from "./pool.ts";
import { ZSPAGE_INUSE } from "./zspage.ts";

/** A rule about a pool that was destroyed, and what it said was left. */
export type DestroyInvariant = Invariant<ZsPool, readonly LeakedObjects[]>;

/** What is left in a pool, by a look at each zspage: by the chunks' size. */
function leftIn(pool: ZsPool): Map<number, LeakedObjects> {
  const left = new Map<number, LeakedObjects>();
  for (const zspage of pool.zspages.live()) {
    const { size } = pool.classOfZspage(zspage);
    const { zspages, objects } = left.get(size) ?? { zspages: 0, objects: 0 };
    left.set(size, {
      size,
      zspages: zspages + 1,
      objects: objects + pool.zspages.get(zspage, ZSPAGE_INUSE),
    });
  }
  return left;
}

/** Rules about the end of a pool. */
export const DESTROY_INVARIANTS: readonly DestroyInvariant[] = [
  {
    id: "zsmalloc/destroy-tells-what-is-left",
    sentence:
      "A destroyed pool tells of each class that had zspages how many, and how many objects were in them, and of no other.",
    source: "zs_destroy_pool, mm/zsmalloc.c, 3.12",
    check(pool, leaked) {
      const left = leftIn(pool);
      for (const { size, zspages, objects } of leaked) {
        const one = left.get(size);
        const violation =
          expectEqual(`zspages of ${size}`, zspages, one?.zspages ?? 0) ??
            expectEqual(`objects of ${size}`, objects, one?.objects ?? 0);
        if (violation !== undefined) return violation;
      }
      return expectEqual("classes with zspages", leaked.length, left.size) ??
        (left.size === 0 ? SILENT : undefined);
    },
  },
  {
    id: "zsmalloc/destroy-loses-frames",
    sentence: "The frames of the zspages that were left stay allocated.",
    source: "zs_destroy_pool, mm/zsmalloc.c, 3.12",
    check(pool) {
      const pages = [...pool.zspages.live()]
        .map((zspage) => pool.classOfZspage(zspage).pagesPerZspage)
        .reduce((sum, one) => sum + one, 0);
      return expectEqual("frames of the pool", pool.pagesAllocated, pages) ??
        (pages === 0 ? SILENT : undefined);
    },
  },
];

/**
 * Checks a pool that was destroyed by what that answered. Throws an
 * `InvariantError` at the first rule broken.
 */
export function checkDestroyed(
  pool: ZsPool,
  leaked: readonly LeakedObjects[],
  reach?: Reach,
): void {
  assertInvariants(DESTROY_INVARIANTS, pool, leaked, reach);
}
