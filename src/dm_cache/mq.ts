/** The policy "mq": which blocks are in the cache. */
import { KernelBug } from "../rules/kernel_bug.ts";
import { CblockBits } from "./cblock_bits.ts";
import {
  IoTracker,
  RANDOM_THRESHOLD_DEFAULT,
  SEQUENTIAL_THRESHOLD_DEFAULT,
} from "./io_tracker.ts";
import type { MappedRequest, PolicyResult } from "./policy.ts";
import { type MqEntry, MqQueue } from "./mq_queue.ts";

/** DISCARDED_PROMOTE_THRESHOLD, READ_… and WRITE_PROMOTE_THRESHOLD: hits. */
const PROMOTE_THRESHOLD = { discarded: 1, read: 4, write: 8 };
/** MAX_TO_AVERAGE: entries by which the threshold is set. */
const MAX_TO_AVERAGE = 20;
/** The shortest generation, in hits. */
const MIN_GENERATION_PERIOD = 1024;

const MISS: PolicyResult = { op: "miss" };
const WOULD_BLOCK: PolicyResult = { op: "would-block" };

/**
 * The multiqueue policy as 3.12 has it (mq 1.0.0): a block is watched
 * from its first request on, counted at most once a tick, and moved to the
 * cache when it was hit often enough: 4 times by a read, 8 by a write, more
 * where what is in the cache was hit more. It never asks for dirty blocks to be
 * written back: it has no `writeback_work` yet. Specifies
 * `drivers/md/dm-cache-policy-mq.c`, 3.12.9.
 */
