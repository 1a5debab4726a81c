/**
 * zcache's zbud: at most two compressed pages in a frame, each with its tmem
 * handle in front, and the frames in the order in which they got their last
 * one, so that the oldest can be had by evicting both.
 *
 * It is older than `mm/zbud.c`, which is made after it, and is not that:
 *
 * - A frame has no header: what `mm/zbud.c` has there is in `struct page`, and
 *   all 64 chunks are for zpages, of up to 63 chunks with their handle.
 * - Of frames that do equally well the one is taken that has waited longest.
 * - What is evicted is not asked: each zpage's handle tells tmem what to
 *   forget, and the frame goes to whoever evicted, not to the page allocator.
 *
 * Specifies `zbud.c`, `drivers/staging/zcache`, 3.9 and 3.10. Locks and
 * `unevictable`, which keeps evictors from a zpage that is being made, are left
 * out: one operation runs after another.
 *
 * ```text
 * zbud 0 from the start                        zbud 1 to the end
 * | handle data … |          free              | handle data … |
 * ```
 */
import type { ZcacheProfile } from "../linux/zcache_profile.ts";
import {
  type Memory,
  PAGE_INDEX,
  PAGE_PRIVATE,
  PAGE_STRIDE,
} from "../memory/memory.ts";
import { readHandle, writeHandle } from "./handle.ts";
import type { TmemHandle } from "./tmem.ts";

/** Which of a frame's two zpages. */
export type Budnum = 0 | 1;

/** Both. */
export const BUDNUMS: readonly Budnum[] = [0, 1];

/**
 * Where `struct zbudpage`, which lies over `struct page`, has a zpage's size:
 * bytes with its handle, 0 where there is none.
 */
const SIZE_WORDS = [PAGE_PRIVATE, PAGE_INDEX];

/** What became of a zpage that was freed, or of an evicted frame's. */
export interface FreedZpages {
  /** Bytes of data, handles aside. */
  readonly zsize: number;
  /** Zpages; none where their frame is being evicted. */
  readonly zpages: number;
  /** The frame, where it holds none now; it is the caller's. */
  readonly pfn?: number;
}

const DYING: FreedZpages = { zsize: 0, zpages: 0 };

/**
 * The frames of one kind of zpages, ephemeral or persistent: the kernel has all
 * lists and counts twice. A zpage is named by its `zbudref`, which tells the
 * frame and which of its two it is.
 */
export class ZcacheZbud {
  /** The frames below. */
  readonly memory: Memory;
  /** What kernel it is. */
  readonly profile: ZcacheProfile;
  /** Frames with one zpage, by the chunks that it takes; the longest there first. */
  readonly unbuddied: readonly ReadonlySet<number>[];
  /** Frames with two zpages. */
  readonly buddied: ReadonlySet<number>;
  /** All frames, from the one that got its last zpage first. */
  readonly lru: ReadonlySet<number>;
  /** `zbytes`: bytes of all zpages with their handles. */
  zbytes = 0;
  /** `zpages`: how many there are. */
  zpages = 0;
  /** `evicted_pageframes`: frames that were evicted. */
  evictedPageframes = 0;
  /** `cumul_zpages`: zpages that there ever were. */
  cumulZpages = 0;

  readonly #unbuddied: readonly Set<number>[];
  readonly #buddied = new Set<number>();
  readonly #lru = new Set<number>();
  /** The frame that is being evicted: what is in it is gone already. */
  #dying: number | undefined;

