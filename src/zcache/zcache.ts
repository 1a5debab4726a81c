/**
 * zcache: clean pages of files and pages of swap, compressed, in frames of its
 * own. The former, ephemeral, may be dropped at any time; the latter,
 * persistent, never.
 */
import type { Codec } from "../codec/codec.ts";
import { lzo } from "../codec/lzo.ts";
import type { ZcacheProfile } from "../linux/zcache_profile.ts";
import { Memory } from "../memory/memory.ts";
import { assertHas, assertLength, assertWhole } from "../rules/argument.ts";
import { ZcachePam } from "./pam.ts";
import { KIND_PREFIX, type ZcacheCounters } from "./stats.ts";
import {
  assertHandle,
  type GetAndFree,
  type TmemKind,
  type TmemOid,
  TmemPool,
} from "./tmem.ts";
import type { ZcacheZbud } from "./zbud.ts";

/** What a {@linkcode Zcache} can be told when it is made. */
export interface ZcacheOptions {
  /** Where it takes its frames from. Default: a memory of its own. */
  memory?: Memory;
  /** The boot parameter `zcache=`. Default: lzo. */
  codec?: Codec;
}

/** The page cache, as the shrinker sees it: pages of files on the LRU lists. */
export interface FilePages {
  /** NR_ACTIVE_FILE. */
  readonly active: number;
  /** NR_INACTIVE_FILE. */
  readonly inactive: number;
}

/**
 * zcache of one kernel. Specifies `zcache-main.c`, `drivers/staging/zcache`,
 * 3.9 and 3.10, for the kernel itself as the one client, without RAMster and
 * without CONFIG_ZCACHE_WRITEBACK, which no stable release finished: a
 * persistent page stays until it is flushed, or taken by an exclusive get.
 *
 * It knows no file and no swap device: see `Cleancache` and `ZcacheFrontswap`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Memory, Zcache, ZCACHE_3_10 } from "zspec";
 *
 * const zcache = new Zcache(ZCACHE_3_10, { memory: new Memory({ maxPages: 1 }) });
 * const files = Number(zcache.newPool("ephemeral"));
 * const swap = Number(zcache.newPool("persistent"));
 * const page = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);
 * zcache.putPage(files, [1, 0, 0], 0, page);
 * // The one frame is evicted for the page that may not be dropped.
 * assertEquals(zcache.putPage(swap, [1, 0, 0], 0, page), undefined);
 * assertEquals(zcache.getPage(files, [1, 0, 0], 0, page, "free-ephemeral"), false);
 * assertEquals(zcache.putPage(files, [1, 0, 0], 0, page), "ENOMEM");
 * assertEquals(zcache.counters.pers_ate_eph, 1);
 * ```
 */
export class Zcache {
  /** What kernel it is. */
  readonly profile: ZcacheProfile;
  /** The frames below. */
  readonly memory: Memory;
  /** What compresses. */
  readonly codec: Codec;
  /** The frames of ephemeral and of persistent pages: none has both. */
  readonly zbud: Readonly<Record<TmemKind, ZcacheZbud>>;
  /** The pools, by their numbers. */
  readonly pools: ReadonlyMap<number, TmemPool>;
  /** What it counts. */
  readonly counters: ZcacheCounters;

  readonly #pools = new Map<number, TmemPool>();
  readonly #pam: ZcachePam;

