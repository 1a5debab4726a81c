/** A block device with a faster one in front of it, block by block. */
import type { Errno } from "../linux/errno.ts";
import { assertLength, assertWhole } from "../rules/argument.ts";
import type { BackingDevice } from "../zram/backing.ts";
import { DirtyBits } from "./dirty_bits.ts";
import { DiscardBits } from "./discard_bits.ts";
import type { DmCacheMetadata } from "./metadata.ts";
import { demote, promote } from "./migration.ts";
import { MqPolicy } from "./mq.ts";
import type { MappedRequest } from "./policy.ts";
import {
  DEFAULT_MIGRATION_THRESHOLD,
  PAGE_SECTORS,
  PAGE_SIZE,
} from "./sizes.ts";
import { type DmCacheStats, zeroDmCacheStats } from "./status.ts";

/** What a cache is made of: what `dmsetup create` is told. */
export interface DmCacheOptions {
  /** Where the metadata is, in pages of 4096 bytes. */
  readonly metadata: BackingDevice;
  /** The fast device, in pages of 4096 bytes. */
  readonly cache: BackingDevice;
  /** The slow device, in pages of 4096 bytes: what is to be read and written. */
  readonly origin: BackingDevice;
  /** Sectors of a block, a multiple of 64. Default 512: 256 KiB. */
  readonly blockSectors?: number;
  /** `migration_threshold` in sectors: larger blocks are not moved. Default 2048. */
  readonly migrationThreshold?: number;
  /**
   * Ticks of the policy that pass between a request's being put off and the
   * worker's turn: requests of others that end meanwhile, each of which ticks
   * when it ends, and the waker, every second. Where none passes, the policy
   * takes the second look at a request for the first one's double, and moves no
   * block but a discarded one. Default 1.
   */
  readonly ticksBeforeWorker?: number;
  /**
   * Requests to the origin that are under way at a time. One of them at a time
   * makes the policy tick as it ends, the others do not; and in one tick a
   * block counts a single hit. Default 1.
   */
  readonly requestsInFlight?: number;
}

/**
 * A cache in writeback mode with the policy "mq". It is a block device itself:
 * what is written to a block that is in the cache goes there alone, all else to
 * the origin. Specifies `struct cache`, `drivers/md/dm-cache-target.c`, 3.12.
 *
 * One request runs at a time, to its end, with what it makes the worker do.
 * A device that refuses a write makes the request fail, or the migration: the
 * target knows errors, and not their reasons. What is discarded is not passed
 * on, and so a cache device never learns that a page is of no use.
 */
export class DmCache implements BackingDevice {
  /** Pages of the origin. */
  readonly pages: number;
  /** Who has it open exclusively. */
  holder: object | undefined;
  /** Where blocks are that are not in the cache. */
  readonly origin: BackingDevice;
  /** Where blocks are that are in the cache. */
  readonly cacheDevice: BackingDevice;
  /** Which are. */
  readonly metadata: DmCacheMetadata;
  /** Who decides which are. */
  readonly policy: MqPolicy;
  /** Cache blocks that differ from the origin's. */
  readonly dirty: DirtyBits;
  /** Blocks of the origin that were discarded. */
  readonly discards: DiscardBits;
  /** Counters. */
  readonly stats: DmCacheStats = zeroDmCacheStats();
  /** Sectors of a block. */
  readonly blockSectors: number;
  /** Blocks of the cache device. */
  readonly cacheBlocks: number;
  /** `migration_threshold` in sectors. */
  readonly migrationThreshold: number;
  /**
   * Free cache blocks whose dirty bit is that of a block that has left them:
   * behind its demotion a promotion failed. For those who check.
   */
  readonly leftDirty: Set<number> = new Set();
  /** Cache blocks that were filled without a copy. For those who check. */
  readonly uncopied: Set<number> = new Set();
  readonly #ticksBeforeWorker: number;
  readonly #requestsInFlight: number;
  #sinceTick = 0;

