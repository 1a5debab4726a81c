/**
 * What a modelled zswap stands among, and what they see of it: frames and slab
 * cells that can run out, a swap cache, and a swap device.
 */
import { failEach, type Fails } from "../../programs/faults.ts";
import { Memory } from "../../memory/memory.ts";
import type {
  SwapCacheState,
  ZswapCreate,
  ZswapMeanwhile,
  ZswapSlot,
} from "../../programs/zswap/steps.ts";
import type { Stop } from "../../rules/stop.ts";
import type { ZswapEntry } from "../../zswap/entry.ts";
import type { SwapCacheOutcome, SwapLayer } from "../../zswap/swap_layer.ts";
import type { Zswap } from "../../zswap/zswap.ts";
import type { ZswapWritten } from "../target.ts";
import type { ZswapMeanwhileDone } from "./results.ts";

/** What the surroundings saw, in its order. */
export type ZswapEvent =
  /** An entry was asked for. */
  | { readonly what: "entry" }
  /** There was no frame, or no slab cell for an allocator's structure. */
  | { readonly what: "no-room"; readonly of: "frame" | "structure" }
  /** A frame was given back. */
  | { readonly what: "frame-freed" }
  /** A page was to be allocated in the swap cache. */
  | SlotEvent & {
    readonly what: "asked";
    readonly answer: SwapCacheOutcome;
  }
  /** That page was taken out of the swap cache again. */
  | SlotEvent & { readonly what: "deleted" }
  /** It was written. */
  | SlotEvent & { readonly what: "written"; readonly data: Uint8Array }
  /** Something is done to a page's slot; what it leads to follows. */
  | SlotEvent & {
    readonly what: "meanwhile";
    readonly step: ZswapMeanwhile;
    readonly done: ZswapMeanwhileDone;
    /** Such pages when it is done. */
    readonly pagesAfter: number;
  }
  /** It is done. */
  | { readonly what: "meanwhile-end" };

/** What is seen of a slot. */
interface SlotEvent extends ZswapSlot {
  /** Pages that the limits would count then, if they counted. */
  readonly pages: number;
}

/** What stands among them. */
export interface Surrounded {
  /** The model, once it is made. */
  readonly zswap: Zswap;
  /** Does to a page's slot what a step says. */
  doMeanwhile(
    step: ZswapMeanwhile,
    type: number,
    offset: number,
  ): ZswapMeanwhileDone;
}

/** Frames, of which the surroundings see which are given back. */
class SeenMemory extends Memory {
  onFree: () => void = () => {};
  override freePage(pfn: number): void {
    super.freePage(pfn);
    this.onFree();
  }
}

/** The surroundings of one zswap. */
export class ZswapSurroundings {
  /** What they saw since the step began. */
  readonly events: ZswapEvent[] = [];
  /** The pages that were written since then. */
  readonly written: ZswapWritten[] = [];
  /** The pages that were written over what their slots had by then. */
  readonly stale: ZswapWritten[] = [];
  /** Where pools take their frames from. */
  readonly memory: Memory;
  /** The swap cache and the device. */
  readonly swap: SwapLayer = {
    allocSwapCachePage: (type, offset) => this.#alloc(type, offset),
    deleteFromSwapCache: (type, offset) => this.#delete(type, offset),
    writePage: (type, offset, data) => this.#write(type, offset, data),
  };
  /** What is to be done meanwhile, until it is done. */
  meanwhile: ZswapMeanwhile | undefined;
  /** What was done meanwhile since the step began. */
  done: ZswapMeanwhileDone | undefined;

  readonly #states = new Map<string, SwapCacheState>();
  /** Slots whose page writeback has put into the swap cache. */
  readonly #busy = new Set<string>();
  readonly #owner: Surrounded;
  #staleWritebacks = 0;
  /** Whether the nth entry cannot be had. */
  readonly failEntry: Fails;
  /** Whether the nth node of a tree cannot be had. */
  readonly failNode: Fails;
  /** Whether the nth structure of an allocator cannot be had. */
  readonly failslab: Fails;

