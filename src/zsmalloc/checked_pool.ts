/**
 * A pool that is checked after each operation, at the cost of what the
 * operation touched instead of the whole pool's.
 */
import type { Errno } from "../linux/errno.ts";
import type { Reach } from "../rules/reach.ts";
import { checkDestroyed } from "./destroy_invariants.ts";
import type { LeakedObjects, ZsPool } from "./pool.ts";
import { TouchedCheck } from "./touched_check.ts";

/**
 * A pool whose every operation is followed by the rules about what it touched:
 * the zspage and its neighbours in their lists, its class, the pool's counts,
 * and the change itself. Throws an `InvariantError` at the first rule broken.
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

  /**
   * Checks the whole pool once; it may hold objects already. `reach` counts the
   * rules that had something to say.
   */
  constructor(pool: ZsPool, reach?: Reach) {
    this.pool = pool;
    this.#check = new TouchedCheck(pool, reach);
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

  /** {@linkcode ZsPool.compact}, checked. */
  compact(): number {
    const before = this.#check.beforeCompaction();
    const pagesFreed = this.pool.compact();
    this.#check.afterCompaction(before, pagesFreed);
    return pagesFreed;
  }

  /** {@linkcode ZsPool.migratePage}, checked. */
  migratePage(pfn: number): number | Errno {
    const before = this.#check.beforeMigration(pfn);
    const to = this.pool.migratePage(pfn);
    this.#check.afterMigration(before, pfn, to);
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