  /** No frames yet. */
  constructor(memory: Memory, profile: ZcacheProfile) {
    this.memory = memory;
    this.profile = profile;
    this.#unbuddied = Array.from(
      { length: memory.pageSize / profile.chunkSize },
      () => new Set<number>(),
    );
    this.unbuddied = this.#unbuddied;
    this.buddied = this.#buddied;
    this.lru = this.#lru;
  }

  /** Bytes of the largest data: a chunk is left, and room for the handle. */
  get maxBuddySize(): number {
    const { chunkSize, handleBytes } = this.profile;
    return this.memory.pageSize - chunkSize - handleBytes;
  }

  /** Bytes of a zpage with its handle, 0 where there is none. */
  size(pfn: number, budnum: Budnum): number {
    return this.memory.page[pfn * PAGE_STRIDE + SIZE_WORDS[budnum]];
  }

  /** Chunks that so many bytes take (`zbud_size_to_chunks`). */
  sizeToChunks(size: number): number {
    return Math.ceil(size / this.profile.chunkSize);
  }

  /** The physical address of a zpage's handle (`zbud_data`). */
  addressOf(pfn: number, budnum: Budnum): number {
    const { pageSize } = this.memory;
    if (budnum === 0) return pfn * pageSize;
    const chunks = this.sizeToChunks(this.size(pfn, 1));
    return (pfn + 1) * pageSize - chunks * this.profile.chunkSize;
  }

  /** The handle of a zpage, as it stands in the frame. */
  handleOf(pfn: number, budnum: Budnum): TmemHandle {
    return readHandle(this.memory, this.addressOf(pfn, budnum));
  }

  /**
   * Puts a zpage beside another, if one leaves room for it: the one that
   * leaves least. Specifies `zbud_match_prep`.
   */
  matchPrep(handle: TmemHandle, data: Uint8Array): number | undefined {
    const chunks = this.sizeToChunks(data.length + this.profile.handleBytes);
    const most = this.#unbuddied.length - chunks;
    for (let used = most; used > 0; used--) {
      const [pfn] = this.#unbuddied[used];
      if (pfn === undefined) continue;
      this.#unbuddied[used].delete(pfn);
      this.#buddied.add(pfn);
      // Newest once more.
      this.#lru.delete(pfn);
      this.#lru.add(pfn);
      const budnum = this.size(pfn, 0) === 0 ? 0 : 1;
      return this.#initZbud(pfn, budnum, handle, data);
    }
    return undefined;
  }

  /** Puts a zpage into a frame of its own. Specifies `zbud_create_prep`. */
  createPrep(handle: TmemHandle, data: Uint8Array, pfn: number): number {
    const chunks = this.sizeToChunks(data.length + this.profile.handleBytes);
    for (const budnum of BUDNUMS) this.#setSize(pfn, budnum, 0);
    this.#unbuddied[chunks].add(pfn);
    this.#lru.add(pfn);
    return this.#initZbud(pfn, 0, handle, data);
  }

  /** A zpage's data, a view that is good until the memory grows. */
  data(zbudref: number): Uint8Array {
    const { pfn, budnum } = this.#live(zbudref, "read");
    const from = this.addressOf(pfn, budnum);
    const size = this.size(pfn, budnum);
    const { handleBytes } = this.profile;
    return this.memory.bytes.subarray(from + handleBytes, from + size);
  }

  /**
   * Frees a zpage; the frame stays where it is in the order of age. Specifies
   * `zbud_free_and_delist`, which does nothing in a frame that is evicted.
   */
  freeAndDelist(zbudref: number): FreedZpages {
    if (zbudPfn(zbudref) === this.#dying) return DYING;
    const { pfn, budnum } = this.#live(zbudref, "free");
    const size = this.size(pfn, budnum);
    const other = this.size(pfn, budnum === 0 ? 1 : 0);
    this.#unuseZbud(pfn, budnum);
    const zsize = size - this.profile.handleBytes;
    if (other !== 0) {
      this.#buddied.delete(pfn);
      this.#unbuddied[this.sizeToChunks(other)].add(pfn);
      return { zsize, zpages: 1 };
    }
    this.#unbuddied[this.sizeToChunks(size)].delete(pfn);
    this.#lru.delete(pfn);
    return { zsize, zpages: 1, pfn };
  }

  /**
   * Evicts all zpages of the oldest frame and answers with it; `flush` is
   * told of each and has tmem forget it. Nothing where there is no frame.
   * Specifies `zbud_evict_pageframe_lru`, for ephemeral frames alone.
   */
  evictPageframeLru(
    flush: (handle: TmemHandle) => void,
  ): Required<FreedZpages> | undefined {
    const [pfn] = this.#lru;
    if (pfn === undefined) return undefined;
    const used = BUDNUMS.filter((budnum) => this.size(pfn, budnum) > 0);
    const handles = used.map((budnum) => this.handleOf(pfn, budnum));
    this.#lru.delete(pfn);
    this.#buddied.delete(pfn);
    let zsize = 0;
    for (const budnum of used) {
      const size = this.size(pfn, budnum);
      this.#unbuddied[this.sizeToChunks(size)].delete(pfn);
      zsize += size - this.profile.handleBytes;
      this.#unuseZbud(pfn, budnum);
    }
    this.evictedPageframes++;
    this.#dying = pfn;
    handles.forEach(flush);
    this.#dying = undefined;
    return { zsize, zpages: used.length, pfn };
  }

  /** Writes a zpage and its size (`zbud_init_zbud`). */
  #initZbud(
    pfn: number,
    budnum: Budnum,
    handle: TmemHandle,
    data: Uint8Array,
  ): number {
    const size = data.length + this.profile.handleBytes;
    this.#setSize(pfn, budnum, size);
    const at = this.addressOf(pfn, budnum);
    writeHandle(this.memory, at, handle);
    this.memory.bytes.set(data, at + this.profile.handleBytes);
    this.zpages++;
    this.cumulZpages++;
    this.zbytes += size;
    return zbudref(pfn, budnum);
  }

  /** A zpage is no more (`zbud_unuse_zbud`). */
  #unuseZbud(pfn: number, budnum: Budnum): void {
    this.zpages--;
    this.zbytes -= this.size(pfn, budnum);
    this.#setSize(pfn, budnum, 0);
  }

  #setSize(pfn: number, budnum: Budnum, size: number): void {
    this.memory.page[pfn * PAGE_STRIDE + SIZE_WORDS[budnum]] = size;
  }

  #live(zbudref: number, verb: string): { pfn: number; budnum: Budnum } {
    const pfn = zbudPfn(zbudref);
    const budnum = zbudBudnum(zbudref);
    if (this.#lru.has(pfn) && this.size(pfn, budnum) > 0) {
      return { pfn, budnum };
    }
    throw new Error(
      `Cannot ${verb}: zbudref ${zbudref} names no zpage, zbud ${budnum} of page ${pfn}`,
    );
  }
}

/**
 * The name of a zpage: in the kernel the address of the frame's `struct page`,
 * with the number in its lowest bit. Here a `struct page` has four bytes.
 */
export function zbudref(pfn: number, budnum: Budnum): number {
  return 4 * pfn + budnum;
}

/** The frame of a zpage (`zbudref_to_zbudpage`). */
export function zbudPfn(zbudref: number): number {
  return Math.floor(zbudref / 4);
}

/** Which of its frame's zpages it is (`zbudref_budnum`). */
export function zbudBudnum(zbudref: number): Budnum {
  return zbudref % 2 === 0 ? 0 : 1;
}
