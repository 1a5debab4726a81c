/**
 * Transcendent memory: pages found by a handle of three levels, which are a
 * pool, an object in it and an index in that. What a page is kept as, its
 * "pampd", is known to the host alone. Specifies `tmem.c` and `tmem.h`,
 * `drivers/staging/zcache`, 3.9 and 3.10, without shared pools and RAMster.
 */
import { assertWhole } from "../rules/argument.ts";

/**
 * An object's name, 192 bits: three unsigned 64-bit numbers. Here each is one
 * that a number holds exactly, up to 2^53 - 1.
 */
export type TmemOid = readonly [number, number, number];

/** Where a page is: `struct tmem_handle`, but for the client, which is one. */
export interface TmemHandle {
  /** The pool. */
  readonly poolId: number;
  /** The object. */
  readonly oid: TmemOid;
  /** The page's place in it: 32 bits. */
  readonly index: number;
}

/** The highest index. */
export const TMEM_MAX_INDEX = 2 ** 32 - 1;

/** Whether a pool's pages may be dropped at any time, or never. */
export type TmemKind = "ephemeral" | "persistent";

/**
 * What becomes of a page that a get finds (`get_and_free`): it is freed (1),
 * it stays (-1), or it is freed where it is ephemeral (0).
 */
export type GetAndFree = "free" | "keep" | "free-ephemeral";

/** What the host does with what it keeps pages as (`struct tmem_pamops`). */
export interface TmemPamops {
  /** Fills `into` with the page (`get_data`). */
  getData(pampd: number, kind: TmemKind, into: Uint8Array): void;
  /** Frees it; no tmem object knows it any more (`free`). */
  free(pampd: number, kind: TmemKind): void;
}

/** An object: its pages by their indexes. */
export interface TmemObject {
  /** Its name. */
  readonly oid: TmemOid;
  /** What its pages are kept as, by index. */
  readonly pampds: Map<number, number>;
}

/**
 * A pool of objects. Specifies `struct tmem_pool` and the operations of
 * `tmem.c`. An object is there only while it has pages. Buckets, trees and
 * their locks are left out: one operation runs after another.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TmemPool } from "zspec";
 *
 * const freed: number[] = [];
 * const pool = new TmemPool(0, "ephemeral", {
 *   getData: (pampd, _kind, into) => void into.fill(pampd),
 *   free: (pampd) => void freed.push(pampd),
 * });
 * pool.put([1, 0, 0], 7, 42);
 * pool.put([1, 0, 0], 7, 43);
 * const page = new Uint8Array(1);
 * assertEquals(pool.get([1, 0, 0], 7, page, "free-ephemeral"), true);
 * assertEquals(pool.get([1, 0, 0], 7, page, "free-ephemeral"), false);
 * assertEquals([page[0], freed], [43, [42, 43]]);
 * ```
 */
export class TmemPool {
  /** Its number with the host. */
  readonly id: number;
  /** Whether its pages may be dropped. */
  readonly kind: TmemKind;
  /** Its objects, each by its name's three numbers with colons between. */
  readonly objects: ReadonlyMap<string, TmemObject>;

  readonly #objects = new Map<string, TmemObject>();
  readonly #pamops: TmemPamops;

  /** An empty pool (`tmem_new_pool`). */
  constructor(id: number, kind: TmemKind, pamops: TmemPamops) {
    this.id = id;
    this.kind = kind;
    this.objects = this.#objects;
    this.#pamops = pamops;
  }

  /** What the page at a handle is kept as, if there is one. */
  lookup(oid: TmemOid, index: number): number | undefined {
    return this.#objects.get(oidKey(oid))?.pampds.get(index);
  }

  /**
   * Keeps a page as `pampd`; an older one at the handle is freed first.
   * Specifies `tmem_put`, which fails for want of memory for its own
   * structures alone: hosts have that at hand before they ask.
   */
  put(oid: TmemOid, index: number, pampd: number): void {
    assertHandle(oid, index);
    this.flushPage(oid, index);
    const key = oidKey(oid);
    const object = this.#objects.get(key) ?? { oid, pampds: new Map() };
    this.#objects.set(key, object);
    object.pampds.set(index, pampd);
  }

  /**
   * Fills `into` with the page at a handle and answers whether there is one.
   * Specifies `tmem_get`.
   */
  get(
    oid: TmemOid,
    index: number,
    into: Uint8Array,
    andFree: GetAndFree,
  ): boolean {
    const pampd = this.lookup(oid, index);
    if (pampd === undefined) return false;
    this.#pamops.getData(pampd, this.kind, into);
    const frees = andFree === "free" ||
      (andFree === "free-ephemeral" && this.kind === "ephemeral");
    if (frees) this.flushPage(oid, index);
    return true;
  }

  /**
   * Frees the page at a handle and answers whether there was one. Specifies
   * `tmem_flush_page`.
   */
  flushPage(oid: TmemOid, index: number): boolean {
    const key = oidKey(oid);
    const object = this.#objects.get(key);
    const pampd = object?.pampds.get(index);
    if (object === undefined || pampd === undefined) return false;
    object.pampds.delete(index);
    if (object.pampds.size === 0) this.#objects.delete(key);
    this.#pamops.free(pampd, this.kind);
    return true;
  }

  /**
   * Frees all pages of an object and answers whether it was there. Specifies
   * `tmem_flush_object`.
   */
  flushObject(oid: TmemOid): boolean {
    const key = oidKey(oid);
    const object = this.#objects.get(key);
    if (object === undefined) return false;
    this.#objects.delete(key);
    for (const pampd of object.pampds.values()) {
      this.#pamops.free(pampd, this.kind);
    }
    return true;
  }

  /** Frees all pages of all objects (`tmem_destroy_pool`). */
  flush(): void {
    for (const { oid } of [...this.#objects.values()]) this.flushObject(oid);
  }
}

/** An object's name as a key of {@linkcode TmemPool.objects}. */
export function oidKey(oid: TmemOid): string {
  return oid.join(":");
}

/** Throws a RangeError where these are no object's name or no index. */
export function assertHandle(oid: TmemOid, index: number): void {
  for (const part of oid) {
    assertWhole("put a page", "oid", part, 0, Number.MAX_SAFE_INTEGER);
  }
  assertWhole("put a page", "index", index, 0, TMEM_MAX_INDEX);
}
