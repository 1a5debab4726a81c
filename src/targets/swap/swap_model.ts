/** The model of the swap path as what does every step of its language. */
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../../programs/bytes.ts";
import { pageExpander } from "../../programs/swap/pages.ts";
import {
  ONE_PROCESS,
  type PageChoice,
  type SwapCreate,
  type SwapResults,
  type SwapStep,
  type SwapSteps,
} from "../../programs/swap/steps.ts";
import type { Swap } from "../../swap/swap.ts";
import {
  readZswapParameter,
  writeZswapParameter,
} from "../../zswap/parameters.ts";
import { refusalOf, textOf } from "../answers.ts";
import {
  SKIPPED,
  type StepTarget,
  tableTarget,
  type TargetTable,
} from "../step_target.ts";
import { KernelBug } from "../../rules/kernel_bug.ts";
import { runToEnd } from "../../rules/stop.ts";
import { beginEviction, type Eviction, mustStay } from "./eviction.ts";
import { countersOf, pageOut, readPage } from "./requests.ts";
import { makeSubject, swapOnAnother, type SwapSubject } from "./subject.ts";

/** The model, and what its judges may look at. */
export interface SwapModel extends StepTarget<SwapSteps, SwapResults> {
  /** The machine of the last `create`. */
  readonly subject: SwapSubject | undefined;
  /** The page that bytes of a program stand for: to be read only. */
  expand(data: Bytes): Uint8Array;
}

/** A machine and what is under way in it. */
interface Running {
  readonly subject: SwapSubject;
  readonly expand: (data: Bytes) => Uint8Array;
  eviction: Eviction | undefined;
}

/** The slot of a page, where it has one. */
function slotOf(swap: Swap, { process = ONE_PROCESS, page }: PageChoice) {
  return swap.pageOf(process, page)?.slot;
}

/** Whether a page is under writeback, and not locked so that a write waits. */
function isUnderWriteback(swap: Swap, choice: PageChoice): boolean {
  const slot = slotOf(swap, choice);
  const cached = slot && swap.typeOf(slot.type).cache.get(slot.offset);
  return cached !== undefined && cached.writeback && !cached.locked;
}

/**
 * Pages out, and writes while the page is under writeback. Such a page of 3.12
 * is stored at its offset again; up to 3.17 a failure of that leaves the older
 * one in zswap, which can then come over the newer one: no step for a program.
 */
function writeUnderWriteback(
  { subject, expand }: Running,
  step: SwapSteps["write_under_writeback"],
) {
  const { swap, profile } = subject;
  const { process = ONE_PROCESS, page, data } = step;
  const losesPages = profile.zswap.frontswap === "older-page-stays";
  if (losesPages && swap.zswap !== undefined) return SKIPPED;
  const out = swap.swapOutSteps(process, page);
  let at = out.next();
  while (!at.done && !isUnderWriteback(swap, step)) at = out.next();
  subject.requested.part++;
  const errno = swap.write(process, page, expand(data));
  subject.requested.part++;
  runToEnd(out);
  swap.zswap?.shrinkWork();
  return refusalOf(errno);
}

function shrink({ swap }: SwapSubject, nr: number) {
  const { zswap } = swap;
  if (zswap?.profile.zswap.shrink !== "entries-in-worker") return SKIPPED;
  const freeable = zswap.shrinkerCount();
  const written = zswap.shrinkerScan(nr);
  return { freeable, written: written === "SHRINK_STOP" ? 0 : written };
}

/** Whether any step may free a slot of which zswap has a page. */
function mayLoseSlots({ types, slotCache, profile }: Swap): boolean {
  if (profile.zswap.entries === "uncounted") return false;
  return slotCache.slotsRet.length > 0 ||
    [...types.values()].some(({ unused }) => unused.size > 0);
}

/** Starts the worker, where the kernel has one, up to its first wait for a frame. */
function evict(running: Running) {
  const { zswap } = running.subject.swap;
  const isOwn = zswap !== undefined && zswap.writeback &&
    zswap.profile.zswap.shrink !== "in-store";
  if (!isOwn || running.eviction !== undefined) return SKIPPED;
  if (mayLoseSlots(running.subject.swap)) return SKIPPED;
  running.eviction = beginEviction(zswap);
  return { underWay: running.eviction !== undefined };
}

function endEviction(running: Running) {
  const { eviction } = running;
  if (eviction === undefined) return SKIPPED;
  running.eviction = undefined;
  runToEnd(eviction.worker);
  return undefined;
}

/** Whether a step has to wait for the eviction that is under way. */
function mustWait(
  { subject: { swap }, eviction }: Running,
  choice: PageChoice,
): boolean {
  const slot = slotOf(swap, choice);
  return eviction !== undefined && slot !== undefined &&
    mustStay(swap, eviction, slot);
}

/** The same of a page that is in the swap cache and would be stored again. */
function mustStayIn(running: Running, choice: PageChoice): boolean {
  const { swap } = running.subject;
  const slot = slotOf(swap, choice);
  return slot !== undefined &&
    swap.typeOf(slot.type).cache.has(slot.offset) && mustWait(running, choice);
}