  /** Around what is made so, and has pages of `pageSize` bytes. */
  constructor(
    { failing = {}, maxPages = Infinity }: ZswapCreate,
    pageSize: number,
    owner: Surrounded,
  ) {
    this.#owner = owner;
    const entryFails = failEach(failing.entries);
    this.failEntry = (nth) => {
      this.events.push({ what: "entry" });
      return entryFails(nth);
    };
    this.failNode = failEach(failing.nodes);
    this.failslab = this.#noting("structure", failEach(failing.slab));
    const memory: SeenMemory = new SeenMemory({
      pageSize,
      failPageAlloc: this.#noting(
        "frame",
        () => memory.allocatedPages >= maxPages,
      ),
    });
    memory.onFree = () => this.events.push({ what: "frame-freed" });
    this.memory = memory;
  }

  #noting(of: "frame" | "structure", fails: Fails): Fails {
    return (nth) => {
      const isRefused = fails(nth);
      if (isRefused) this.events.push({ what: "no-room", of });
      return isRefused;
    };
  }

  /** Says what writeback will find in the swap cache. */
  setState(type: number, offset: number, state: SwapCacheState): void {
    this.#states.set(`${type}:${offset}`, state);
  }

  /** Begins a step. */
  begin(): void {
    this.events.length = 0;
    this.written.length = 0;
    this.stale.length = 0;
    this.meanwhile = this.done = undefined;
  }

  /**
   * Whether, once the object of a slot's page is freed, a worker may yet make
   * the pool smaller, by what is beside it.
   */
  leavesToWorker(type: number, offset: number): boolean {
    const entry = this.#owner.zswap.trees.get(type)?.entries.get(offset);
    if (entry?.pool === undefined) return false;
    const { handle, pool: { zpool } } = entry;
    return zpool.objectsBeside(handle) > 0 && zpool.leavesToWorker(handle);
  }

  /** Pages of the pools that a swap type's pages are counted with. */
  pagesOf(type: number): number {
    const { trees } = this.#owner.zswap;
    return trees.get(type)?.pool?.zpool.totalPages ??
      this.memory.allocatedPages;
  }

  #answerOf(type: number, offset: number): SwapCacheOutcome {
    const { slotFree, deviceOff } = this.#owner.zswap.profile.swap;
    if (this.#busy.has(`${type}:${offset}`)) return "exists";
    const state = this.#states.get(`${type}:${offset}`) ?? "free";
    const answers: Readonly<Record<SwapCacheState, SwapCacheOutcome>> = {
      free: "new",
      cached: "exists",
      "no-memory": "no-memory",
      "slot-free": slotFree,
      "swap-type-off": deviceOff,
    };
    return answers[state];
  }

  *#alloc(
    type: number,
    offset: number,
  ): Generator<Stop, SwapCacheOutcome> {
    yield "__read_swap_cache_async: no lock held, alloc_page may sleep";
    const answer = this.#answerOf(type, offset);
    const pages = this.pagesOf(type);
    this.events.push({ what: "asked", type, offset, pages, answer });
    if (answer === "new") this.#busy.add(`${type}:${offset}`);
    if (this.#mayGo(type, offset, answer)) {
      this.#interrupt("allocated", type, offset);
    }
    return answer;
  }

  /**
   * Whether an entry may go once its page was asked for. Not where the kernel
   * goes wrong then: up to 3.12, an entry that goes while its writeback fails is
   * lost; z3fold leaves a page whose one object went while that failed, and
   * evicts it again, as whatever its slot has by then.
   */
  #mayGo(
    type: number,
    offset: number,
    answer: SwapCacheOutcome,
  ): boolean {
    if (this.meanwhile?.does === "load") return true;
    const { profile, trees } = this.#owner.zswap;
    if (profile.zswap.entries === "counted-by-caller") return answer === "new";
    const entry = trees.get(type)?.entries.get(offset);
    return entry === undefined || !isHeadless(entry);
  }

  // deno-lint-ignore require-yield
  *#delete(type: number, offset: number): Generator<Stop, void> {
    const pages = this.pagesOf(type);
    this.#busy.delete(`${type}:${offset}`);
    this.events.push({ what: "deleted", type, offset, pages });
  }

  *#write(
    type: number,
    offset: number,
    data: Uint8Array,
  ): Generator<Stop, void> {
    yield "swap_writepage: page locked, bio submitted";
    const written = {
      what: "written" as const,
      type,
      offset,
      data: data.slice(),
      pages: 0,
    };
    this.events.push(written);
    const { staleWritebacks } = this.#owner.zswap;
    const isStale = staleWritebacks > this.#staleWritebacks;
    this.#staleWritebacks = staleWritebacks;
    (isStale ? this.stale : this.written).push([type, offset, written.data]);
    this.#interrupt("written", type, offset);
    this.#busy.delete(`${type}:${offset}`);
    // An entry that is freed after that is counted with what there is then.
    written.pages = this.pagesOf(type);
  }

  #interrupt(
    when: ZswapMeanwhile["when"],
    type: number,
    offset: number,
  ): void {
    const step = this.meanwhile;
    if (step?.when !== when) return;
    this.meanwhile = undefined;
    const pages = this.pagesOf(type);
    const event = {
      what: "meanwhile" as const,
      type,
      offset,
      pages,
      step,
      done: { type, offset } as ZswapMeanwhileDone,
      pagesAfter: pages,
    };
    this.events.push(event);
    event.done = this.done = this.#owner.doMeanwhile(step, type, offset);
    event.pagesAfter = this.pagesOf(type);
    this.events.push({ what: "meanwhile-end" });
  }
}

/** Whether an entry's object has a page of z3fold's to itself. */
export function isHeadless({ pool, length }: ZswapEntry): boolean {
  return pool?.zpool.type === "z3fold" &&
    pool.headerBytes + length > pool.zpool.hugeOrMaxSize;
}
