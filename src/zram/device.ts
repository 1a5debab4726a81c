/** The block device: pages go in, compressed objects lie in a zsmalloc pool. */
import type { Codec } from "../codec/codec.ts";
import { lz4 } from "../codec/lz4.ts";
import type { Errno } from "../linux/errno.ts";
import type { IoStat, Profile } from "../linux/profile.ts";
import { Memory } from "../memory/memory.ts";
import { ZsPool } from "../zsmalloc/pool.ts";
import { fillPage, isSameFilled, readWord32 } from "./same_filled.ts";
import { Slots, ZRAM_HUGE, ZRAM_IDLE, ZRAM_SAME } from "./slots.ts";
import { type MmStat, zeroStats, type ZramStats } from "./stat.ts";

/** What a {@linkcode Zram} can be told when it is made. */
export interface ZramOptions {
  /** Codecs beside the kernel's `lz4`; one of that name takes its place. */
  codecs?: readonly Codec[];
  /** Where the device's pool takes its frames from. */
  memory?: Memory;
}

function zeroIoStat(): IoStat {
  return {
    failedReads: 0,
    failedWrites: 0,
    invalidIo: 0,
    notifyFree: 0,
    writestall: 0,
    missFree: 0,
  };
}

/**
 * A zram device with its disk at `/dev/zramN`. Specifies `struct zram` and its
 * operations, `drivers/block/zram/zram_drv.c`. Its sysfs attributes are read
 * and written by `readAttribute` and `writeAttribute`.
 *
 * Pages are numbered from 0; a page read or written is a whole one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, Zram } from "zspec";
 *
 * const zram = new Zram(LINUX_6_18);
 * zram.setAlgorithm("lz4");
 * zram.setDisksize(1 << 20);
 * zram.write(3, Uint8Array.from({ length: 4096 }, (_, at) => at % 251));
 * assertEquals(zram.mmStat().orig_data_size, 4096);
 * assertEquals(zram.mmStat().compr_data_size, 276);
 * ```
 */
export class Zram {
  /** What kernel the device is one of. */
  readonly profile: Profile;
  /** Where the device's pool takes its frames from. */
  readonly memory: Memory;
  /** `comp_algorithm`: the algorithm's name. */
  algorithm: string;
  /** `disksize` in bytes: 0 until the device is initialised. */
  disksize = 0;
  /** `mem_limit` in pages: 0 is no limit. */
  limitPages = 0;
  /** Counters of what is stored. */
  stats: ZramStats = zeroStats();
  /** Counters of what was asked. */
  ioStat: IoStat = zeroIoStat();
  /** The pool: there from `setDisksize` to `reset`. */
  pool: ZsPool | undefined;
  /** The slots: likewise. */
  slots: Slots = new Slots(0);

  readonly #codecs: ReadonlyMap<string, Codec>;
  /** Specifies `zstrm->buffer`: room for a page that does not compress. */
  readonly #buffer: Uint8Array<ArrayBuffer>;
  #codec: Codec | undefined;

  /** A fresh device of size 0. Specifies `zram_add`. */
  constructor(profile: Profile, options: ZramOptions = {}) {
    const { pageSize } = profile;
    this.profile = profile;
    this.algorithm = profile.zram.defaultAlgorithm;
    this.memory = options.memory ?? new Memory({ pageSize });
    const codecs = [lz4, ...options.codecs ?? []];
    this.#codecs = new Map(codecs.map((codec) => [codec.name, codec]));
    this.#buffer = new Uint8Array(2 * pageSize);
  }

