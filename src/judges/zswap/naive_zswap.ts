/**
 * A second model of zswap, as naive as can be: a map of what it should hold,
 * the one touched longest ago first, and counters that are counted. It knows
 * nothing of objects and frames, of which it is told how many there are.
 */
import { codecsOf } from "../../codec/codecs.ts";
import type { Profile } from "../../linux/profile.ts";
import type { ZswapCreate, ZswapSlot } from "../../programs/zswap/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import { kernelAsked } from "../../programs/kernel.ts";
import {
  type FrontswapCounters,
  zeroCounters,
  type ZswapCounters,
} from "../../zswap/stats.ts";
import { codecLengths, type LengthOf, statedLengths } from "../lengths.ts";
import { EventReader } from "./event_reader.ts";
import { type NaiveKernel, naiveKernel } from "./naive_kernels.ts";
import type { HeldKind, Holding } from "./naive_pages.ts";
import { NaiveParameters } from "./naive_parameters.ts";
import { type NaivePool, NaivePools } from "./naive_pools.ts";
import { ZSWAP_NAIVE as RULES, type ZswapNaiveRule } from "./naive_rules.ts";
import { NaiveStop } from "./naive_stop.ts";

/** A page that zswap should hold. */
export interface Held extends ZswapSlot, Holding {
  /** What it is. */
  readonly bytes: Uint8Array;
  /** The pool that its object is in, where it has one. */
  readonly pool: NaivePool | undefined;
  /** Whether it is new to the LRU list. */
  referenced: boolean;
  /** Whether its object is damaged. */
  isDamaged: boolean;
}

/** What is known of a number of pages: it is in between. */
export interface PageRange {
  /** At least so many. */
  readonly least: number;
  /** At most so many. */
  readonly most: number;
}

/** A slot's name. */
export const keyOf = ({ type, offset }: ZswapSlot): string =>
  `${type}:${offset}`;

const share = (pages: number, percent: number): number =>
  Math.floor(pages * percent / 100);

/** Whether the next of some allocations fails, as each how-manieth does. */
function eachFails(each: number | undefined): () => boolean {
  let nth = 0;
  return () => each !== undefined && ++nth % each === 0;
}

/** The second model. */
export class NaiveZswap {
  /** The kernel, with the page and word size of `create`. */
  readonly profile: Profile;
  /** What it was made for. */
  readonly create: ZswapCreate;
  /** What the kernel does. */
  readonly facts: NaiveKernel;
  /** Whether pages may be written back, as far as it was made so. */
  readonly writeback: boolean;
  /** What it holds, by slot: in 6.18 in the order of the LRU list. */
  readonly held = new Map<string, Held>();
  /** What frontswap knows of. */
  readonly known = new Set<string>();
  /** Its counters. */
  readonly counters: ZswapCounters = zeroCounters();
  /** frontswap's. */
  readonly frontswap: FrontswapCounters = {
    loads: 0,
    succ_stores: 0,
    failed_stores: 0,
    invalidates: 0,
  };
  /** The module parameters. */
  readonly parameters: NaiveParameters;
  /** Its pools. */
  readonly pools: NaivePools;
  /** What each slot's page in the swap cache is like, but for those that are not there. */
  readonly swapCache = new Map<string, string>();
  /** Slots whose page writeback has put into the swap cache. */
  readonly busy = new Set<string>();
  /** What the model's surroundings saw in the step. */
  readonly events: EventReader = new EventReader();
  /** Pages of the pools, as far as the step was looked at. */
  pages = 0;
  /** Whether what the step's free leaves in the page of its object is a worker's. */
  leavesToWorker = true;
  /** What compressors make of pages. */
  readonly lengthOf: LengthOf;
  /** Whether the next entry cannot be had. */
  readonly failsEntry: () => boolean;
  /** Whether the next node cannot be had. */
  readonly failsNode: () => boolean;
  /** Pages of the pools when they were counted last (up to 6.8). */
  counted: PageRange = { least: 0, most: 0 };
  /** Whether the limit was passed. */
  reachedFull = false;
  /** Whether the worker waits (6.18). */
  isQueued = false;
  /** Whether the worker has been through all memory cgroups (6.18). */
  roundEnded = true;
  /** Pages read from the device that the shrinker has not asked for (6.18). */
  diskSwapins = 0;
  /** Pages that were written over what their slots had by then, in the last step. */
  readonly stale: Held[] = [];
  /** The page that is being written back, which its slot may have lost. */
  underWriteback: Held | undefined;

  readonly #reach: Reach;

  /** An empty one that is made so. */
  constructor(profile: Profile, create: ZswapCreate, reach: Reach) {
    this.profile = kernelAsked(profile, create);
    this.facts = naiveKernel(profile);
    this.create = create;
    this.writeback = create.writeback ?? true;
    // What pages state is read from them, not told by the codec that is judged.
    this.lengthOf = create.stated
      ? statedLengths(profile.zswap.compressors)
      : codecLengths(codecsOf(profile.zswap));
    this.#reach = reach;
    const { defaultCompressor } = profile.zswap;
    this.pools = new NaivePools(create.allocator, defaultCompressor);
    const { maxPoolPercent, acceptThresholdPercent } = create;
    this.parameters = new NaiveParameters(
      profile,
      {
        zpool: create.allocator,
        max_pool_percent: maxPoolPercent,
        accept_threshold_percent: acceptThresholdPercent,
        shrinker_enabled: "Y",
      },
      RULES.parameter,
      reach,
    );
    this.failsEntry = eachFails(create.failing?.entries);
    this.failsNode = eachFails(create.failing?.nodes);
  }

