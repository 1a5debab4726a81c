/** The model of zswap as a target. */
import type { Errno } from "../../linux/errno.ts";
import type { Profile } from "../../linux/profile.ts";
import { ExpandedPages } from "../../programs/expanded.ts";
import type { ZswapSlot, ZswapSteps } from "../../programs/zswap/steps.ts";
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
        const { done, stale } = model.around;
        return {
          written,
          ...done !== undefined && { meanwhile: done },
          ...stale.length > 0 && { stale: stale.slice() },
        };
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
      within(({ zswap }) => textOf(readZswapParameter(zswap, attr))),
    swapoff: ({ type }) =>
      at({ type, offset: 0 }, (model) => model.swapoff(type)),
  };
}

/** The model of zswap as what does every step. */
export function zswapModel(profile: Profile): ZswapModel {
  const pages = new ExpandedPages();
  let current: ModelledZswap | undefined;
  const target = stoppingTarget(tableTarget<ZswapSteps, ZswapResults>({
    ...tableOf(() => current, pages),
    create(create) {
      const { zpools } = profile.zswap;
      const isThere = zpools.some((one) => one === create.allocator);
      current = isThere ? new ModelledZswap(profile, create, pages) : undefined;
      return isThere ? undefined : { error: "ENOENT" };
    },
  }));
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
