/**
 * What zcache keeps pages as, the "pampds" of its page-accessible memory:
 * zpages of zbud, and a mark for pages of zeros. Knows no pool and no object.
 */
import { type Codec, CorruptDataError } from "../codec/codec.ts";
import type { ZcacheProfile } from "../linux/zcache_profile.ts";
import { type Memory, NO_PAGE } from "../memory/memory.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { isSameFilled, readWord32 } from "../zram/same_filled.ts";
import {
  KIND_PREFIX,
  type ZcacheCounters,
  zeroZcacheCounters,
} from "./stats.ts";
import type { TmemHandle, TmemKind, TmemPamops } from "./tmem.ts";
import { ZcacheZbud } from "./zbud.ts";

/** What a page of zeros is kept as: no zpage's name. `zcache-main.c`, 3.10. */
export const ZERO_FILLED = 2;

/** What {@linkcode ZcachePam} is made of. */
export interface ZcachePamParts {
  /** What kernel it is. */
  readonly profile: ZcacheProfile;
  /** The frames below. */
  readonly memory: Memory;
  /** What compresses. */
  readonly codec: Codec;
  /** Has tmem forget a page that is evicted. */
  readonly flush: (handle: TmemHandle) => void;
}

/** Compressed pages in frames. Specifies the pamops of `zcache-main.c`, 3.9 and 3.10. */
export class ZcachePam implements TmemPamops {
  /** The frames of ephemeral and of persistent pages: none has both. */
  readonly zbud: Readonly<Record<TmemKind, ZcacheZbud>>;
  /** What it counts, and what is counted above it. */
  readonly counters: ZcacheCounters = zeroZcacheCounters();

  readonly #parts: ZcachePamParts;
  /** `zcache_dstmem`: two pages, for what does not compress. */
  readonly #dstmem: Uint8Array;

  /** Without frames. */
  constructor(parts: ZcachePamParts) {
    const { memory, profile } = parts;
    this.#parts = parts;
    this.#dstmem = new Uint8Array(2 * memory.pageSize);
    this.zbud = {
      ephemeral: new ZcacheZbud(memory, profile),
      persistent: new ZcacheZbud(memory, profile),
    };
  }

  /** What a page is kept as; nothing where it is refused (`zcache_pampd_create`). */
  create(
    handle: TmemHandle,
    kind: TmemKind,
    page: Uint8Array,
  ): number | undefined {
    const { counters } = this;
    const prefix = KIND_PREFIX[kind];
    if (this.#parts.profile.zeroFilled === "marked" && isZeroFilled(page)) {
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
    const length = this.#parts.codec.compress(page, this.#dstmem);
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
    const { pageSize } = this.#parts.memory;
    const most = kind === "ephemeral"
      ? this.zbud.ephemeral.maxBuddySize
      : this.#parts.profile.maxZsize(pageSize);
    if (length > most) {
      counters.compress_poor++;
      return false;
    }
    const mean = this.#parts.profile.maxMeanZsize(pageSize);
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
    const pfn = this.#parts.memory.allocPage();
    if (pfn === NO_PAGE) {
      this.counters.failed_getfreepages++;
      return undefined;
    }
    this.counters.pageframes_alloced++;
    return pfn;
  }

  #eatEphemeral(kind: TmemKind): number | undefined {
    const pfn = this.evictEphPageframe();
    const ate = kind === "ephemeral" ? "eph_ate_tail" : "pers_ate_eph";
    this.counters[pfn === undefined ? `${ate}_failed` as const : ate]++;
    return pfn;
  }

  /** The oldest ephemeral frame, emptied (`zcache_evict_eph_pageframe`). */
  evictEphPageframe(): number | undefined {
    const { counters } = this;
    const { flush } = this.#parts;
    const evicted = this.zbud.ephemeral.evictPageframeLru(flush);
    if (evicted === undefined) return undefined;
    counters.eph_zbytes -= evicted.zsize;
    counters.eph_zpages -= evicted.zpages;
    counters.evicted_eph_zpages += evicted.zpages;
    counters.eph_pageframes--;
    counters.evicted_eph_pageframes++;
    return evicted.pfn;
  }

  /** Gives a frame back (`zcache_free_page`). */
  freePage(pfn: number): void {
    this.#parts.memory.freePage(pfn);
    this.counters.pageframes_freed++;
  }

  /** Fills `into` from what a page is kept as (`zcache_pampd_get_data`). */
  getData(pampd: number, kind: TmemKind, into: Uint8Array): void {
    if (pampd === ZERO_FILLED) {
      into.fill(0);
      return;
    }
    try {
      this.#parts.codec.decompress(this.zbud[kind].data(pampd), into);
    } catch (error) {
      if (!(error instanceof CorruptDataError)) throw error;
      throw new KernelBug("zcache_decompress", "stop: the data is damaged");
    }
  }

  /** Frees what a page is kept as, and its frame (`zcache_pampd_free`). */
  free(pampd: number, kind: TmemKind): void {
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
    this.freePage(pfn);
  }
}

/** Whether a page is all zeros (`page_is_zero_filled`). */
function isZeroFilled(page: Uint8Array): boolean {
  return readWord32(page, 0) === 0 && isSameFilled(page, 4);
}