  /** Without pools and frames. */
  constructor(profile: ZcacheProfile, options: ZcacheOptions = {}) {
    const right = "a ZcacheProfile such as ZCACHE_3_10";
    assertHas("make zcache", "profile", profile, "maxPools", right);
    const { memory = new Memory(), codec = lzo } = options;
    this.profile = profile;
    this.memory = memory;
    this.codec = codec;
    this.#pam = new ZcachePam({
      profile,
      memory,
      codec,
      flush: ({ poolId, oid, index }) =>
        void this.#pools.get(poolId)?.flushPage(oid, index),
    });
    this.zbud = this.#pam.zbud;
    this.counters = this.#pam.counters;
    this.pools = this.#pools;
  }

  /**
   * A new pool's number, the lowest that is free; nothing where all are taken.
   * Specifies `zcache_new_pool`.
   */
  newPool(kind: TmemKind): number | undefined {
    for (let id = 0; id < this.profile.maxPools; id++) {
      if (this.#pools.has(id)) continue;
      this.#pools.set(id, new TmemPool(id, kind, this.#pam));
      return id;
    }
    return undefined;
  }

  /** Frees all pages of a pool, and its number (`zcache_client_destroy_pool`). */
  destroyPool(poolId: number): void {
    const pool = this.#pool(poolId, "destroy a pool");
    this.#pools.delete(poolId);
    pool.flush();
  }

  /**
   * Keeps a page. ENOMEM where it is refused: it compresses too little, or
   * there is no frame for it and no ephemeral one to evict. An older page at
   * the handle is dropped where the newer is kept; where that is refused, it
   * is as {@linkcode ZcacheProfile.failedPut} says. Specifies
   * `zcache_put_page`.
   */
  putPage(
    poolId: number,
    oid: TmemOid,
    index: number,
    page: Uint8Array,
  ): "ENOMEM" | undefined {
    const pool = this.#pool(poolId, "put a page");
    assertHandle(oid, index);
    assertLength("put a page", page, this.memory.pageSize);
    const pampd = this.#pam.create({ poolId, oid, index }, pool.kind, page);
    if (pampd !== undefined) {
      pool.put(oid, index, pampd);
      return undefined;
    }
    this.counters[`failed_${KIND_PREFIX[pool.kind]}_puts`]++;
    if (this.profile.failedPut === "older-goes") pool.flushPage(oid, index);
    return "ENOMEM";
  }

  /**
   * Fills `into` with a page and answers whether it is there. Specifies
   * `zcache_get_page`.
   */
  getPage(
    poolId: number,
    oid: TmemOid,
    index: number,
    into: Uint8Array,
    andFree: GetAndFree,
  ): boolean {
    const pool = this.#pool(poolId, "get a page");
    assertLength("get a page", into, this.memory.pageSize);
    return pool.get(oid, index, into, andFree);
  }

  /** Drops a page and answers whether it was there (`zcache_flush_page`). */
  flushPage(poolId: number, oid: TmemOid, index: number): boolean {
    const isFound = this.#pool(poolId, "flush a page").flushPage(oid, index);
    this.counters.flush_total++;
    if (isFound) this.counters.flush_found++;
    return isFound;
  }

  /** Drops an object and answers whether it was there (`zcache_flush_object`). */
  flushObject(poolId: number, oid: TmemOid): boolean {
    const isFound = this.#pool(poolId, "flush an object").flushObject(oid);
    this.counters.flobj_total++;
    if (isFound) this.counters.flobj_found++;
    return isFound;
  }

  /**
   * Evicts the oldest ephemeral frames until there are no more of them than
   * pages in the page cache, whatever `nr` is, unless that is 0; answers with
   * what the kernel takes for the number that is left. Specifies
   * `shrink_zcache_memory`, which adds the inactive pages that it means to
   * subtract.
   */
  shrink(nr: number, { active, inactive }: FilePages): number {
    assertWhole("shrink", "nr", nr);
    assertWhole("shrink", "active", active);
    assertWhole("shrink", "inactive", inactive);
    const { counters } = this;
    const surplus = counters.eph_pageframes - (active + inactive);
    for (let evicted = 0; nr > 0 && evicted < surplus; evicted++) {
      const pfn = this.#pam.evictEphPageframe();
      if (pfn === undefined) break;
      this.#pam.freePage(pfn);
    }
    return Math.max(0, counters.eph_pageframes - active + inactive);
  }

  #pool(poolId: number, doing: string): TmemPool {
    const pool = this.#pools.get(poolId);
    if (pool === undefined) {
      throw new RangeError(`Cannot ${doing}: there is no pool ${poolId}`);
    }
    return pool;
  }
}
