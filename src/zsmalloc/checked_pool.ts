/**
 * A pool that is checked after each operation: after a malloc and a free at the
 * cost of the zspage that was touched instead of the whole pool's.
 */
import type { Errno } from "../linux/errno.ts";
import type { Reach } from "../rules/reach.ts";
import { checkCompaction, checkMigration } from "./change_invariants.ts";
import { checkDestroyed } from "./destroy_invariants.ts";
import type { LeakedObjects } from "./destroy.ts";
import type { ZsPool } from "./pool.ts";
import { poolBefore } from "./pool_before.ts";
import { TouchedCheck } from "./touched_check.ts";

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

  readonly #check: TouchedCheck;
  readonly #reach: Reach | undefined;

  /**
   * Checks the whole pool once; it may hold objects already. `reach` counts the
   * rules that had something to say.
   */
  constructor(pool: ZsPool, reach?: Reach) {
    this.pool = pool;
    this.#check = new TouchedCheck(pool, reach);
    this.#reach = reach;
  }

  /** {@linkcode ZsPool.malloc}, checked. */
  malloc(size: number): number | Errno {
    const before = this.#check.beforeMalloc(size);
    const answer = this.pool.malloc(size);
    this.#check.afterMalloc(before, answer);
    return answer;
  }

  /** {@linkcode ZsPool.free}, checked. */
  free(handle: number): void {
    if (!this.pool.handles.isLive(handle)) return this.pool.free(handle);
    const before = this.#check.beforeFree([handle]);
    this.pool.free(handle);
    this.#check.afterFree(before);
  }

  /** {@linkcode ZsPool.compact}, checked in full. */
  compact(): number {
    const { pool } = this;
    const before = poolBefore(pool);
    const pagesFreed = pool.compact();
    this.checkAll();
    checkCompaction(before, { pool, pagesFreed }, this.#reach);
    return pagesFreed;
  }

  /** {@linkcode ZsPool.migratePage}, checked in full. */
  migratePage(pfn: number): number | Errno {
    const { pool } = this;
    const before = poolBefore(pool);
    const to = pool.migratePage(pfn);
    this.checkAll();
    if (typeof to === "number") {
      checkMigration(before, { pool, from: pfn, to }, this.#reach);
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
    this.#check.checkAll();
  }
}
