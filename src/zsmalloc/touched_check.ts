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
import { tallyPool } from "./invariants.ts";
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

/** What there is to remember before objects are freed. */
export interface FreeBefore {
  /** The zspages of the objects, and their neighbours. */
  readonly touched: ReadonlySet<number>;
  /** Where it is one object: its zspage, and that one's group and class. */
  readonly one?: {
    readonly zspage: number;
    readonly group: number;
    readonly sizeClass: ClassBefore;
  };
}

/**
 * The rules about what an operation on a pool touched. Each operation is
 * announced, done by whoever calls, and checked; throws an `InvariantError` at
 * the first rule broken.
 */
export class TouchedCheck {
  readonly #pool: ZsPool;
  readonly #reach: Reach | undefined;
  readonly #view: ZspageView;
  readonly #tally: PoolTally;

  /** Checks the whole pool once; it may hold objects already. */
  constructor(pool: ZsPool, reach?: Reach) {
    this.#pool = pool;
    this.#reach = reach;
    this.#view = new ZspageView(pool);
    this.#tally = tallyPool(pool, reach);
  }

  /** Checks every rule on the whole pool. */
  checkAll(): void {
    tallyPool(this.#pool, this.#reach, this.#tally);
  }

  /** The zspage of a live handle's object. */
  zspageOf(handle: number): number {
    const { handles, memory } = this.#pool;
    return memory.page[handles.pfnOf(handle) * PAGE_STRIDE + PAGE_PRIVATE];
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
    const zspage = isRefused ? NO_ZSPAGE : this.zspageOf(answer);
    const groupBefore = this.#tally.groupOf(zspage) ?? GROUP_EMPTY;
    this.#checkPlace(sizeClass.heads[groupBefore]);
    this.#checkZspages([zspage]);
    this.#checkCounts([sizeClass]);
    this.#checkChange(before, {
      pool: this.#pool,
      op: "malloc",
      errno: isRefused ? answer : undefined,
      zspage,
      groupBefore,
    });
  }

  /** Checks what several mallocs of one size, one after another, touched. */
  afterMallocs({ sizeClass }: ClassBefore, handles: readonly number[]): void {
    this.#checkZspages(
      new Set(handles.map((handle) => this.zspageOf(handle))),
    );
    this.#checkCounts([sizeClass]);
  }

  /** What there is to remember before live objects are freed. */
  beforeFree(handles: readonly number[]): FreeBefore {
    const pool = this.#pool;
    const touched = new Set<number>();
    for (const handle of handles) {
      const zspage = this.zspageOf(handle);
      touched.add(zspage)
        .add(pool.zspages.get(zspage, ZSPAGE_PREV))
        .add(pool.zspages.get(zspage, ZSPAGE_NEXT));
    }
    if (handles.length !== 1) return { touched };
    const zspage = this.zspageOf(handles[0]);
    const one = {
      zspage,
      group: pool.zspages.get(zspage, ZSPAGE_FULLNESS),
      sizeClass: classBefore(pool, pool.classOfZspage(zspage)),
    };
    return { touched, one };
  }

  /** Checks what freeing those objects touched. */
  afterFree({ touched, one }: FreeBefore): void {
    if (one === undefined) {
      this.#checkZspages(touched);
      this.#checkCounts(this.#pool.classes);
      return;
    }
    const { zspage, group, sizeClass } = one;
    for (const other of touched) {
      if (other !== zspage) this.#checkPlace(other);
    }
    this.#checkZspages([zspage]);
    this.#checkCounts([sizeClass.sizeClass]);
    this.#checkChange(sizeClass, {
      pool: this.#pool,
      op: "free",
      errno: undefined,
      zspage,
      groupBefore: group,
    });
  }

  /** What there is to remember before a compaction. */
  beforeCompaction(): PoolBefore {
    return poolBefore(this.#pool, compactableZspages(this.#pool));
  }

  /** Checks what a compaction touched that freed so many pages. */
  afterCompaction(before: PoolBefore, pagesFreed: number): void {
    const pool = this.#pool;
    this.#checkZspages(before.zspages.keys());
    this.#checkCounts(pool.classes);
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
    const pool = this.#pool;
    const zspages = [...before.zspages.keys()];
    this.#checkZspages(zspages);
    this.#checkCounts(zspages.map((zspage) => pool.classOfZspage(zspage)));
    if (typeof to === "string") return;
    checkMigration(before, { pool, from, to }, this.#reach);
  }

  /** Every rule about each zspage that is left, and its neighbours' places. */
  #checkZspages(zspages: Iterable<number>): void {
    const pool = this.#pool;
    for (const zspage of zspages) {
      if (!pool.zspages.isLive(zspage)) {
        this.#tally.forget(zspage);
        continue;
      }
      checkZspage(pool, zspage, this.#view, this.#reach);
      this.#tally.count(this.#view);
      this.#checkPlace(pool.zspages.get(zspage, ZSPAGE_PREV));
      this.#checkPlace(pool.zspages.get(zspage, ZSPAGE_NEXT));
    }
  }

  #checkPlace(zspage: number): void {
    if (!this.#pool.zspages.isLive(zspage)) return;
    assertInvariants(PLACE_INVARIANTS, this.#pool, zspage, this.#reach);
  }

  #checkCounts(classes: readonly SizeClass[]): void {
    for (const one of classes) {
      const tally = this.#tally.of(one);
      assertInvariants(CLASS_INVARIANTS, this.#pool, tally, this.#reach);
    }
    assertInvariants(POOL_INVARIANTS, this.#pool, this.#tally, this.#reach);
  }

  #checkChange(before: ClassBefore, change: ObjectChange): void {
    assertInvariants(OBJECT_INVARIANTS, before, change, this.#reach);
  }
}
