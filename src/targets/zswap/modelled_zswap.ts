/** A modelled zswap among its surroundings, and what can be done to it. */
import { codecsOf } from "../../codec/codecs.ts";
import { statedCodecs, STATEMENT_BYTES } from "../../codec/stated.ts";
import type { Errno } from "../../linux/errno.ts";
import type { Profile } from "../../linux/profile.ts";
import type { ExpandedPages } from "../../programs/expanded.ts";
import { kernelAsked } from "../../programs/kernel.ts";
import {
  SWAP_TYPES,
  type ZswapCreate,
  type ZswapMeanwhile,
  type ZswapSlot,
} from "../../programs/zswap/steps.ts";
import { runToEnd } from "../../rules/stop.ts";
import { writeZswapParameter } from "../../zswap/parameters.ts";
import { zswapCounters } from "../../zswap/stats.ts";
import { type StoreOutcome, Zswap } from "../../zswap/zswap.ts";
import type { ZswapStats, ZswapStored, ZswapWritten } from "../target.ts";
import type { ZswapMeanwhileDone } from "./results.ts";
import { type Surrounded, ZswapSurroundings } from "./surroundings.ts";

const storedOf = (outcome: StoreOutcome): ZswapStored =>
  outcome === "stored" ? { stored: true } : { stored: false, reason: outcome };

/** A modelled zswap among its surroundings. */
export class ModelledZswap implements Surrounded {
  /** The model. */
  readonly zswap: Zswap;
  /** What it stands among. */
  readonly around: ZswapSurroundings;
  /** The pages of the step at hand. */
  readonly pages: ExpandedPages;

  readonly #workerWaits: boolean;
  readonly #isStated: boolean;
  /** The compressors for which there is a codec. */
  readonly #codecs: ReadonlySet<string>;

