/**
 * Checks of a z3fold pool at the cost of the pages that were touched, instead
 * of the whole pool's.
 */
import { assertInvariants } from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { findList } from "../zbud/list_links.ts";
import {
  checkZ3fold,
  Z3FOLD_PAGE_INVARIANTS,
  type Z3foldHandle,
} from "./invariants.ts";
import type { Z3foldPool } from "./pool.ts";
import { PAGE_HEADLESS } from "./z3fold_page.ts";

/**
 * The rules about single pages, on those that are noted and on those to which
 * their objects moved; what leads to each page is remembered from check to
 * check.
 *
 * @example
 * ```ts
 * import { LINUX_6_1, TouchedZ3foldPages, Z3foldPool } from "zspec";
 *
 * const pool = new Z3foldPool(LINUX_6_1);
 * const touched = new TouchedZ3foldPages(pool);
 * touched.noteHandle(Number(pool.alloc(100)));
 * touched.check();
 * ```
 */
export class TouchedZ3foldPages {
  readonly #pool: Z3foldPool;
  readonly #reach: Reach | undefined;
  readonly #unbuddied = new Map<number, number>();
  readonly #handles = new Map<number, Z3foldHandle[]>();
  readonly #touched = new Set<number>();
  readonly #newHandles: number[] = [];

  /** Checks the whole pool once. `reach` counts the rules that spoke. */
  constructor(pool: Z3foldPool, reach?: Reach) {
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
    this.#newHandles.push(handle);
  }

  /**
   * Checks the pages that were noted, as they are now; none is noted then.
   * Throws an `InvariantError` at the first rule broken.
   */
  check(): void {
    const pool = this.#pool;
    const moved = this.#newHandles.splice(0);
    for (const pfn of this.#touched) {
      for (const { handle } of this.#handles.get(pfn) ?? []) moved.push(handle);
      this.#handles.delete(pfn);
    }
    for (const handle of moved) this.#touched.add(this.#lead(handle));
    const touched = [...this.#touched];
    this.#touched.clear();
    for (const pfn of touched) this.#unbuddied.delete(pfn);
    const live = touched.filter((pfn) => pool.lists.frames.has(pfn));
    for (const pfn of live) this.#list(pfn);
    const links = { pool, unbuddied: this.#unbuddied, handles: this.#handles };
    for (const pfn of live) {
      assertInvariants(Z3FOLD_PAGE_INVARIANTS, links, pfn, this.#reach);
    }
  }

  /** Checks every rule on the whole pool. */
  checkAll(): void {
    const { handles, lists } = this.#pool;
    checkZ3fold(this.#pool, this.#reach);
    this.#handles.clear();
    this.#unbuddied.clear();
    for (const handle of handles.given) this.#lead(handle);
    for (const pfn of lists.frames) this.#list(pfn);
  }

  /** Remembers where a handle leads; -1 for one that nobody has any more. */
  #lead(handle: number): number {
    const { handles } = this.#pool;
    if (!handles.given.has(handle)) return -1;
    const object = handles.decode(handle);
    const others = this.#handles.get(object.pfn);
    if (others === undefined) {
      this.#handles.set(object.pfn, [{ handle, ...object }]);
    } else {
      others.push({ handle, ...object });
    }
    return object.pfn;
  }

  /** Remembers on which list a page is. */
  #list(pfn: number): void {
    const { lists, pages } = this.#pool;
    if (pages.has(pfn, PAGE_HEADLESS)) return;
    const list = findList(
      lists.unbuddied,
      pfn,
      this.#unbuddied,
      lists.frames.size,
    );
    if (list !== undefined) this.#unbuddied.set(pfn, list);
  }
}
