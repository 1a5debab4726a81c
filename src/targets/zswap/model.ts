/** The model of zswap as a target. */
import { ALL_CODECS } from "../../codec/codecs.ts";
import { statedCodecs, STATEMENT_BYTES } from "../../codec/stated.ts";
import type { Errno } from "../../linux/errno.ts";
import type { Profile } from "../../linux/profile.ts";
import { ExpandedPages } from "../../programs/zswap/expanded.ts";
import {
  SWAP_TYPES,
  type ZswapCreate,
  type ZswapMeanwhile,
  type ZswapSlot,
  type ZswapSteps,
} from "../../programs/zswap/steps.ts";
import { runToEnd } from "../../rules/wait.ts";
import {
  readZswapParameter,
  writeZswapParameter,
} from "../../zswap/parameters.ts";
import { zswapCounters } from "../../zswap/stats.ts";
import { type StoreOutcome, Zswap } from "../../zswap/zswap.ts";
import { SKIPPED, tableTarget, type TargetTable } from "../step_target.ts";
import type {
  Refusal,
  ZswapStats,
  ZswapStored,
  ZswapTarget,
  ZswapWritten,
} from "../target.ts";
import type {
  ZswapMeanwhileDone,
  ZswapResults,
  ZswapStepTarget,
} from "./results.ts";
import { ZswapSurroundings } from "./surroundings.ts";

/** The kernel that a `create` asks for: the profile's, with pages and words of another size. */
export function profileFor(
  profile: Profile,
  { pageSize = profile.pageSize, wordBits = profile.wordBits }: Pick<
    ZswapCreate,
    "pageSize" | "wordBits"
  >,
): Profile {
  const isSame = wordBits === profile.wordBits;
  const physBits = isSame ? profile.physBits : wordBits === 64 ? 52 : 36;
  return { ...profile, pageSize, wordBits, physBits };
}

const storedOf = (outcome: StoreOutcome): ZswapStored =>
  outcome === "stored" ? { stored: true } : { stored: false, reason: outcome };

/** A modelled zswap among its surroundings. */
export class ModelledZswap {
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
    const own = profileFor(profile, create);
    this.pages = pages;
    this.#workerWaits = create.workerWaits ?? false;
    this.around = new ZswapSurroundings(
      create,
      own.pageSize,
      () => this.zswap,
      (step, type, offset) => this.#doMeanwhile(step, type, offset),
    );
    const { around } = this;
    this.#isStated = create.stated ?? false;
    const codecs = this.#isStated ? statedCodecs(own.zswap.compressors) : [];
    this.#codecs = new Set([...ALL_CODECS, ...codecs].map(({ name }) => name));
    this.zswap = new Zswap(own, {
      totalRamPages: create.totalPages,
      zpool: own.zswap.zpools.find((one) => one === create.allocator),
      writeback: create.writeback,
      memory: around.memory,
      swap: around.swap,
      failEntry: around.failEntry,
      failNode: around.failNode,
      failslab: around.failslab,
      codecs,
    });
    this.set("max_pool_percent", String(create.maxPoolPercent));
    this.set("accept_threshold_percent", String(create.acceptThresholdPercent));
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
    type: number,
    offset: number,
    pages: readonly Uint8Array[],
  ): ZswapStored {
    const stored = storedOf(this.zswap.store(type, offset, pages));
    if (!this.#workerWaits) this.zswap.shrinkWork();
    return stored;
  }

  /** Loads a page: `null` where there is none, an errno where it is damaged. */
  load(
    type: number,
    offset: number,
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
    const isTold = profile.zswap.frontswap === "none" && this.#isStated;
    if (!isTold || entry?.pool === undefined) return false;
    const { handle, length, pool: { zpool } } = entry;
    if (length <= STATEMENT_BYTES || length >= profile.pageSize) return false;
    const object = zpool.read(handle, new Uint8Array(length));
    object[length - 1] ^= 0xff;
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
    return attr !== "compressor" || this.#codecs.has(name) ||
      !this.zswap.compressors.includes(name);
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

  #doMeanwhile(
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
      return { type, offset, loaded: this.load(type, offset) };
    }
    zswap.invalidate(type, offset);
    return { type, offset };
  }
}

/** The model as what does steps, and what it is that does them. */
export interface ZswapModel extends ZswapStepTarget {
  /** What the last `create` made. */
  readonly current: ModelledZswap | undefined;
  /** The pages of the step at hand. */
  readonly pages: ExpandedPages;
}

/** What a load is answered. */
function answerOf(
  loaded: Uint8Array | null | Errno,
): { readonly data: Uint8Array | null } | Refusal {
  return typeof loaded === "string" ? { error: loaded } : { data: loaded };
}

const refusalOf = (errno: Errno | undefined): Refusal | undefined =>
  errno === undefined ? undefined : { error: errno };