  /** For `createDmCache`. */
  constructor(
    options: DmCacheOptions,
    metadata: DmCacheMetadata,
    blockSectors: number,
    cacheBlocks: number,
  ) {
    const { cache, origin, migrationThreshold } = options;
    this.origin = origin;
    this.cacheDevice = cache;
    this.metadata = metadata;
    this.pages = origin.pages;
    this.blockSectors = blockSectors;
    this.cacheBlocks = cacheBlocks;
    this.migrationThreshold = migrationThreshold ?? DEFAULT_MIGRATION_THRESHOLD;
    this.#ticksBeforeWorker = options.ticksBeforeWorker ?? 1;
    this.#requestsInFlight = options.requestsInFlight ?? 1;
    assertWhole("make a cache", "requestsInFlight", this.#requestsInFlight, 1);
    this.policy = new MqPolicy(cacheBlocks);
    this.dirty = new DirtyBits(cacheBlocks);
    this.discards = new DiscardBits(blockSectors, origin.pages * PAGE_SECTORS);
  }

  /** Pages of a block. */
  get pagesPerBlock(): number {
    return this.blockSectors / PAGE_SECTORS;
  }

  /** Fills `into` with a page; EIO beyond the end, else the error of the device that has it. */
  readPage(page: number, into: Uint8Array): Errno | undefined {
    assertLength(`read page ${page}`, into, PAGE_SIZE);
    return this.#map(page, false, (device, at) => device.readPage(at, into));
  }

  /**
   * Writes a page; EIO beyond the end, else the error of the device that it goes
   * to. A block in the cache is dirty then, whether its device took the page or
   * not; there is no other place for it.
   */
  writePage(page: number, data: Uint8Array): Errno | undefined {
    assertLength(`write page ${page}`, data, PAGE_SIZE);
    return this.#map(page, true, (device, at) => device.writePage(at, data));
  }

  /**
   * Discards `pages` pages from `page` on: EIO beyond the end. Blocks that lie
   * in it wholly are marked, and read as anything until they are written.
   * Nothing is freed on either device (`process_discard_bio`).
   */
  discard(page: number, pages: number): Errno | undefined {
    assertWhole("discard", "page", page);
    assertWhole("discard", "pages", pages);
    if (page + pages > this.pages) return "EIO";
    this.discards.mark(page * PAGE_SECTORS, pages * PAGE_SECTORS);
  }

  /** A second passes (`do_waker`). */
  tick(): void {
    this.policy.tick();
  }

  /** Commits the metadata where it changed: the error of its device. */
  commit(): Errno | undefined {
    if (this.metadata.changed) this.stats.commits++;
    return this.metadata.commit();
  }

  /**
   * Sends a request for a page where the policy says. What would have to move a
   * block for it is put off to the worker. Specifies `cache_map`.
   */
  #map(
    page: number,
    isWrite: boolean,
    issue: (device: BackingDevice, at: number) => Errno | undefined,
  ): Errno | undefined {
    assertWhole("map a request", "page", page);
    if (page >= this.pages) return "EIO";
    const oblock = Math.floor(page / this.pagesPerBlock);
    const request = {
      oblock,
      sector: page * PAGE_SECTORS,
      sectors: PAGE_SECTORS,
      isWrite,
    };
    const cblock = this.#look(request) ?? this.#process(request);
    return cblock === "miss"
      ? this.#issueToOrigin(request, () => issue(this.origin, page))
      : this.#issueToCache(
        request,
        cblock,
        (at) => issue(this.cacheDevice, at),
      );
  }

  /** The first look, without moving anything: nothing where it is put off. */
  #look(
    request: Omit<MappedRequest, "discarded">,
  ): number | "miss" | undefined {
    const discarded = this.discards.has(request.oblock);
    const result = this.policy.map({ ...request, discarded }, false);
    if (result.op === "hit") return result.cblock;
    return result.op === "miss" ? "miss" : undefined;
  }

  /**
   * The worker's turn: moves blocks until the policy says where the request
   * goes. Specifies `process_bio`.
   */
  #process(request: Omit<MappedRequest, "discarded">): number | "miss" {
    const { oblock } = request;
    for (let nth = 0; nth < this.#ticksBeforeWorker; nth++) this.policy.tick();
    while (true) {
      const discarded = this.discards.has(oblock);
      const hasBandwidth = this.blockSectors < this.migrationThreshold;
      const result = this.policy.map(
        { ...request, discarded },
        discarded || hasBandwidth,
      );
      if (result.op === "hit") return result.cblock;
      if (result.op === "miss" || result.op === "would-block") return "miss";
      this.stats.promotions++;
      if (result.op === "replace") {
        this.stats.demotions++;
        if (!demote(this, result.oldOblock, oblock, result.cblock)) continue;
      }
      promote(this, oblock, result.cblock);
    }
  }

  /** Specifies `remap_to_cache_dirty`. */
  #issueToCache(
    { oblock, sector, isWrite }: Omit<MappedRequest, "discarded">,
    cblock: number,
    issue: (at: number) => Errno | undefined,
  ): Errno | undefined {
    this.stats[isWrite ? "writeHits" : "readHits"]++;
    if (isWrite) {
      this.dirty.set(cblock);
      this.discards.clear(oblock);
    }
    const within = sector / PAGE_SECTORS % this.pagesPerBlock;
    return issue(cblock * this.pagesPerBlock + within);
  }

  /**
   * Specifies `remap_to_origin_clear_discard` and, where the policy ticks,
   * `cache_end_io`.
   */
  #issueToOrigin(
    { oblock, isWrite }: Omit<MappedRequest, "discarded">,
    issue: () => Errno | undefined,
  ): Errno | undefined {
    this.stats[isWrite ? "writeMisses" : "readMisses"]++;
    if (isWrite) this.discards.clear(oblock);
    const errno = issue();
    if (++this.#sinceTick >= this.#requestsInFlight) {
      this.#sinceTick = 0;
      this.policy.tick();
    }
    return errno;
  }
}
