/**
 * Checks of a pool whose objects come and go in another's hands: of the zspages
 * that were touched, instead of the whole pool.
 */
import { PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import { assertInvariants } from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { tallyPool } from "./invariants.ts";
import type { ZsPool } from "./pool.ts";
import { CLASS_INVARIANTS, POOL_INVARIANTS } from "./pool_invariants.ts";
import type { SizeClass } from "./size_class.ts";
import type { PoolTally } from "./tally.ts";
import { ZspageView } from "./view.ts";
import {
  CHUNK_INVARIANTS,
  FRAME_INVARIANTS,
  PLACE_INVARIANTS,
} from "./zspage_invariants.ts";
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
    this.#tally = tallyPool(pool);
  }

  /** Notes the zspage of an object, and its neighbours; no object is let pass. */
  note(handle: number): void {
    const { handles, memory, zspages } = this.#pool;
    if (!handles.isLive(handle)) return;
    const zspage =
      memory.page[handles.pfnOf(handle) * PAGE_STRIDE + PAGE_PRIVATE];
    if (!zspages.isLive(zspage)) return;
    this.#touched.add(zspage);
    this.#classes.add(this.#pool.classOfZspage(zspage));
    this.#noteNeighbours(zspage);
  }

  /**
   * Checks what was noted as it is now: each zspage that is left, its
   * neighbours in their lists, each class, and the pool's counts; nothing is
   * noted then. Throws an `InvariantError` at the first rule broken.
   */
  check(): void {
    const { zspages } = this.#pool;
    // Frames go from one zspage to another: all are let go before any is had.
    for (const zspage of this.#touched) this.#tally.forget(zspage);
    for (const zspage of this.#touched) {
      if (zspages.isLive(zspage)) this.#checkZspage(zspage);
    }
    for (const zspage of this.#beside) {
      if (!zspages.isLive(zspage)) continue;
      assertInvariants(PLACE_INVARIANTS, this.#pool, zspage, this.#reach);
    }
    for (const sizeClass of this.#classes) {
      const tally = this.#tally.of(sizeClass);
      assertInvariants(CLASS_INVARIANTS, this.#pool, tally, this.#reach);
    }
    assertInvariants(POOL_INVARIANTS, this.#pool, this.#tally, this.#reach);
    this.#touched.clear();
    this.#beside.clear();
    this.#classes.clear();
  }

  #checkZspage(zspage: number): void {
    const pool = this.#pool;
    const reach = this.#reach;
    const view = this.#view;
    assertInvariants(PLACE_INVARIANTS, pool, zspage, reach);
    assertInvariants(FRAME_INVARIANTS, pool, view.lookAt(zspage), reach);
    assertInvariants(CHUNK_INVARIANTS, pool, view.lookInside(), reach);
    this.#tally.count(view);
    this.#classes.add(view.sizeClass);
    this.#noteNeighbours(zspage);
  }

  #noteNeighbours(zspage: number): void {
    const { zspages } = this.#pool;
    for (const field of [ZSPAGE_PREV, ZSPAGE_NEXT]) {
      const neighbour = zspages.get(zspage, field);
      if (neighbour !== NO_ZSPAGE) this.#beside.add(neighbour);
    }
  }
}
