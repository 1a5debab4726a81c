/**
 * A pool that is checked after each operation, at the cost of the zspage that
 * the operation touched instead of the whole pool's.
 */
import type { Errno } from "../linux/errno.ts";
import { PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import { assertInvariants } from "../rules/invariant.ts";
import {
  checkCompaction,
  checkMigration,
  poolBefore,
} from "./change_invariants.ts";
import { checkDestroyed } from "./destroy_invariants.ts";
import { tallyPool } from "./invariants.ts";
import {
  classBefore,
  OBJECT_INVARIANTS,
  type ObjectChange,
} from "./object_invariants.ts";
import type { LeakedObjects, ZsPool } from "./pool.ts";
import { CLASS_INVARIANTS, POOL_INVARIANTS } from "./pool_invariants.ts";
import { GROUP_EMPTY, type SizeClass } from "./size_class.ts";
import type { PoolTally } from "./tally.ts";
import { ZspageView } from "./view.ts";
import { checkZspage, PLACE_INVARIANTS } from "./zspage_invariants.ts";
import {
  NO_ZSPAGE,
  ZSPAGE_FULLNESS,
  ZSPAGE_NEXT,
  ZSPAGE_PREV,
} from "./zspage.ts";

/**
 * A pool whose every operation is followed by the rules about what it touched:
 * the zspage and its neighbours in their lists, its class, the pool's counts,
 * and the change itself. Compaction and migration are followed by every rule on
 * everything. Throws an `InvariantError` at the first rule broken.
 *
 * @example
 * ```ts
 * import { CheckedPool, LINUX_6_18, ZsPool } from "zspec";
 *
 * const checked = new CheckedPool(new ZsPool(LINUX_6_18));
 * const handle = Number(checked.malloc(100));
 * checked.pool.write(handle, new Uint8Array(100));
 * checked.free(handle);
 * ```
 */
export class CheckedPool {
  /** The pool. Operations that are not this class's are not checked. */
  readonly pool: ZsPool;

  readonly #view: ZspageView;
  #tally: PoolTally;

  /** Checks the whole pool once; it may hold objects already. */
  constructor(pool: ZsPool) {
    this.pool = pool;
    this.#view = new ZspageView(pool);
    this.#tally = tallyPool(pool);
  }

  /** {@linkcode ZsPool.malloc}, checked. */
  malloc(size: number): number | Errno {
    const { pool } = this;
    const { pageSize } = pool.geometry;
    const sizeClass = pool.classFor(Math.min(Math.max(size, 1), pageSize));
    const before = classBefore(pool, sizeClass);
    const handle = pool.malloc(size);
    const errno = typeof handle === "string" ? handle : undefined;
    const zspage = typeof handle === "number"
      ? this.#zspageOf(handle)
      : NO_ZSPAGE;
    const groupBefore = this.#tally.groupOf(zspage) ?? GROUP_EMPTY;
    const change: ObjectChange = {
      pool,
      op: "malloc",
      errno,
      zspage,
      groupBefore,
    };
    this.#checkTouched(sizeClass, zspage, [sizeClass.heads[groupBefore]]);
    assertInvariants(OBJECT_INVARIANTS, before, change);
    return handle;
  }

  /** {@linkcode ZsPool.free}, checked. */
  free(handle: number): void {
    const { pool } = this;
    if (!pool.handles.isLive(handle)) return pool.free(handle);
    const { zspages } = pool;
    const zspage = this.#zspageOf(handle);
    const sizeClass = pool.classOfZspage(zspage);
    const before = classBefore(pool, sizeClass);
    const neighbours = this.#neighboursOf(zspage);
    const groupBefore = zspages.get(zspage, ZSPAGE_FULLNESS);
    pool.free(handle);
    this.#checkTouched(sizeClass, zspage, neighbours);
    const change: ObjectChange = {
      pool,
      op: "free",
      errno: undefined,
      zspage,
      groupBefore,
    };
    assertInvariants(OBJECT_INVARIANTS, before, change);
  }

  /** {@linkcode ZsPool.compact}, checked in full. */
  compact(): number {
    const before = poolBefore(this.pool);
    const pagesFreed = this.pool.compact();
    this.checkAll();
    checkCompaction(before, { pool: this.pool, pagesFreed });
    return pagesFreed;
  }

  /** {@linkcode ZsPool.migratePage}, checked in full. */
  migratePage(pfn: number): number | Errno {
    const before = poolBefore(this.pool);
    const to = this.pool.migratePage(pfn);
    this.checkAll();
    if (typeof to === "number") {
      checkMigration(before, { pool: this.pool, from: pfn, to });
    }
    return to;
  }

  /** {@linkcode ZsPool.destroy}, checked. */
  destroy(): readonly LeakedObjects[] {
    const leaked = this.pool.destroy();
    checkDestroyed(this.pool, leaked);
    return leaked;
  }

  /** Checks every rule on the whole pool, as after an unchecked operation. */
  checkAll(): void {
    this.#tally = tallyPool(this.pool);
  }

  #checkTouched(
    sizeClass: SizeClass,
    zspage: number,
    others: readonly number[],
  ): void {
    const { pool } = this;
    this.#checkPlaces(others);
    if (pool.zspages.isLive(zspage)) {
      checkZspage(pool, zspage, this.#view);
      this.#checkPlaces(this.#neighboursOf(zspage));
      this.#tally.count(this.#view);
    } else {
      this.#tally.forget(zspage);
    }
    assertInvariants(CLASS_INVARIANTS, pool, this.#tally.of(sizeClass));
    assertInvariants(POOL_INVARIANTS, pool, this.#tally);
  }

  #checkPlaces(zspages: readonly number[]): void {
    for (const zspage of zspages) {
      if (this.pool.zspages.isLive(zspage)) {
        assertInvariants(PLACE_INVARIANTS, this.pool, zspage);
      }
    }
  }

  #neighboursOf(zspage: number): number[] {
    const { zspages } = this.pool;
    return [
      zspages.get(zspage, ZSPAGE_PREV),
      zspages.get(zspage, ZSPAGE_NEXT),
    ];
  }

  #zspageOf(handle: number): number {
    const { handles, memory } = this.pool;
    return memory.page[handles.pfnOf(handle) * PAGE_STRIDE + PAGE_PRIVATE];
  }
}