/** Does the steps that need a cache; before there is one they are passed over. */
function tableOf(
  current: () => ModelledZswap | undefined,
  pages: ExpandedPages,
): Omit<TargetTable<ZswapSteps, ZswapResults>, "create"> {
  const within = <Result>(does: (zswap: ModelledZswap) => Result) => {
    const zswap = current();
    if (zswap === undefined) return SKIPPED;
    zswap.around.begin();
    return does(zswap);
  };
  const at = <Result>(
    slot: ZswapSlot,
    does: (zswap: ModelledZswap) => Result,
  ) => within((zswap) => zswap.has(slot) ? does(zswap) : SKIPPED);
  const pageSizeOf = ({ zswap }: ModelledZswap) => zswap.profile.pageSize;
  return {
    store: (step) =>
      at(step, (model) => {
        const { type, offset, data } = step;
        return model.store(type, offset, [pages.of(data, pageSizeOf(model))]);
      }),
    store_folio: (step) =>
      at(step, (model) => {
        const { type, offset } = step;
        const last = offset + step.pages.length - 1;
        if (!model.has({ type, offset: last })) return SKIPPED;
        const folio = pages.all(step.pages, pageSizeOf(model));
        return model.store(type, offset, folio);
      }),
    load: (step) =>
      at(step, (model) => {
        const { type, offset, toSwapCache } = step;
        return answerOf(model.load(type, offset, toSwapCache));
      }),
    invalidate: (step) =>
      at(step, ({ zswap }) => zswap.invalidate(step.type, step.offset)),
    writeback: ({ entries, meanwhile }) =>
      within((model) => {
        model.around.meanwhile = meanwhile;
        const written = model.writeback(entries);
        const { done } = model.around;
        return done === undefined ? { written } : { written, meanwhile: done };
      }),
    stats: () => within((model) => model.stats()),
    counters: () =>
      within(({ zswap }) => ({
        zswap: zswapCounters(zswap),
        frontswap: { ...zswap.frontswap },
      })),
    work: () => within(({ zswap }) => zswap.shrinkWork()),
    scan: ({ nr }) =>
      within(({ zswap }) =>
        zswap.profile.zswap.shrink === "entries-in-worker"
          ? { count: zswap.shrinkerCount(), freed: zswap.shrinkerScan(nr) }
          : SKIPPED
      ),
    swapin: ({ pages: read }) =>
      within(({ zswap }) => {
        zswap.nrDiskSwapins += read;
      }),
    cache: (step) =>
      at(
        step,
        ({ around }) => around.setState(step.type, step.offset, step.state),
      ),
    damage: (step) =>
      at(step, (model) => model.damage(step) ? undefined : SKIPPED),
    set: ({ attr, value }) =>
      within((model) =>
        model.canSet(attr, value) ? refusalOf(model.set(attr, value)) : SKIPPED
      ),
    get: ({ attr }) =>
      within(({ zswap }) => {
        const shown = readZswapParameter(zswap, attr);
        return "text" in shown ? { value: shown.text } : { error: shown.errno };
      }),
    swapoff: ({ type }) =>
      at({ type, offset: 0 }, (model) => model.swapoff(type)),
  };
}

/** The model of zswap as what does every step. */
export function zswapModel(profile: Profile): ZswapModel {
  const pages = new ExpandedPages();
  let current: ModelledZswap | undefined;
  const target = tableTarget<ZswapSteps, ZswapResults>({
    ...tableOf(() => current, pages),
    create(create) {
      const { zpools } = profile.zswap;
      const isThere = zpools.some((one) => one === create.allocator);
      current = isThere ? new ModelledZswap(profile, create, pages) : undefined;
      return isThere ? undefined : { error: "ENOENT" };
    },
  });
  return {
    ...target,
    pages,
    get current() {
      return current;
    },
  };
}

/**
 * zswap of a kernel as a target, with its default compressor and the swap types
 * 0, 1 and 31. A worker that a store queues runs right after it; a page that is
 * loaded goes to the swap cache, and so leaves zswap, since 6.5.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, modelZswap } from "zspec";
 *
 * const target = modelZswap(LINUX_6_18);
 * await target.create({
 *   totalPages: 100,
 *   maxPoolPercent: 20,
 *   acceptThresholdPercent: 90,
 *   allocator: "zsmalloc",
 * });
 * await target.store(0, 7, new Uint8Array(4096));
 * assertEquals(await target.stats(), {
 *   storedPages: 1,
 *   poolTotalSize: 4096,
 *   writtenBackPages: 0,
 * });
 * ```
 */
export function modelZswap(profile: Profile): ZswapTarget {
  let current: ModelledZswap | undefined;
  const made = () => {
    if (current === undefined) {
      throw new Error("Cannot use zswap: 'create' has not been asked");
    }
    current.around.begin();
    return current;
  };
  return {
    create(setup) {
      const { zpools } = profile.zswap;
      const isThere = zpools.some((one) => one === setup.allocator);
      current = isThere
        ? new ModelledZswap(profile, setup, new ExpandedPages())
        : undefined;
      if (!isThere) return { error: "ENOENT" };
    },
    store: (type, offset, data) => made().store(type, offset, [data]),
    load: (type, offset) => answerOf(made().load(type, offset)),
    invalidate: (type, offset) => made().zswap.invalidate(type, offset),
    writeback: (entries) => ({ written: made().writeback(entries) }),
    stats: () => made().stats(),
  };
}