  /** Algorithms that the device can be set to, the kernel's first. */
  get algorithms(): readonly string[] {
    return [
      ...new Set([...this.profile.zram.compAlgorithms, ...this.#codecs.keys()]),
    ];
  }

  /**
   * Chooses the algorithm: EINVAL for one that is not available, EBUSY on an
   * initialised device. Specifies `comp_algorithm_store`.
   */
  setAlgorithm(name: string): Errno | undefined {
    if (!this.algorithms.includes(name)) return "EINVAL";
    if (this.disksize !== 0) return "EBUSY";
    this.algorithm = name;
  }

  /**
   * Initialises the device with a disk of `bytes`, rounded up to whole pages:
   * EINVAL for 0, EBUSY on an initialised device. Throws where the kernel has
   * the algorithm and zspec has no codec for it. Specifies `disksize_store`.
   */
  setDisksize(bytes: number): Errno | undefined {
    if (bytes === 0) return "EINVAL";
    if (this.disksize !== 0) return "EBUSY";
    const codec = this.#codecs.get(this.algorithm);
    if (codec === undefined) {
      throw new Error(
        `Cannot initialise zram: there is no codec for '${this.algorithm}', only for ${
          [...this.#codecs.keys()].join(", ")
        }`,
      );
    }
    const { pageSize } = this.profile;
    const pages = Math.ceil(bytes / pageSize);
    this.slots = new Slots(pages);
    this.pool = new ZsPool(this.profile, { memory: this.memory });
    this.#codec = codec;
    this.disksize = pages * pageSize;
  }

  /** Back to a fresh device, all memory given back (`zram_reset_device`). */
  reset(): void {
    for (let page = 0; page < this.slots.length; page++) this.#freePage(page);
    this.slots = new Slots(0);
    this.pool = undefined;
    this.#codec = undefined;
    this.limitPages = 0;
    this.disksize = 0;
    this.stats = zeroStats();
    this.ioStat = zeroIoStat();
    if (this.profile.zram.resetRestoresAlgorithm) {
      this.algorithm = this.profile.zram.defaultAlgorithm;
    }
  }

  /**
   * Writes one page and returns the bytes by which it now counts in
   * `compr_data_size`: 0 for a same-filled page, the page size for one stored
   * whole. EIO outside the disk, and where no memory can be had or the limit
   * is passed; the page written before is then still there.
   * Specifies `zram_bvec_write` (`zram_write_page` since 6.4).
   */
  write(page: number, data: Uint8Array): number | Errno {
    const { pageSize } = this.profile;
    if (data.length !== pageSize) {
      throw new RangeError(
        `Cannot write page ${page}: the 'data' has ${data.length} bytes, not ${pageSize}`,
      );
    }
    if (!this.#isValidRequest(page)) return "EIO";
    const stored = this.#writePage(page, data);
    this.slots.clearFlag(page, ZRAM_IDLE);
    if (stored === "ENOMEM") {
      this.ioStat.failedWrites++;
      return "EIO";
    }
    return stored;
  }

  /**
   * Reads one page into `into`: zeros where nothing is stored. EIO outside the
   * disk. Specifies `zram_bvec_read` (`zram_read_page` since 6.4).
   */
  read(page: number, into: Uint8Array): Errno | undefined {
    const { pageSize } = this.profile;
    if (into.length !== pageSize) {
      throw new RangeError(
        `Cannot read page ${page}: the 'into' has ${into.length} bytes, not ${pageSize}`,
      );
    }
    if (!this.#isValidRequest(page)) return "EIO";
    this.#readPage(page, into);
    this.slots.clearFlag(page, ZRAM_IDLE);
  }

  /**
   * Frees `pages` pages from `page` on, each counted in `notify_free` whether
   * it was stored or not. EIO where the range leaves the disk.
   * Specifies `zram_bio_discard`.
   */
  discard(page: number, pages: number): Errno | undefined {
    if (!this.#isValidRequest(page, pages)) return "EIO";
    for (let nth = 0; nth < pages; nth++) {
      this.#freePage(page + nth);
      this.ioStat.notifyFree++;
    }
  }

  /** Compacts the pool: EINVAL before initialisation (`compact_store`). */
  compact(): Errno | undefined {
    if (this.pool === undefined) return "EINVAL";
    this.pool.compact();
  }

  /** Marks every stored page idle: EINVAL before initialisation (`idle_store`). */
  markIdle(): Errno | undefined {
    if (this.pool === undefined) return "EINVAL";
    for (let page = 0; page < this.slots.length; page++) {
      if (this.slots.isAllocated(page)) this.slots.setFlag(page, ZRAM_IDLE);
    }
  }

  /** Lowers `mem_used_max` to what is used now (`mem_used_max_store`). */
  resetMemUsedMax(): void {
    this.stats.maxUsedPages = this.pool?.pagesAllocated ?? 0;
  }

  /** The numbers of `mm_stat` (`mm_stat_show`). */
  mmStat(): MmStat {
    const { stats } = this;
    const { pageSize } = this.profile;
    return {
      orig_data_size: stats.pagesStored * pageSize,
      compr_data_size: stats.comprDataSize,
      mem_used_total: (this.pool?.pagesAllocated ?? 0) * pageSize,
      mem_limit: this.limitPages * pageSize,
      mem_used_max: stats.maxUsedPages * pageSize,
      same_pages: stats.samePages,
      pages_compacted: this.pool?.pagesCompacted ?? 0,
      huge_pages: stats.hugePages,
      huge_pages_since: stats.hugePagesSince,
    };
  }

  /** Whether a request lies on the disk; else it counts (`valid_io_request`). */
  #isValidRequest(page: number, pages = 1): boolean {
    const valid = Number.isInteger(page) && Number.isInteger(pages) &&
      page >= 0 && pages >= 1 && page + pages <= this.slots.length;
    if (!valid) this.ioStat.invalidIo++;
    return valid;
  }

  #writePage(page: number, data: Uint8Array): number | "ENOMEM" {
    const wordBytes = this.profile.wordBits / 8;
    if (isSameFilled(data, wordBytes)) {
      const high = wordBytes === 8 ? readWord32(data, 4) : 0;
      this.#freePage(page);
      this.slots.setSame(page, readWord32(data, 0), high);
      this.stats.samePages++;
      this.stats.pagesStored++;
      return 0;
    }
    const { pool, codec } = this.#initialised();
    let source: Uint8Array = data;
    let length = codec.compress(data, this.#buffer);
    const huge = length >= pool.hugeClassSize;
    if (huge) length = data.length;
    else source = this.#buffer.subarray(0, length);

    const handle = this.#mallocWithinLimit(pool, length);
    if (handle === "ENOMEM") return "ENOMEM";
    pool.write(handle, source);
    this.#freePage(page);
    this.slots.setObject(page, handle, length, huge ? ZRAM_HUGE : 0);
    this.stats.comprDataSize += length;
    this.stats.pagesStored++;
    if (huge) {
      this.stats.hugePages++;
      this.stats.hugePagesSince++;
    }
    return length;
  }

  /**
   * An object for a page, or ENOMEM; what the pool grew to counts in
   * `mem_used_max` even where the limit then undoes it
   * (`zram_can_store_page`).
   */
  #mallocWithinLimit(pool: ZsPool, length: number): number | "ENOMEM" {
    const handle = pool.malloc(length);
    if (typeof handle === "string") {
      this.ioStat.writestall++;
      return "ENOMEM";
    }
    const { stats } = this;
    stats.maxUsedPages = Math.max(stats.maxUsedPages, pool.pagesAllocated);
    if (this.limitPages !== 0 && pool.pagesAllocated > this.limitPages) {
      pool.free(handle);
      return "ENOMEM";
    }
    return handle;
  }

  #readPage(page: number, into: Uint8Array): void {
    const { slots } = this;
    const handle = slots.handle(page);
    if (handle === 0) {
      fillPage(
        into,
        slots.elementLow(page),
        slots.elementHigh(page),
        this.profile.wordBits / 8,
      );
      return;
    }
    const { pool, codec } = this.#initialised();
    if (slots.has(page, ZRAM_HUGE)) {
      pool.read(handle, into);
      return;
    }
    const compressed = this.#buffer.subarray(0, slots.size(page));
    codec.decompress(pool.read(handle, compressed), into);
  }

  /** Empties a slot and frees what it held (`zram_free_page`). */
  #freePage(page: number): void {
    const { slots, stats } = this;
    if (slots.isAllocated(page)) {
      if (slots.has(page, ZRAM_SAME)) {
        stats.samePages--;
      } else {
        this.#initialised().pool.free(slots.handle(page));
        stats.comprDataSize -= slots.size(page);
        if (slots.has(page, ZRAM_HUGE)) stats.hugePages--;
      }
      stats.pagesStored--;
      slots.clear(page);
    }
  }

  /** The pool and the codec of an initialised device; else throws. */
  #initialised(): { pool: ZsPool; codec: Codec } {
    const { pool } = this;
    const codec = this.#codec;
    if (pool === undefined || codec === undefined) {
      throw new Error("Cannot use zram: the 'disksize' is 0");
    }
    return { pool, codec };
  }
}
