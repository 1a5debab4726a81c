/**
 * zcache: clean pages of files and pages of swap, compressed, in frames of its
 * own. The former, ephemeral, may be dropped at any time; the latter,
 * persistent, never.
 */
import { type Codec, CorruptDataError } from "../codec/codec.ts";
import { lzo } from "../codec/lzo.ts";
import type { ZcacheProfile } from "../linux/zcache_profile.ts";
import { Memory, NO_PAGE } from "../memory/memory.ts";
import { assertLength, assertWhole } from "../rules/argument.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { isSameFilled, readWord32 } from "../zram/same_filled.ts";
import {
  KIND_PREFIX,
  type ZcacheCounters,
  zeroZcacheCounters,
} from "./stats.ts";
import {
  assertHandle,
  type GetAndFree,
  type TmemHandle,
  type TmemKind,
  type TmemOid,
  type TmemPamops,
  TmemPool,
} from "./tmem.ts";
import { ZcacheZbud } from "./zbud.ts";

/** What a page of zeros is kept as: no zpage's name. `zcache-main.c`, 3.10. */
export const ZERO_FILLED = 2;

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
  readonly counters: ZcacheCounters = zeroZcacheCounters();

  readonly #pools = new Map<number, TmemPool>();
  /** `zcache_dstmem`: two pages, for what does not compress. */
  readonly #dstmem: Uint8Array;
  readonly #pamops: TmemPamops = {
    getData: (pampd, kind, into) => this.#getData(pampd, kind, into),
    free: (pampd, kind) => this.#free(pampd, kind),
  };

  /** Without pools and frames. */
  constructor(profile: ZcacheProfile, options: ZcacheOptions = {}) {
    const { memory = new Memory(), codec = lzo } = options;
    this.profile = profile;
    this.memory = memory;
    this.codec = codec;
    this.zbud = {
      ephemeral: new ZcacheZbud(memory, profile),
      persistent: new ZcacheZbud(memory, profile),
    };
    this.pools = this.#pools;
    this.#dstmem = new Uint8Array(2 * memory.pageSize);
  }

  /**
   * A new pool's number, the lowest that is free; nothing where all are taken.
   * Specifies `zcache_new_pool`.
   */
  newPool(kind: TmemKind): number | undefined {
    for (let id = 0; id < this.profile.maxPools; id++) {
      if (this.#pools.has(id)) continue;
      this.#pools.set(id, new TmemPool(id, kind, this.#pamops));
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
    const pampd = this.#create({ poolId, oid, index }, pool.kind, page);
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
      const pfn = this.#evictEphPageframe();
      if (pfn === undefined) break;
      this.#freePage(pfn);
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

  /** What a page is kept as; nothing where it is refused (`zcache_pampd_create`). */
  #create(
    handle: TmemHandle,
    kind: TmemKind,
    page: Uint8Array,
  ): number | undefined {
    const { counters } = this;
    const prefix = KIND_PREFIX[kind];
    if (this.profile.zeroFilled === "marked" && isZeroFilled(page)) {
      counters.zero_filled_pages++;
      counters[`${prefix}_zpages`]++;
      return ZERO_FILLED;
    }
    const data = this.#compress(page);
    if (!this.#accepts(kind, data.length)) return undefined;
    const pampd = this.zbud[kind].matchPrep(handle, data) ??
      this.#createInFrame(handle, kind, data);
    if (pampd === undefined) return undefined;
    counters[`${prefix}_zpages`]++;
    counters[`${prefix}_zbytes`] += data.length;
    return pampd;
  }

  #compress(page: Uint8Array): Uint8Array {
    const length = this.codec.compress(page, this.#dstmem);
    if (length === 0) {
      throw new KernelBug(
        "zcache_compress",
        "stop: the page is not compressed",
      );
    }
    return this.#dstmem.subarray(0, length);
  }

  /** Whether a page of so many bytes is kept, if there is memory for it. */
  #accepts(kind: TmemKind, length: number): boolean {
    const { counters } = this;
    const { pageSize } = this.memory;
    const most = kind === "ephemeral"
      ? this.zbud.ephemeral.maxBuddySize
      : this.profile.maxZsize(pageSize);
    if (length > most) {
      counters.compress_poor++;
      return false;
    }
    const mean = this.profile.maxMeanZsize(pageSize);
    if (kind === "ephemeral" || length <= mean || counters.pers_zpages === 0) {
      return true;
    }
    // div_u64.
    if (Math.floor(counters.pers_zbytes / counters.pers_zpages) <= mean) {
      return true;
    }
    counters.mean_compress_poor++;
    return false;
  }

  /** Puts a zpage into a new frame, or into one that is evicted for it. */
  #createInFrame(
    handle: TmemHandle,
    kind: TmemKind,
    data: Uint8Array,
  ): number | undefined {
    const { counters } = this;
    const pfn = this.#allocPage() ?? this.#eatEphemeral(kind);
    if (pfn === undefined) return undefined;
    counters[`${KIND_PREFIX[kind]}_pageframes`]++;
    return this.zbud[kind].createPrep(handle, data, pfn);
  }

  #allocPage(): number | undefined {
    const pfn = this.memory.allocPage();
    if (pfn === NO_PAGE) {
      this.counters.failed_getfreepages++;
      return undefined;
    }
    this.counters.pageframes_alloced++;
    return pfn;
  }

  #eatEphemeral(kind: TmemKind): number | undefined {
    const pfn = this.#evictEphPageframe();
    const ate = kind === "ephemeral" ? "eph_ate_tail" : "pers_ate_eph";
    this.counters[pfn === undefined ? `${ate}_failed` as const : ate]++;
    return pfn;
  }

  /** The oldest ephemeral frame, emptied (`zcache_evict_eph_pageframe`). */
  #evictEphPageframe(): number | undefined {
    const { counters } = this;
    const evicted = this.zbud.ephemeral.evictPageframeLru(
      ({ poolId, oid, index }) =>
        this.#pools.get(poolId)?.flushPage(oid, index),
    );
    if (evicted === undefined) return undefined;
    counters.eph_zbytes -= evicted.zsize;
    counters.eph_zpages -= evicted.zpages;
    counters.evicted_eph_zpages += evicted.zpages;
    counters.eph_pageframes--;
    counters.evicted_eph_pageframes++;
    return evicted.pfn;
  }

  #freePage(pfn: number): void {
    this.memory.freePage(pfn);
    this.counters.pageframes_freed++;
  }

  /** Fills `into` from what a page is kept as (`zcache_pampd_get_data`). */
  #getData(pampd: number, kind: TmemKind, into: Uint8Array): void {
    if (pampd === ZERO_FILLED) {
      into.fill(0);
      return;
    }
    try {
      this.codec.decompress(this.zbud[kind].data(pampd), into);
    } catch (error) {
      if (!(error instanceof CorruptDataError)) throw error;
      throw new KernelBug("zcache_decompress", "stop: the data is damaged");
    }
  }

  /** Frees what a page is kept as, and its frame (`zcache_pampd_free`). */
  #free(pampd: number, kind: TmemKind): void {
    const { counters } = this;
    const prefix = KIND_PREFIX[kind];
    if (pampd === ZERO_FILLED) {
      counters.zero_filled_pages--;
      counters[`${prefix}_zpages`]--;
      return;
    }
    const { zsize, zpages, pfn } = this.zbud[kind].freeAndDelist(pampd);
    counters[`${prefix}_zpages`] -= zpages;
    counters[`${prefix}_zbytes`] -= zsize;
    if (pfn === undefined) return;
    counters[`${prefix}_pageframes`]--;
    this.#freePage(pfn);
  }
}

/** Whether a page is all zeros (`page_is_zero_filled`). */
function isZeroFilled(page: Uint8Array): boolean {
  return readWord32(page, 0) === 0 && isSameFilled(page, 4);
}
