/**
 * frontswap over zcache: pages of swap that are kept in memory instead of being
 * written to the device. Specifies `mm/frontswap.c`, 3.9 and 3.10, over zcache's
 * `zcache_frontswap_ops`.
 */
import { assertWhole } from "../rules/argument.ts";
import type { FrontswapCounters } from "../zswap/stats.ts";
import { TMEM_MAX_INDEX, type TmemOid } from "./tmem.ts";
import type { Zcache } from "./zcache.ts";

/** SWIZ_BITS: a swap type's pages are in 2^SWIZ_BITS objects, by turns. */
const SWIZ_BITS = 8;
const SWIZ_OBJECTS = 2 ** SWIZ_BITS;

/** MAX_SWAPFILES, `include/linux/swap.h`, less what migration may take. */
const MAX_SWAP_TYPE = 31;

/** What a {@linkcode ZcacheFrontswap} can be told when it is made. */
export interface ZcacheFrontswapOptions {
  /**
   * Whether a page that is loaded is dropped, and dirty from then on. False is
   * the boot parameter `nofrontswapexclusivegets`. Default true.
   */
  exclusiveGets?: boolean;
}

/**
 * frontswap with one zcache. A page that a store took is there until it is
 * invalidated, stored again in vain, or taken by an exclusive load.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Zcache, ZCACHE_3_10, ZcacheFrontswap } from "zspec";
 *
 * const frontswap = new ZcacheFrontswap(new Zcache(ZCACHE_3_10));
 * frontswap.init(0);
 * const page = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);
 * assertEquals(frontswap.store(0, 42, page), true);
 * const into = new Uint8Array(4096);
 * assertEquals(frontswap.load(0, 42, into), true);
 * assertEquals(into, page);
 * assertEquals(frontswap.load(0, 42, into), false);
 * ```
 */
export class ZcacheFrontswap {
  /** What keeps the pages. */
  readonly zcache: Zcache;
  /** Whether a load takes the page: see {@linkcode ZcacheFrontswapOptions}. */
  readonly exclusiveGets: boolean;
  /** What it counts. */
  readonly counters: FrontswapCounters = {
    loads: 0,
    succ_stores: 0,
    failed_stores: 0,
    invalidates: 0,
  };
  /** `frontswap_map` of each swap type that is on: offsets that it knows. */
  readonly maps: ReadonlyMap<number, ReadonlySet<number>>;

  readonly #maps = new Map<number, Set<number>>();
  /** `zcache_frontswap_poolid`: one pool for all swap types. */
  #pool: number | undefined;

  /** Without swap types. */
  constructor(zcache: Zcache, options: ZcacheFrontswapOptions = {}) {
    this.zcache = zcache;
    this.exclusiveGets = options.exclusiveGets ?? true;
    this.maps = this.#maps;
  }

  /** The pool, once a swap type was on and zcache had one. */
  get pool(): number | undefined {
    return this.#pool;
  }

  /** A swap type is on (`__frontswap_init`). */
  init(type: number): void {
    assertWhole("swap on", "type", type, 0, MAX_SWAP_TYPE);
    if (this.#maps.has(type)) {
      throw new Error(`Cannot swap on: type ${type} is on already`);
    }
    this.#pool ??= this.zcache.newPool("persistent");
    this.#maps.set(type, new Set());
  }

  /**
   * Stores a page and answers whether zcache took it. Where it did not, the
   * caller writes the page to the device, and frontswap forgets an older one.
   * Specifies `__frontswap_store`.
   */
  store(type: number, offset: number, page: Uint8Array): boolean {
    const map = this.#map(type, offset, "store a page");
    const [oid, index] = swizzle(type, offset);
    const isStored = this.#pool !== undefined && index <= MAX_INDEX &&
      this.zcache.putPage(this.#pool, oid, index, page) === undefined;
    if (isStored) map.add(offset);
    else map.delete(offset);
    this.counters[isStored ? "succ_stores" : "failed_stores"]++;
    return isStored;
  }

  /**
   * Fills `into` with a page and answers whether frontswap knew it. Specifies
   * `__frontswap_load`.
   */
  load(type: number, offset: number, into: Uint8Array): boolean {
    const map = this.#map(type, offset, "load a page");
    if (this.#pool === undefined || !map.has(offset)) return false;
    const [oid, index] = swizzle(type, offset);
    const andFree = this.exclusiveGets ? "free" : "keep";
    if (!this.zcache.getPage(this.#pool, oid, index, into, andFree)) {
      throw new Error(
        `Cannot load a page: frontswap knows ${type}:${offset}, zcache does not`,
      );
    }
    this.counters.loads++;
    if (this.exclusiveGets) map.delete(offset);
    return true;
  }

  /** The swap slot is free: drops its page (`__frontswap_invalidate_page`). */
  invalidatePage(type: number, offset: number): void {
    const map = this.#map(type, offset, "invalidate a page");
    if (this.#pool === undefined || !map.delete(offset)) return;
    this.zcache.flushPage(this.#pool, ...swizzle(type, offset));
    this.counters.invalidates++;
  }

  /** A swap type is off: drops its pages (`__frontswap_invalidate_area`). */
  invalidateArea(type: number): void {
    this.#map(type, 0, "swap off");
    this.#maps.delete(type);
    if (this.#pool === undefined) return;
    for (let nth = SWIZ_OBJECTS - 1; nth >= 0; nth--) {
      const [oid] = swizzle(type, nth);
      this.zcache.flushObject(this.#pool, oid);
    }
  }

  #map(type: number, offset: number, doing: string): Set<number> {
    assertWhole(doing, "offset", offset);
    const map = this.#maps.get(type);
    if (map === undefined) {
      throw new Error(`Cannot ${doing}: swap type ${type} is not on`);
    }
    return map;
  }
}

/** The highest index of an offset of 32 bits. */
const MAX_INDEX = Math.floor(TMEM_MAX_INDEX / SWIZ_OBJECTS);

/** The object and index of a swap slot (`oswiz`, `iswiz`). */
export function swizzle(
  type: number,
  offset: number,
): [oid: TmemOid, index: number] {
  const object = type * SWIZ_OBJECTS + offset % SWIZ_OBJECTS;
  return [[object, 0, 0], Math.floor(offset / SWIZ_OBJECTS)];
}