  /**
   * zswap as `create` asks for it, with its default compressor, the shrinker
   * on. Throws where the kernel has no such allocator.
   */
  constructor(profile: Profile, create: ZswapCreate, pages: ExpandedPages) {
    const own = kernelAsked(profile, create);
    this.pages = pages;
    this.#workerWaits = create.workerWaits ?? false;
    const around = new ZswapSurroundings(create, own.pageSize, this);
    this.around = around;
    this.#isStated = create.stated ?? false;
    const codecs = this.#isStated ? statedCodecs(own.zswap.compressors) : [];
    this.#codecs = new Set(
      [...codecsOf(own.zswap), ...codecs].map(({ name }) => name),
    );
    this.zswap = new Zswap(own, {
      totalRamPages: create.totalPages,
      zpool: own.zswap.zpools.find((one) => one === create.allocator),
      writeback: create.writeback,
      memcg: create.memcg,
      cgroupMax: create.cgroupMax,
      memory: around.memory,
      swap: around.swap,
      failEntry: around.failEntry,
      failNode: around.failNode,
      failslab: around.failslab,
      codecs,
    });
    const { maxPoolPercent, acceptThresholdPercent } = create;
    // What the kernel has by itself is not written, so that it is seen.
    if (maxPoolPercent !== 20) {
      this.set("max_pool_percent", String(maxPoolPercent));
    }
    if (acceptThresholdPercent !== 90) {
      this.set("accept_threshold_percent", String(acceptThresholdPercent));
    }
    this.set("shrinker_enabled", "Y");
    for (const type of SWAP_TYPES) this.zswap.swapon(type);
  }

  /** Whether there is such a slot: its swap type is on, and has as many. */
  has({ type, offset }: ZswapSlot): boolean {
    const { trees, profile } = this.zswap;
    const slots = 2 ** profile.zswap.swpTypeShift(profile.wordBits);
    return trees.has(type) && offset < slots;
  }

  /** Stores pages; a worker that was queued runs, unless it is to wait. */
  store(
    { type, offset }: ZswapSlot,
    pages: readonly Uint8Array[],
  ): ZswapStored {
    const stored = storedOf(this.zswap.store(type, offset, pages));
    if (!this.#workerWaits) this.zswap.shrinkWork();
    return stored;
  }

  /** Loads a page: `null` where there is none, an errno where it is damaged. */
  load(
    { type, offset }: ZswapSlot,
    toSwapCache = true,
  ): Uint8Array | null | Errno {
    const data = new Uint8Array(this.zswap.profile.pageSize);
    const errno = this.zswap.load(type, offset, data, toSwapCache);
    if (errno === undefined) return data;
    return errno === "ENOENT" ? null : errno;
  }

  /**
   * Changes the last byte of a compressed page, which says nothing that is not
   * said before; answers whether there is such a page.
   */
  damage({ type, offset }: ZswapSlot): boolean {
    const { profile, trees } = this.zswap;
    const entry = trees.get(type)?.entries.get(offset);
    if (!this.#isStated || entry?.pool === undefined) return false;
    const { handle, length, pool: { zpool, headerBytes } } = entry;
    if (length <= STATEMENT_BYTES || length >= profile.pageSize) return false;
    const object = zpool.read(handle, new Uint8Array(headerBytes + length));
    object[object.length - 1] ^= 0xff;
    zpool.write(handle, object);
    return true;
  }

  /**
   * Writes back until `entries` pages were written, or no more can be: as
   * memory pressure does, one entry at a time; in kernels without a shrinker,
   * as the allocator does, a page of its own at a time, with all that is in it.
   */
  writeback(entries: number): readonly ZswapWritten[] {
    const { zswap } = this;
    const { written } = this.around;
    if (zswap.profile.zswap.shrink === "entries-in-worker") {
      // Each entry may have a second chance before it goes.
      for (let left = 2 * zswap.lru.size; left > 0; left--) {
        if (written.length >= entries) break;
        zswap.shrinkerScan(1);
      }
      return written.slice();
    }
    for (const { zpool } of [...zswap.pools.list]) {
      while (written.length < entries) {
        const { errno } = runToEnd(zpool.shrinkSteps(1));
        if (errno !== undefined) break;
      }
    }
    return written.slice();
  }

  /** Whether a parameter can be written: there is a codec for the compressor. */
  canSet(attr: string, value: string): boolean {
    const name = value.trim();
    return attr !== "compressor" || !this.zswap.hasCompressor(name) ||
      this.#codecs.has(this.zswap.algorithmOf(name));
  }

  /** Writes a parameter. */
  set(attr: string, value: string): Errno | undefined {
    return writeZswapParameter(this.zswap, attr, value);
  }

  /** The counters that every cache has. */
  stats(): ZswapStats {
    const counters = zswapCounters(this.zswap);
    const { stored_pages = 0, written_back_pages = 0 } = counters;
    const { pool_pages = 0, pool_total_size } = counters;
    return {
      storedPages: stored_pages,
      poolTotalSize: pool_total_size ??
        pool_pages * this.zswap.profile.pageSize,
      writtenBackPages: written_back_pages,
    };
  }

  /** Swaps a type off and on again; since 6.7 every slot is freed before. */
  swapoff(type: number): void {
    const { zswap } = this;
    if (zswap.profile.zswap.frontswap === "none") {
      for (const offset of [...zswap.treeOf(type).entries.keys()]) {
        zswap.invalidate(type, offset);
      }
    }
    zswap.swapoff(type);
    zswap.swapon(type);
  }

  /** Does to a page's slot, while that page is written back, what a step says. */
  doMeanwhile(
    step: ZswapMeanwhile,
    type: number,
    offset: number,
  ): ZswapMeanwhileDone {
    const { zswap } = this;
    if (step.does === "store") {
      const page = this.pages.of(step.data, zswap.profile.pageSize);
      const outcome = zswap.store(type, offset, [page]);
      return { type, offset, stored: storedOf(outcome) };
    }
    if (step.does === "load") {
      return { type, offset, loaded: this.load({ type, offset }) };
    }
    zswap.invalidate(type, offset);
    return { type, offset };
  }
}
