/**
 * Checks of a zbud pool at the cost of the pages that were touched, instead of
 * the whole pool's.
 */
import { assertInvariants } from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { checkZbud, ZBUD_PAGE_INVARIANTS } from "./invariants.ts";
import { findList } from "./list_links.ts";
import type { ZbudPool } from "./pool.ts";

/**
 * The rules about single pages, on those that are noted; where each page is
 * linked is remembered from check to check.
 *
 * @example
 * ```ts
 * import { LINUX_6_1, TouchedZbudPages, ZbudPool } from "zspec";
 *
 * const pool = new ZbudPool(LINUX_6_1);
 * const touched = new TouchedZbudPages(pool);
 * touched.noteHandle(Number(pool.alloc(100)));
 * touched.check();
 * ```
 */
export class TouchedZbudPages {
  readonly #pool: ZbudPool;
  readonly #reach: Reach | undefined;
  readonly #buddy = new Map<number, number>();
  readonly #lru = new Set<number>();
  readonly #touched = new Set<number>();

  /** Checks the whole pool once. `reach` counts the rules that spoke. */
  constructor(pool: ZbudPool, reach?: Reach) {
    this.#pool = pool;
    this.#reach = reach;
    this.checkAll();
  }

  /** A page is or will be touched. */
  note(pfn: number): void {
    this.#touched.add(pfn);
  }

  /** An object was made. */
  noteHandle(handle: number): void {
    this.note(this.#pool.pages.pfnOf(handle));
  }

  /**
   * Checks the pages that were noted, as they are now; none is noted then.
   * Throws an `InvariantError` at the first rule broken.
   */
  check(): void {
    const pool = this.#pool;
    const touched = [...this.#touched];
    this.#touched.clear();
    for (const pfn of touched) this.#forget(pfn);
    const live = touched.filter((pfn) => pool.frames.has(pfn));
    for (const pfn of live) this.#remember(pfn);
    const lists = { pool, buddy: this.#buddy, lru: this.#lru };
    for (const pfn of live) {
      assertInvariants(ZBUD_PAGE_INVARIANTS, lists, pfn, this.#reach);
    }
  }

  /** Checks every rule on the whole pool. */
  checkAll(): void {
    checkZbud(this.#pool, this.#reach);
    for (const pfn of this.#buddy.keys()) this.#forget(pfn);
    this.#lru.clear();
    for (const pfn of this.#pool.frames) this.#remember(pfn);
  }

  #forget(pfn: number): void {
    this.#buddy.delete(pfn);
    this.#lru.delete(pfn);
  }

  #remember(pfn: number): void {
    const { buddy, lru, frames } = this.#pool;
    const list = findList(buddy, pfn, this.#buddy, frames.size);
    if (list !== undefined) this.#buddy.set(pfn, list);
    if (lru?.state(pfn) === "linked") this.#lru.add(pfn);
  }
}