export class MqPolicy {
  /** The cache blocks in use. */
  readonly cblocks: CblockBits;
  /** Hits that a block must have beside those of {@linkcode PROMOTE_THRESHOLD}. */
  promoteThreshold = 0;
  readonly #tracker = new IoTracker(
    SEQUENTIAL_THRESHOLD_DEFAULT,
    RANDOM_THRESHOLD_DEFAULT,
  );
  readonly #cache = new MqQueue();
  readonly #preCache = new MqQueue();
  /**
   * Entries by their block, the one first that is found. After a demotion that
   * failed there are two: one in the cache, one that is watched.
   */
  readonly #entries = new Map<number, MqEntry[]>();
  /** `nr_entries`: as many are watched as there are blocks in the cache. */
  readonly #mostEntries: number;
  readonly #generationPeriod: number;
  #entriesAllocated = 0;
  #hitCount = 0;
  #tick = 0;

  /** Nothing is in the cache of `cacheBlocks` blocks (`mq_create`). */
  constructor(cacheBlocks: number) {
    this.cblocks = new CblockBits(cacheBlocks);
    this.#mostEntries = 2 * cacheBlocks;
    this.#generationPeriod = Math.max(cacheBlocks, MIN_GENERATION_PERIOD);
  }

  /** Blocks in the cache (`mq_residency`). */
  get residency(): number {
    return this.cblocks.allocated;
  }

  /** The blocks in the cache, as far as the policy knows (`mq_walk_mappings`). */
  *mappings(): IterableIterator<Readonly<MqEntry>> {
    yield* this.#cache;
  }

  /** Time goes on (`mq_tick`). */
  tick(): void {
    this.#tick++;
  }

  /**
   * Where a request goes. `canMigrate` says whether its block may be moved for
   * it, at once. Specifies `mq_map`.
   */
  map(request: MappedRequest, canMigrate: boolean): PolicyResult {
    this.#tracker.examine(request.sector, request.sectors);
    const entry = this.#lookup(request.oblock);
    if (entry?.inCache) {
      this.#requeue(entry);
      return { op: "hit", cblock: entry.cblock };
    }
    if (this.#tracker.pattern === "sequential") return MISS;
    return entry === undefined
      ? this.#mapUnknown(request, canMigrate)
      : this.#mapWatched(entry, request, canMigrate);
  }

  /** A block is not in the cache after all (`mq_remove_mapping`). */
  removeMapping(oblock: number): void {
    const entry = this.#cached(oblock, "mq_remove_mapping");
    this.#delete(entry);
    entry.inCache = false;
    this.#push(entry);
  }

  /** A cache block is another block's after all (`mq_force_mapping`). */
  forceMapping(current: number, oblock: number): void {
    const entry = this.#cached(current, "force_mapping");
    this.#delete(entry);
    entry.oblock = oblock;
    this.#push(entry);
  }

  #cached(oblock: number, where: string): MqEntry {
    const entry = this.#lookup(oblock);
    if (entry?.inCache) return entry;
    throw new KernelBug(where, `stop at BUG_ON: block ${oblock} is not cached`);
  }

  /** An entry that is found goes first in its bucket (`hash_lookup`). */
  #lookup(oblock: number): MqEntry | undefined {
    return this.#entries.get(oblock)?.[0];
  }

  /** Specifies `no_entry_found`. */
  #mapUnknown(request: MappedRequest, canMigrate: boolean): PolicyResult {
    if (this.#threshold(request) > 1) {
      this.#watch(request.oblock);
      return MISS;
    }
    return canMigrate ? this.#insertInCache(request.oblock) : WOULD_BLOCK;
  }

  /** Specifies `pre_cache_entry_found`. */
  #mapWatched(
    entry: MqEntry,
    request: MappedRequest,
    canMigrate: boolean,
  ): PolicyResult {
    const updated = entry.tick === this.#tick;
    this.#requeue(entry);
    const isTooEarly = !request.discarded && updated;
    if (isTooEarly || entry.hitCount < this.#threshold(request)) return MISS;
    return canMigrate ? this.#moveToCache(entry) : WOULD_BLOCK;
  }

  /** Specifies `adjusted_promote_threshold`. */
  #threshold({ discarded, isWrite }: MappedRequest): number {
    if (discarded && isWrite && this.cblocks.anyFree) {
      return PROMOTE_THRESHOLD.discarded;
    }
    return this.promoteThreshold +
      PROMOTE_THRESHOLD[isWrite ? "write" : "read"];
  }

  /** Specifies `pre_cache_to_cache`. */
  #moveToCache(entry: MqEntry): PolicyResult {
    const free = this.cblocks.findFree();
    const demoted = free === undefined ? this.#demote() : undefined;
    const cblock = free ?? demoted?.cblock ?? 0;
    this.#delete(entry);
    entry.cblock = cblock;
    entry.inCache = true;
    this.#push(entry);
    return demoted === undefined
      ? { op: "new", cblock }
      : { op: "replace", cblock, oldOblock: demoted.oblock };
  }

  /** The entry that is first to go, which is only watched now (`demote_cblock`). */
  #demote(): MqEntry {
    const entry = this.#cache.pop();
    if (entry === undefined) {
      throw new KernelBug("demote_cblock", "stop at BUG_ON: nothing is cached");
    }
    this.#forget(entry);
    this.cblocks.give(entry.cblock);
    entry.inCache = false;
    entry.hitCount = 1;
    this.#push(entry);
    return entry;
  }

  /** Specifies `insert_in_cache`. */
  #insertInCache(oblock: number): PolicyResult {
    const cblock = this.cblocks.findFree();
    if (cblock === undefined) {
      this.#watch(oblock);
      return MISS;
    }
    if (this.#entriesAllocated >= this.#mostEntries) return MISS;
    this.#entriesAllocated++;
    this.#push({ oblock, cblock, inCache: true, hitCount: 1, tick: 0 });
    return { op: "new", cblock };
  }

  /** Watches a block, in place of the oldest one where all do (`insert_in_pre_cache`). */
  #watch(oblock: number): void {
    if (this.#entriesAllocated < this.#mostEntries) this.#entriesAllocated++;
    else {
      const popped = this.#preCache.pop();
      if (popped === undefined) return;
      this.#forget(popped);
    }
    this.#push({ oblock, cblock: 0, inCache: false, hitCount: 1, tick: 0 });
  }

  /** A hit, once a tick (`requeue_and_update_tick`). */
  #requeue(entry: MqEntry): void {
    if (entry.tick === this.#tick) return;
    entry.hitCount++;
    this.#hitCount++;
    this.#checkGeneration();
    this.#delete(entry);
    this.#push(entry);
  }

  /** Sets the threshold anew once all of the cache is in use (`check_generation`). */
  #checkGeneration(): void {
    if (this.#hitCount < this.#generationPeriod || this.cblocks.anyFree) return;
    this.#hitCount = 0;
    let total = 0;
    let count = 0;
    for (const { hitCount } of this.#cache) {
      total += hitCount;
      if (++count >= MAX_TO_AVERAGE) break;
    }
    this.promoteThreshold = count === 0 ? 1 : Math.ceil(total / count);
  }

  #push(entry: MqEntry): void {
    entry.tick = this.#tick;
    const same = this.#entries.get(entry.oblock);
    if (same === undefined) this.#entries.set(entry.oblock, [entry]);
    else same.unshift(entry);
    if (entry.inCache) this.cblocks.take(entry.cblock);
    (entry.inCache ? this.#cache : this.#preCache).push(entry);
  }

  #delete(entry: MqEntry): void {
    (entry.inCache ? this.#cache : this.#preCache).remove(entry);
    this.#forget(entry);
    if (entry.inCache) this.cblocks.give(entry.cblock);
  }

  #forget(entry: MqEntry): void {
    const same = this.#entries.get(entry.oblock) ?? [];
    const others = same.filter((one) => one !== entry);
    if (others.length === 0) this.#entries.delete(entry.oblock);
    else this.#entries.set(entry.oblock, others);
  }
}
