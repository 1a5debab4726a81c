/**
 * Checking a pool operation by operation, at the cost of what each touched: the
 * zspages and their neighbours in their lists, their class, the pool's counts,
 * and the change itself.
 */
import type { Errno } from "../linux/errno.ts";
import { PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import { assertInvariants } from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { checkCompaction, checkMigration } from "./change_invariants.ts";
import { MIGRATE_ZSPAGE_INVARIANT } from "./compaction.ts";
import {
  type ClassBefore,
  classBefore,
  OBJECT_INVARIANTS,
  type ObjectChange,
} from "./object_invariants.ts";
import type { ZsPool } from "./pool.ts";
import {
  compactableZspages,
  type PoolBefore,
  poolBefore,
} from "./pool_before.ts";
import { GROUP_EMPTY } from "./size_class.ts";
import { TouchedZspages } from "./touched_zspages.ts";
import { NO_ZSPAGE, ZSPAGE_FULLNESS } from "./zspage.ts";

/** What there is to remember before an object is freed. */
export interface FreeBefore {
  /** Its zspage. */
  readonly zspage: number;
  /** The group that was in. */
  readonly group: number;
  /** Its class. */
  readonly sizeClass: ClassBefore;
}

/**
 * The rules about what an operation on a pool touched. Each operation is
 * announced, done by whoever calls, and checked; throws an `InvariantError` at
 * the first rule broken.
 */
export class TouchedCheck {
  readonly #pool: ZsPool;
  readonly #reach: Reach | undefined;
  readonly #touched: TouchedZspages;

  /** Checks the whole pool once; it may hold objects already. */
  constructor(pool: ZsPool, reach?: Reach) {
    this.#pool = pool;
    this.#reach = reach;
    this.#touched = new TouchedZspages(pool, reach);
  }

  /** Checks every rule on the whole pool. */
  checkAll(): void {
    this.#touched.checkAll();
  }

  /** An object's zspage is going to be put elsewhere, or was. */
  noteObject(handle: number): void {
    this.#touched.note(handle);
  }

  /** Checks the zspages of the objects that were noted. */
  checkNoted(): void {
    this.#touched.check();
  }

  /** What there is to remember before a malloc of `size` bytes, of any number. */
  beforeMalloc(size: number): ClassBefore {
    const pool = this.#pool;
    const { pageSize } = pool.geometry;
    const served = Math.min(Math.max(size, 1), pageSize);
    return classBefore(pool, pool.classFor(served));
  }

  /** Checks one malloc: the handle or the errno that it answered. */
  afterMalloc(before: ClassBefore, answer: number | Errno): void {
    const { sizeClass } = before;
    const isRefused = typeof answer === "string";
    const zspage = isRefused ? NO_ZSPAGE : this.#touched.note(answer);
    const known = this.#touched.groupOf(zspage);
    const groupBefore = known ?? GROUP_EMPTY;
    this.#touched.noteBeside(sizeClass.heads[groupBefore]);
    this.#touched.noteClass(sizeClass);
    this.#touched.check();
    this.#checkChange(before, {
      pool: this.#pool,
      op: "malloc",
      errno: isRefused ? answer : undefined,
      zspage,
      groupBefore,
      isNew: known === undefined,
    });
  }

  /** Checks what several mallocs of one size, one after another, touched. */
  afterMallocs({ sizeClass }: ClassBefore, handles: readonly number[]): void {
    for (const handle of handles) this.#touched.note(handle);
    this.#touched.noteClass(sizeClass);
    this.#touched.check();
  }

  /** What there is to remember before live objects are freed: of one alone. */
  beforeFree(handles: readonly number[]): FreeBefore | undefined {
    const pool = this.#pool;
    const [zspage, ...others] = handles.map((one) => this.#touched.note(one));
    if (zspage === undefined || others.length > 0) return undefined;
    return {
      zspage,
      group: pool.zspages.get(zspage, ZSPAGE_FULLNESS),
      sizeClass: classBefore(pool, pool.classOfZspage(zspage)),
    };
  }

  /** Checks what freeing those objects touched. */
  afterFree(one: FreeBefore | undefined): void {
    this.#touched.check();
    if (one === undefined) return;
    const { zspage, group, sizeClass } = one;
    this.#checkChange(sizeClass, {
      pool: this.#pool,
      op: "free",
      errno: undefined,
      zspage,
      groupBefore: group,
      isNew: false,
    });
  }

  /** What there is to remember before a compaction. */
  beforeCompaction(): PoolBefore {
    return poolBefore(this.#pool, compactableZspages(this.#pool));
  }

  /** Checks what a compaction touched that freed so many pages. */
  afterCompaction(before: PoolBefore, pagesFreed: number): void {
    const pool = this.#pool;
    for (const one of pool.classes) this.#touched.noteClass(one);
    this.#checkZspages(before);
    checkCompaction(before, { pool, pagesFreed }, this.#reach);
    if (pool.objectsMigrated > before.objectsMigrated) {
      this.#reach?.count(MIGRATE_ZSPAGE_INVARIANT);
    }
  }

  /** What there is to remember before a frame of the pool is replaced. */
  beforeMigration(pfn: number): PoolBefore {
    const { memory } = this.#pool;
    return poolBefore(this.#pool, [
      memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE],
    ]);
  }

  /** Checks what replacing frame `from` touched: by frame `to`, or not at all. */
  afterMigration(before: PoolBefore, from: number, to: number | Errno): void {
    this.#checkZspages(before);
    if (typeof to === "string") return;
    checkMigration(before, { pool: this.#pool, from, to }, this.#reach);
  }

  #checkZspages({ zspages }: PoolBefore): void {
    for (const zspage of zspages.keys()) this.#touched.noteZspage(zspage);
    this.#touched.check();
  }

  #checkChange(before: ClassBefore, change: ObjectChange): void {
    assertInvariants(OBJECT_INVARIANTS, before, change, this.#reach);
  }
}