  /** A rule had something to say. */
  reached(name: ZswapNaiveRule): void {
    this.#reach.count(RULES[name]);
  }

  /** Whether zswap itself chooses what is written back: since 6.8. */
  get hasList(): boolean {
    return this.profile.zswap.shrink === "entries-in-worker";
  }

  /** Whether pages come through frontswap: up to 6.5. */
  get hasFrontswap(): boolean {
    return this.profile.zswap.frontswap !== "none";
  }

  /** Whether there are memory cgroups. */
  get hasMemcg(): boolean {
    return this.create.memcg ?? true;
  }

  /** Whether pages may be written back now: where nobody may say no, they may. */
  get mayWriteBack(): boolean {
    const isAsked = this.hasMemcg && this.parameters.isOn("enabled");
    return this.writeback || this.hasList && !isAsked;
  }

  /** Pages that the limit allows. */
  get maxPages(): number {
    return share(this.create.totalPages, this.#percent("max_pool_percent"));
  }

  /** Pages at which, or below which, stores go on. */
  get threshold(): number {
    const { totalPages } = this.create;
    const max = this.#percent("max_pool_percent");
    const accept = this.#percent("accept_threshold_percent");
    return this.hasList
      ? share(share(totalPages, max), accept)
      : share(share(totalPages, accept), max);
  }

  #percent(name: string): number {
    return Number(this.parameters.text(name));
  }

  /** Whether the cgroup has all that it may have. */
  get isCgroupFull(): boolean {
    const { cgroupMax } = this.create;
    if (cgroupMax === undefined || !this.hasMemcg) return false;
    return this.facts.atCgroupLimit !== "nothing" &&
      this.chargedPages >= cgroupMax;
  }

  /** The whole pages that the compressed forms would fill. */
  get chargedPages(): number {
    let bytes = 0;
    for (const { length } of this.held.values()) bytes += length;
    const { underWriteback } = this;
    // One that is being written back is freed when that is done.
    const isLeft = underWriteback !== undefined && !this.holds(underWriteback);
    if (isLeft) bytes += underWriteback.length;
    return Math.floor(bytes / this.profile.pageSize);
  }

  /** What a slot has. */
  at(slot: ZswapSlot): Held | undefined {
    return this.held.get(keyOf(slot));
  }

  /** Whether a page's slot has it still. */
  holds(page: Held): boolean {
    return this.at(page) === page;
  }

  /** The kernel decompresses a page: some stop where it is damaged. */
  decompress({ isDamaged }: Held): "damaged" | "intact" {
    if (isDamaged && this.facts.stopsAtDamage) throw new NaiveStop();
    return isDamaged ? "damaged" : "intact";
  }

  /** Holds a page, in the place of an older one. */
  hold(page: ZswapSlot & Holding & Pick<Held, "bytes">): void {
    const pool = page.kind === "same" ? undefined : this.pools.current;
    if (pool !== undefined) pool.references++;
    this.drop(page);
    const held = { ...page, pool, referenced: true, isDamaged: false };
    this.held.set(keyOf(page), held);
    this.#count(page.kind, 1);
  }

  /** Forgets a slot's page; answers it. */
  drop(slot: ZswapSlot): Held | undefined {
    const page = this.at(slot);
    if (page === undefined) return undefined;
    this.held.delete(keyOf(slot));
    // One that is being written back is freed when that is done.
    const isFreed = page !== this.underWriteback;
    if (page.pool !== undefined && isFreed) this.pools.release(page.pool);
    this.#count(page.kind, -1);
    return page;
  }

  #count(kind: HeldKind, times: 1 | -1): void {
    this.counters.stored_pages += times;
    if (kind === "same") this.counters.same_filled_pages += times;
    if (kind === "whole") this.counters.stored_incompressible_pages += times;
  }

  /** The pools are counted: they have so many pages. */
  countPages(pages: number): void {
    this.counted = { least: pages, most: pages };
  }

  /**
   * The pools were counted when a page was freed, of which `freed` frames came
   * back: before that, or after it, where they are what a worker gave back.
   */
  countFreed(freed: number): void {
    this.countPages(this.leavesToWorker ? this.pages : this.pages - freed);
  }

  /**
   * A page that was dropped while it was written back is freed, and the pools
   * are counted. Its own frame is still there; but not in a pool that went with
   * its last entry.
   */
  freeEvicted({ pool }: Held, pages: number): void {
    if (pool !== undefined) this.pools.release(pool);
    this.countPages(pool?.references === 0 ? pages - 1 : pages);
  }
}