function writeBack(
  { zrams, seconds }: SwapSubject,
  type: "idle" | "huge",
  age: number | undefined,
) {
  const backed = zrams.filter(({ backing }) => backing !== undefined);
  if (backed.length === 0) return SKIPPED;
  for (const zram of backed) {
    if (type === "idle") {
      zram.markIdle(age === undefined ? "all" : Math.max(0, seconds - age));
    }
    zram.writeback(type);
  }
  return undefined;
}

function swapOff({ subject, eviction }: Running) {
  if (eviction !== undefined) return SKIPPED;
  const [type] = subject.swap.types.keys();
  const errno = subject.swap.swapoff(type);
  if (errno === undefined) swapOnAnother(subject);
  return refusalOf(errno);
}

function pageOutAll(subject: SwapSubject, process: number): { out: number } {
  let out = 0;
  for (const page of subject.swap.processes.get(process)?.keys() ?? []) {
    if (pageOut(subject, { process, page })) out++;
    subject.requested.part++;
  }
  return { out };
}

/** What each step but `create` does to a machine. */
function runningTable(
  running: Running,
): TargetTable<SwapSteps, SwapResults> {
  const { subject, expand } = running;
  const { swap } = subject;
  const { zswap } = swap;
  const unlessWaiting =
    <Step extends PageChoice, Result>(does: (step: Step) => Result) =>
    (step: Step) => mustWait(running, step) ? SKIPPED : does(step);
  return {
    set: ({ attr, value }) =>
      zswap === undefined
        ? SKIPPED
        : refusalOf(writeZswapParameter(zswap, attr, value)),
    get: ({ attr }) =>
      zswap === undefined ? SKIPPED : textOf(readZswapParameter(zswap, attr)),
    write: unlessWaiting(({ process = ONE_PROCESS, page, data }) =>
      refusalOf(swap.write(process, page, expand(data)))
    ),
    read: unlessWaiting((step) => readPage(subject, step)),
    pageout: (step) =>
      mustStayIn(running, step) ? SKIPPED : { out: pageOut(subject, step) },
    forget: unlessWaiting(({ process = ONE_PROCESS, page }) =>
      swap.free(process, page)
    ),
    counters: () => zswap === undefined ? SKIPPED : countersOf(zswap),
    pageout_all({ process = ONE_PROCESS }) {
      const pages = [...swap.processes.get(process)?.keys() ?? []];
      return pages.some((page) => mustStayIn(running, { process, page }))
        ? SKIPPED
        : pageOutAll(subject, process);
    },
    write_under_writeback: unlessWaiting((step) =>
      writeUnderWriteback(running, step)
    ),
    reclaim: () =>
      running.eviction?.victim === undefined ? swap.reclaim() : SKIPPED,
    exit({ process = ONE_PROCESS }) {
      if (running.eviction?.victim !== undefined) return SKIPPED;
      return swap.exit(process);
    },
    shrink: ({ nr }) => shrink(subject, nr),
    evict: () => evict(running),
    evict_end: () => endEviction(running),
    zram_writeback: ({ type, age }) => writeBack(subject, type, age),
    swapoff: () => swapOff(running),
    wait({ seconds }) {
      subject.seconds += seconds;
    },
  };
}

/**
 * Whether a kernel stops by a bug of its own: up to 5.10 z3fold writes through a
 * null pointer where there is no memory for slots. The machine of zswap judges
 * where it does.
 */
function stops(error: unknown, { release }: Profile): boolean {
  return error instanceof KernelBug && release.z3fold.withoutSlots === "bug";
}

/**
 * The model of a kernel's swap path. `defaults` is what a machine is like where
 * a `create` does not say.
 */
export function swapModel(
  kernel: Profile,
  defaults: SwapCreate = {},
): SwapModel {
  let running: Running | undefined;
  let target: StepTarget<SwapSteps, SwapResults> | undefined;
  const create = (fields: SwapCreate) => {
    const subject = makeSubject(kernel, { ...defaults, ...fields });
    const expand = pageExpander(subject.profile.pageSize);
    running = { subject, expand, eviction: undefined };
    target = tableTarget(runningTable(running));
    return undefined;
  };
  return {
    get subject() {
      return running?.subject;
    },
    expand(data) {
      if (running === undefined) throw new Error("there is no machine yet");
      return running.expand(data);
    },
    ask(step: SwapStep) {
      if (step.op === "create") {
        const { op: _, ...fields } = step;
        return create(fields);
      }
      if (running === undefined || target === undefined) return SKIPPED;
      const { requested } = running.subject;
      requested.requests.length = requested.part = 0;
      try {
        return target.ask(step);
      } catch (error) {
        if (!stops(error, kernel)) throw error;
        // Nothing is known of the machine any more until there is another.
        running = target = undefined;
        return SKIPPED;
      }
    },
  };
}
