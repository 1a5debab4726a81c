/** The block device: pages go in, compressed objects lie in a zsmalloc pool. */
import { assertProfile } from "../linux/assert_profile.ts";
import type { Codec } from "../codec/codec.ts";
import type { Errno } from "../linux/errno.ts";
import { withoutNewline } from "../linux/kstrtox.ts";
import type { Profile } from "../linux/profile.ts";
import type { IoStat } from "../linux/zram_profile.ts";
import { Memory } from "../memory/memory.ts";
import { assertText, assertWhole } from "../rules/argument.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { Lockdep } from "../rules/lockdep.ts";
import { runToEnd, type Stop } from "../rules/stop.ts";
import type { ZsPool } from "../zsmalloc/pool.ts";
import type { AttachedBacking } from "./backing.ts";
import { setBackingDev } from "./backing_dev.ts";
import { submitBioSteps } from "./bio.ts";
import { type Bio, checkPageRequest, SECTOR_SIZE } from "./bio_request.ts";
import { resetDevice, setDisksize } from "./disksize.ts";
import { markAccessed, markIdle } from "./idle.ts";
import { openSteps, resetSteps } from "./lifecycle.ts";
import { ZramLocks } from "./locks.ts";
import type { ZramOptions } from "./options.ts";
import { rememberZram } from "./remember.ts";
import { RECOMPRESS } from "./recompress_orders.ts";
import { slotFreeNotify, slotFreeNotifySteps } from "./slot_free_notify.ts";
import { Slots } from "./slots.ts";
import { zramTableBytes } from "./table.ts";
import {
  type BdStat,
  bdStat,
  type MmStat,
  mmStat,
  zeroIoStat,
  zeroStats,
  type ZramStats,
} from "./stat.ts";
import { writePage } from "./write.ts";
import { readPage } from "./read.ts";
import { DEFAULT_BATCH_SIZE } from "./writeback_batches.ts";
import { WRITEBACK } from "./writebacks.ts";
import { Comps, MAX_COMPS, PRIMARY_COMP } from "./zcomp.ts";

