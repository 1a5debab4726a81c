/** Checks of the zspages of a pool that were touched, instead of the whole pool. */
import { PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import { assertInvariants } from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { tallyPool } from "./invariants.ts";
import type { ZsPool } from "./pool.ts";
import { CLASS_INVARIANTS, POOL_INVARIANTS } from "./pool_invariants.ts";
import type { SizeClass } from "./size_class.ts";
import type { PoolTally } from "./tally.ts";
import { ZspageView } from "./view.ts";
import { checkZspage, PLACE_INVARIANTS } from "./zspage_invariants.ts";
import { NO_ZSPAGE, ZSPAGE_NEXT, ZSPAGE_PREV } from "./zspage.ts";

/**
 * Zspages to be checked: those of the objects that are noted before an
 * operation frees them, and of those that are noted once it made them.
 */
export class TouchedZspages {
  readonly #pool: ZsPool;
  readonly #reach: Reach | undefined;
  readonly #view: ZspageView;
  readonly #tally: PoolTally;
  readonly #touched = new Set<number>();
  readonly #beside = new Set<number>();
  readonly #classes = new Set<SizeClass>();

  /** Checks the whole pool once. `reach` counts the rules that spoke. */
  constructor(pool: ZsPool, reach?: Reach) {
    this.#pool = pool;
    this.#reach = reach;
    this.#view = new ZspageView(pool);
    this.#tally = tallyPool(pool, reach);
  }

  /** Checks every rule on the whole pool; nothing is noted then. */
  checkAll(): void {
    this.#forget();
    tallyPool(this.#pool, this.#reach, this.#tally);
  }

  /** Notes the zspage of an object; answers it, or that there is none. */
  note(handle: number): number {
    const { handles, memory } = this.#pool;
    if (!handles.isLive(handle)) return NO_ZSPAGE;
    const zspage =
      memory.page[handles.pfnOf(handle) * PAGE_STRIDE + PAGE_PRIVATE];
    this.noteZspage(zspage);
    return zspage;
  }

  /** Notes a zspage, its class and its neighbours, where it is left. */
  noteZspage(zspage: number): void {
    this.#touched.add(zspage);
    if (!this.#pool.zspages.isLive(zspage)) return;
    this.#classes.add(this.#pool.classOfZspage(zspage));
    this.#noteNeighbours(zspage);
  }

  /** Notes a zspage whose neighbours may be others. */
  noteBeside(zspage: number): void {
    this.#beside.add(zspage);
  }

  /** Notes a class. */
  noteClass(sizeClass: SizeClass): void {
    this.#classes.add(sizeClass);
  }

  /** The group that a zspage was in when it was checked last. */
  groupOf(zspage: number): number | undefined {
    return this.#tally.groupOf(zspage);
  }

  /**
   * Checks what was noted as it is now: each zspage that is left, its
   * neighbours in their lists, each class, and the pool's counts; nothing is
   * noted then. Throws an `InvariantError` at the first rule broken.
   */
  check(): void {
    const pool = this.#pool;
    // Frames go from one zspage to another: all are let go before any is had.
    for (const zspage of this.#touched) this.#tally.forget(zspage);
    for (const zspage of this.#touched) {
      if (pool.zspages.isLive(zspage)) this.#checkZspage(zspage);
    }
    for (const zspage of this.#beside) {
      if (!pool.zspages.isLive(zspage)) continue;
      assertInvariants(PLACE_INVARIANTS, pool, zspage, this.#reach);
    }
    for (const sizeClass of this.#classes) {
      const tally = this.#tally.of(sizeClass);
      assertInvariants(CLASS_INVARIANTS, pool, tally, this.#reach);
    }
    assertInvariants(POOL_INVARIANTS, pool, this.#tally, this.#reach);
    this.#forget();
  }

  #checkZspage(zspage: number): void {
    checkZspage(this.#pool, zspage, this.#view, this.#reach);
    this.#tally.count(this.#view);
    this.#classes.add(this.#view.sizeClass);
    this.#noteNeighbours(zspage);
  }

  #noteNeighbours(zspage: number): void {
    const { zspages } = this.#pool;
    this.#beside.add(zspages.get(zspage, ZSPAGE_PREV))
      .add(zspages.get(zspage, ZSPAGE_NEXT));
  }

  #forget(): void {
    this.#touched.clear();
    this.#beside.clear();
    this.#classes.clear();
  }
}
