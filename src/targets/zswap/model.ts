/** The model of zswap as a target. */
import type { Errno } from "../../linux/errno.ts";
import type { Profile } from "../../linux/profile.ts";
import { ExpandedPages } from "../../programs/expanded.ts";
import type {
  ZswapCreate,
  ZswapSlot,
  ZswapSteps,
} from "../../programs/zswap/steps.ts";
import { readZswapParameter } from "../../zswap/parameters.ts";
import { zswapCounters } from "../../zswap/stats.ts";
import { refusalOf, textOf } from "../answers.ts";
import {
  SKIPPED,
  type StoppingTarget,
  stoppingTarget,
  tableTarget,
  type TargetTable,
} from "../step_target.ts";
import type { Refusal, ZswapTarget } from "../target.ts";
import { ModelledZswap } from "./modelled_zswap.ts";
import type { ZswapResults } from "./results.ts";

/** The model as what does steps, and what it is that does them. */
export interface ZswapModel extends StoppingTarget<ZswapSteps, ZswapResults> {
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

/** zswap as `create` asks for it; none where the kernel has no such allocator. */
function makeZswap(
  profile: Profile,
  create: ZswapCreate,
  pages: ExpandedPages,
): ModelledZswap | undefined {
  const isThere = profile.zswap.zpools.some((one) => one === create.allocator);
  return isThere ? new ModelledZswap(profile, create, pages) : undefined;
}

/** What each step but `create` does to a cache. */
function tableOf(
  model: ModelledZswap,
): TargetTable<ZswapSteps, ZswapResults> {
  const { zswap, around, pages } = model;
  const { pageSize } = zswap.profile;
  const ifThere =
    <Step extends ZswapSlot, Result>(does: (step: Step) => Result) =>
    (step: Step) => model.has(step) ? does(step) : SKIPPED;
  return {
    store: ifThere((step) =>
      model.store(step, [pages.of(step.data, pageSize)])
    ),
    store_folio: ifThere((step) => {
      const { type, offset } = step;
      const last = { type, offset: offset + step.pages.length - 1 };
      return model.has(last)
        ? model.store(step, pages.all(step.pages, pageSize))
        : SKIPPED;
    }),
    load: ifThere((step) => answerOf(model.load(step, step.toSwapCache))),
    invalidate: ifThere(({ type, offset }) => zswap.invalidate(type, offset)),
    writeback({ entries, meanwhile }) {
      around.meanwhile = meanwhile;
      const written = model.writeback(entries);
      const { done, stale } = around;
      return {
        written,
        ...done !== undefined && { meanwhile: done },
        ...stale.length > 0 && { stale: stale.slice() },
      };
    },
    stats: () => model.stats(),
    counters: () => ({
      zswap: zswapCounters(zswap),
      frontswap: { ...zswap.frontswap },
    }),
    work: () => zswap.shrinkWork(),
    scan: ({ nr }) =>
      zswap.profile.zswap.shrink === "entries-in-worker"
        ? { count: zswap.shrinkerCount(), freed: zswap.shrinkerScan(nr) }
        : SKIPPED,
    swapin({ pages }) {
      zswap.nrDiskSwapins += pages;
    },
    cache: ifThere(({ type, offset, state }) =>
      around.setState(type, offset, state)
    ),
    damage: ifThere((step) => model.damage(step) ? undefined : SKIPPED),
    set: ({ attr, value }) =>
      model.canSet(attr, value) ? refusalOf(model.set(attr, value)) : SKIPPED,
    get: ({ attr }) => textOf(readZswapParameter(zswap, attr)),
    swapoff: ({ type }) =>
      model.has({ type, offset: 0 }) ? model.swapoff(type) : SKIPPED,
  };
}

/**
 * The model of zswap as what does every step; before there is a cache they are
 * passed over.
 */
export function zswapModel(profile: Profile): ZswapModel {
  const pages = new ExpandedPages();
  let current: ModelledZswap | undefined;
  let running = tableTarget<ZswapSteps, ZswapResults>({});
  const target = stoppingTarget<ZswapSteps, ZswapResults>({
    ask(step) {
      if (step.op === "create") {
        current = makeZswap(profile, step, pages);
        running = tableTarget(current === undefined ? {} : tableOf(current));
        return current === undefined ? { error: "ENOENT" } : undefined;
      }
      current?.around.begin();
      return running.ask(step);
    },
  });
  return {
    ...target,
    get isStopped() {
      return target.isStopped;
    },
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
      current = makeZswap(profile, setup, new ExpandedPages());
      if (current === undefined) return { error: "ENOENT" };
    },
    store: (type, offset, data) => made().store({ type, offset }, [data]),
    load: (type, offset) => answerOf(made().load({ type, offset })),
    invalidate: (type, offset) => made().zswap.invalidate(type, offset),
    writeback: (entries) => ({ written: made().writeback(entries) }),
    stats: () => made().stats(),
  };
}