/**
 * A zram device with its disk at `/dev/zramN`. Specifies `struct zram` and its
 * operations, `drivers/block/zram/zram_drv.c`. Its sysfs attributes are read
 * and written by `readAttribute` and `writeAttribute`.
 *
 * Pages are numbered from 0. `read`, `write` and `discard` are for whole pages;
 * `submitBio` takes requests in sectors.
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
  /** The clock: seconds since boot. */
  readonly now: () => number;
  /** The algorithms by priority. */
  readonly comps: Comps;
  /**
   * Room for a page that does not compress, for the while of one section: what
   * outlives it is in a stream's own buffer.
   */
  readonly buffer: Uint8Array<ArrayBuffer>;
  /** `disksize` in bytes: 0 until the device is initialised. */
  disksize = 0;
  /** `mem_limit` in pages: 0 is no limit. */
  limitPages = 0;
  /** `max_comp_streams`, where it can be set. */
  maxCompStreams = 1;
  /** Counters of what is stored. */
  stats: ZramStats = zeroStats();
  /** Counters of what was asked. */
  ioStat: IoStat = zeroIoStat();
  /** The pool: there from `setDisksize` to `reset`. */
  pool: ZsPool | undefined;
  /** The slots: likewise. */
  slots: Slots = new Slots(0);
  /** Compressed bytes from which on a page is stored whole; likewise. */
  wholeFrom = 0;
  /** The backing device, if one is set. */
  backing: AttachedBacking | undefined;
  /** `writeback_limit_enable`. */
  wbLimitEnable = false;
  /** `writeback_limit` in units of 4 KiB, 64 bits. */
  wbLimit = 0n;
  /** `writeback_batch_size`: pages on their way at a time (since 6.19). */
  wbBatchSize: number = DEFAULT_BATCH_SIZE;
  /** `compressed_writeback`: pages are written back as they are stored (since 7.0). */
  compressedWb = false;
  /** Blocks that nobody uses and nobody gives back before a reset (6.19 to 7.1). */
  lostBlocks = 0;
  /** Whether writeback or recompression runs (`pp_in_progress`, since 6.13). */
  ppInProgress = false;
  /** Operations under way that keep `reset` waiting (readers of `init_lock`). */
  initLockReaders = 0;
  /** Who runs, where somebody interleaves operations. */
  readonly lockdep: Lockdep = new Lockdep();
  /** Whether the table's pointer is still that of one that was freed (up to 6.13). */
  hasStaleTable = false;
  /** Whether `reset` keeps out whoever would open the disk (`claim`). */
  isClaimed = false;
  /** Requests under way that `reset` waits for (`refcount`, 4.0, 4.1). */
  references = 0;
  /** How many have the disk open (`disk_openers`). */
  openers = 0;
  /** How many of them exclusively (`bd_holders`). */
  holders = 0;

  readonly #options: ZramOptions;
  #locks: ZramLocks | undefined;

  /** A fresh device of size 0. Specifies `zram_add`. */
  constructor(profile: Profile, options: ZramOptions = {}) {
    assertProfile("make zram", profile);
    const { pageSize } = profile;
    this.profile = profile;
    this.memory = options.memory ?? new Memory({ pageSize });
    this.now = options.now ?? (() => 0);
    this.comps = new Comps(profile.zram, options.codecs ?? []);
    this.buffer = new Uint8Array(2 * pageSize);
    this.#options = options;
    if (options.totalRamPages !== undefined) {
      assertWhole("make zram", "totalRamPages", options.totalRamPages);
    }
  }

  /** The locks. */
  get locks(): ZramLocks {
    this.#locks ??= new ZramLocks(
      this.profile.zram.locking,
      this.lockdep,
      this.buffer.length,
    );
    return this.#locks;
  }

  /** `comp_algorithm`: the name of the algorithm that writes use. */
  get algorithm(): string {
    return this.comps.nameAt(PRIMARY_COMP) ?? "";
  }

  /** Algorithms that the device can be set to, the kernel's first. */
  get algorithms(): readonly string[] {
    return this.comps.available;
  }

  /** The pool of an initialised device; else throws. */
  get initialisedPool(): ZsPool {
    if (this.pool === undefined) {
      throw new Error("Cannot use zram: the 'disksize' is 0");
    }
    return this.pool;
  }

  /**
   * The codec of a priority that a slot has or a write uses. Throws a
   * {@linkcode KernelBug} where the device was set up without.
   */
  codecAt(priority: number): Codec {
    const codec = this.comps.codecAt(priority);
    if (codec === undefined) {
      throw new KernelBug(
        "zcomp_stream_get",
        `dereference a null pointer, as no algorithm has priority ${priority}`,
      );
    }
    return codec;
  }

  /**
   * Chooses an algorithm, a newline after its name aside: EINVAL for one that
   * is not available (up to 4.2, only `setDisksize` looks), EBUSY on an
   * initialised device. A priority above 0 is that of an algorithm that
   * recompresses. Specifies `comp_algorithm_store`, `recomp_algorithm_store`.
   */
  setAlgorithm(name: string, priority = PRIMARY_COMP): Errno | undefined {
    assertText("set an algorithm", "name", name);
    assertWhole("set an algorithm", "priority", priority, 0, MAX_COMPS - 1);
    const errno = this.comps.check(name);
    if (errno !== undefined) return errno;
    if (this.disksize !== 0) return "EBUSY";
    this.comps.set(withoutNewline(name), priority);
  }

  /**
   * Bytes that the device takes beside its pool: those of its table of slots.
   * See `zramTableBytes`.
   */
  get tableBytes(): number {
    return zramTableBytes(this.profile, this.disksize);
  }

  /**
   * Initialises the device with a disk of `bytes`, rounded up to whole pages:
   * EINVAL for 0, EBUSY on an initialised device, ENOMEM where the table of its
   * slots is too large for vmalloc. Throws where the kernel has the algorithm
   * and zspec has no codec for it. Specifies `disksize_store`.
   */
  setDisksize(bytes: number): Errno | undefined {
    return setDisksize(this, bytes, this.#options);
  }

  /**
   * Sets the backing device: EBUSY on an initialised device or where another
   * has the backing device, ENOENT for a path where nothing is, ENOTBLK for a
   * file that is no block device, EINVAL for a device without a whole page.
   * Specifies `backing_dev_store`.
   */
  setBackingDev(path: string): Errno | undefined {
    return setBackingDev(this, path, this.#options);
  }

  /**
   * The bytes of a file: ENOENT where there is none, EINVAL for an empty one.
   * Specifies `kernel_read_file_from_path`, `fs/kernel_read_file.c`.
   */
  readFile(path: string): Uint8Array | Errno {
    const file = this.#options.files?.get(path);
    return file?.length === 0 ? "EINVAL" : file ?? "ENOENT";
  }

  /** Opens the disk, `exclusive` as a mount or swapon does (`blkdev_get`). */
  open(exclusive = false): void {
    this.openers++;
    if (exclusive) this.holders++;
  }

  /**
   * {@linkcode Zram.open}, stopping wherever others may run: EBUSY while a
   * reset keeps others out.
   */
  openSteps(exclusive = false): Generator<Stop, Errno | undefined> {
    return openSteps(this, exclusive);
  }

  /** Closes it again, as it was opened. */
  close(exclusive = false): void {
    if (this.openers === 0 || (exclusive && this.holders === 0)) {
      throw new Error("Cannot close zram: it is not open");
    }
    this.openers--;
    if (exclusive) this.holders--;
  }

  /**
   * Back to a fresh device, all memory given back: EBUSY while it is open (in
   * 3.12, while one has it exclusively). What was set of writeback stays as it
   * was, but for its device, and up to 5.10, of a device without a disk, all
   * but `mem_limit`. Specifies `reset_store`.
   */
  reset(): Errno | undefined {
    if (this.isInUse) return "EBUSY";
    if (this.initLockReaders > 0) {
      throw new Error(
        "Cannot reset zram: a writeback or a recompression holds 'init_lock'",
      );
    }
    this.resetDevice();
  }

  /** {@linkcode Zram.reset}, stopping wherever others may run. */
  resetSteps(): Generator<Stop, Errno | undefined> {
    return resetSteps(this);
  }

  /**
   * What `reset` does once nobody uses the device. Specifies
   * `zram_reset_device`.
   */
  resetDevice(): void {
    resetDevice(this);
  }

  /** Whether `reset` is refused. */
  get isInUse(): boolean {
    return this[this.profile.zram.resetRefusedBy] > 0;
  }

  /**
   * Writes one page and returns the bytes by which it now counts in
   * `compr_data_size`: 0 for a same-filled page, the page size for one stored
   * whole. EIO outside the disk, and where no memory can be had or the limit
   * is passed; the page written before is then still there.
   * Specifies `zram_bvec_write` (`zram_write_page` since 6.4).
   */
  write(page: number, data: Uint8Array): number | Errno {
    const errno = checkPageRequest(this, page, data, "write");
    if (errno !== undefined) return errno;
    const stored = writePage(this, page, data);
    this.ioStat.numWrites++;
    if (typeof stored === "number") {
      markAccessed(this, page);
      return stored;
    }
    if (this.profile.zram.failureIsAccess) markAccessed(this, page);
    this.ioStat.failedWrites++;
    return "EIO";
  }

  /**
   * Reads one page into `into`: zeros where nothing is stored. EIO outside the
   * disk, and where the backing device fails. Specifies `zram_bvec_read`
   * (`zram_read_page` since 6.4).
   */
  read(page: number, into: Uint8Array): Errno | undefined {
    const errno = checkPageRequest(this, page, into, "read");
    if (errno !== undefined) return errno;
    const failed = readPage(this, page, into);
    this.ioStat.numReads++;
    markAccessed(this, page);
    return failed === undefined ? undefined : "EIO";
  }

  /**
   * Frees `pages` pages from `page` on, each counted in `notify_free` whether
   * it was stored or not. EIO where the range leaves the disk.
   * Specifies `zram_bio_discard`.
   */
  discard(page: number, pages: number): Errno | undefined {
    assertWhole("discard", "page", page);
    assertWhole("discard", "pages", pages);
    const { pageSize } = this.profile;
    const sector = page * pageSize / SECTOR_SIZE;
    return this.submitBio({ op: "discard", sector, bytes: pages * pageSize });
  }

  /** {@linkcode Zram.write}, stopping wherever others may run. */
  *writeSteps(
    page: number,
    data: Uint8Array,
  ): Generator<Stop, Errno | undefined> {
    const sector = page * this.profile.pageSize / SECTOR_SIZE;
    return yield* submitBioSteps(this, { op: "write", sector, data });
  }

  /** {@linkcode Zram.read}, likewise. */
  *readSteps(
    page: number,
    into: Uint8Array,
  ): Generator<Stop, Errno | undefined> {
    const sector = page * this.profile.pageSize / SECTOR_SIZE;
    return yield* submitBioSteps(this, { op: "read", sector, data: into });
  }

  /** {@linkcode Zram.discard}, likewise. */
  *discardSteps(
    page: number,
    pages: number,
  ): Generator<Stop, Errno | undefined> {
    const { pageSize } = this.profile;
    const sector = page * pageSize / SECTOR_SIZE;
    const bytes = pages * pageSize;
    return yield* submitBioSteps(this, { op: "discard", sector, bytes });
  }

  /**
   * Runs a request to its end: EIO where a part of it failed, where it is out
   * of range or unaligned (EINVAL for the latter in 6.18, from the block
   * layer); EOPNOTSUPP for an operation this kernel has not. Throws where it
   * would wait for a slot that is locked. Specifies `zram_submit_bio` (up to
   * 5.8, `zram_make_request`).
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { LINUX_6_18, Zram } from "zspec";
   *
   * const zram = new Zram({ ...LINUX_6_18, pageSize: 65536 });
   * zram.setAlgorithm("lz4");
   * zram.setDisksize(1 << 20);
   * const data = new TextEncoder().encode("zram".repeat(1024));
   * zram.submitBio({ op: "write", sector: 8, data });
   * zram.submitBio({ op: "discard", sector: 8, bytes: 65536 });
   * // Of no page the whole is in that range: nothing was discarded.
   * assertEquals(zram.mmStat().orig_data_size, 65536);
   * ```
   */
  submitBio(bio: Bio): Errno | undefined {
    return runToEnd(submitBioSteps(this, bio));
  }

  /** {@linkcode Zram.submitBio}, stopping where it waits for a locked slot. */
  submitBioSteps(bio: Bio): Generator<Stop, Errno | undefined> {
    return submitBioSteps(this, bio);
  }

  /**
   * The swap layer freed a page: it is discarded, unless its slot is locked,
   * which counts in `miss_free`. Specifies `zram_slot_free_notify`.
   */
  slotFreeNotify(page: number): void {
    slotFreeNotify(this, page);
  }

  /** {@linkcode Zram.slotFreeNotify}, stopping wherever others may run. */
  slotFreeNotifySteps(page: number): Generator<Stop, void> {
    return slotFreeNotifySteps(this, page);
  }

  /** Compacts the pool: EINVAL before initialisation (`compact_store`). */
  compact(): Errno | undefined {
    this.assertDevLock("compact zram");
    if (this.pool === undefined) return "EINVAL";
    this.pool.compact();
  }

  /**
   * Marks pages idle, all or those last accessed before `cutoff` seconds since
   * boot: EINVAL before initialisation. Specifies `idle_store`.
   */
  markIdle(cutoff: number | "all" = "all"): Errno | undefined {
    this.assertDevLock("mark pages idle");
    if (this.pool === undefined) return "EINVAL";
    markIdle(this, cutoff);
  }

  /**
   * Writes pages back as the text says (`idle`, `huge`, …): EINVAL before
   * initialisation and for a text that is none, ENODEV without a backing
   * device, EIO where the limit is exhausted, ENOSPC where the device is full,
   * the device's last error where it failed. Specifies `writeback_store`.
   */
  writeback(text: string): Errno | undefined {
    return runToEnd(this.writebackSteps(text));
  }

  /** {@linkcode Zram.writeback}, stopping wherever others may run. */
  writebackSteps(text: string): Generator<Stop, Errno | undefined> {
    assertText("write back", "text", text);
    return WRITEBACK[this.profile.zram.writebackOrder](this, text);
  }

  /**
   * Recompresses pages as the text says: `type=idle`, `huge` or `huge_idle`;
   * `max_pages=N`, pages to try; `threshold=BYTES`; `algo=NAME`; `priority=N`.
   * EINVAL for what cannot be read, before initialisation, or where there is
   * no such algorithm; EAGAIN while another post-processing runs, for which it
   * waits since 7.0; ENOMEM where there is no memory for a new object, the old
   * one being still there. Specifies `recompress_store`, since 6.2.
   */
  recompress(text: string): Errno | undefined {
    return runToEnd(this.recompressSteps(text));
  }

  /** {@linkcode Zram.recompress}, stopping wherever others may run. */
  recompressSteps(text: string): Generator<Stop, Errno | undefined> {
    assertText("recompress", "text", text);
    return RECOMPRESS[this.profile.zram.recompressOrder](this, text);
  }

  /** Lowers `mem_used_max` to what is used now (`mem_used_max_store`). */
  resetMemUsedMax(): void {
    this.stats.maxUsedPages = this.pool?.pagesAllocated ?? 0;
  }

  /** The numbers of `mm_stat` (`mm_stat_show`). */
  mmStat(): MmStat {
    return mmStat(this);
  }

  /** The numbers of `bd_stat` (`bd_stat_show`). */
  bdStat(): BdStat {
    return bdStat(this);
  }

  /** Takes a block of the backing device, or 0 where none is free. */
  allocBlock(): number {
    const block = this.backing?.allocBlock() ?? 0;
    if (block !== 0) this.stats.bdCount++;
    return block;
  }

  /** Takes a block of the backing device from 0 on, if one is free. */
  reserveBlock(): number | undefined {
    const block = this.backing?.reserveBlock();
    if (block !== undefined) this.stats.bdCount++;
    return block;
  }

  /**
   * Throws where an operation would wait for `dev_lock`, which since 7.0 a
   * writeback and a recompression hold to the exclusion of all others.
   */
  assertDevLock(task: string): void {
    const { postProcessing } = this.profile.zram;
    if (!this.ppInProgress || postProcessing !== "one-after-another") return;
    throw new Error(
      `Cannot ${task}: a writeback or a recompression holds 'dev_lock'`,
    );
  }

  /** Gives a block of the backing device back. */
  freeBlock(block: number): void {
    if (this.backing === undefined) {
      throw new Error(`Cannot free block ${block}: zram has no backing device`);
    }
    this.backing.freeBlock(block);
    this.stats.bdCount--;
  }

  /**
   * What brings the device, its pool and its memory back to what they are now,
   * that nobody uses it; who explores what can become of it does so again and
   * again. What holds a backing device is for its owner to remember.
   */
  remember(): () => void {
    return rememberZram(this);
  }
}
