/** The models of zbud and z3fold as targets. */
import { buddyAsked } from "../../programs/zones.ts";
import type { Profile } from "../../linux/profile.ts";
import { Memory, NO_PAGE } from "../../memory/memory.ts";
import {
  type BuddyCounts,
  type BuddyResults,
  type BuddySteps,
  bytesHeld,
  OBJECT_NUMBER_BYTES,
  objectBytes,
  objectNumber,
} from "../../programs/buddy/steps.ts";
import { kernelAsked } from "../../programs/kernel.ts";
import { runToEnd, type Stop } from "../../rules/stop.ts";
import { Faults } from "../faults.ts";
import {
  SKIPPED,
  type StoppingTarget,
  stoppingTarget,
  tableTarget,
} from "../step_target.ts";
import type { BuddyAllocator, BuddyPool } from "./allocator.ts";

/** An object of the program. */
interface Held {
  readonly handle: number;
  readonly size: number;
  /** The address at which it is mapped, or -1. */
  mappedAt: number;
}

/** So many frames, or all there are, are had and given back full of ones. */
function dirtyFrames(memory: Memory, frames: number): void {
  const had: number[] = [];
  while (had.length < frames) {
    const pfn = memory.allocPage();
    if (pfn === NO_PAGE) break;
    const start = pfn * memory.pageSize;
    memory.bytes.fill(0xff, start, start + memory.pageSize);
    had.push(pfn);
  }
  for (const pfn of had) memory.freePage(pfn);
}

/** One pool and the objects in it, as its user knows them. */
export class BuddyModel<Pool extends BuddyPool> {
  /** The pool. */
  readonly pool: Pool;
  /** The objects by the numbers that the program gave. */
  readonly objects: Map<number, Held> = new Map();
  /** The objects that are mapped, by the address at which they are. */
  readonly mapped: Map<number, number> = new Map();
  /** What will fail. */
  readonly failing: Faults<"frame" | "slab"> = new Faults();
  /** Work that waits for the worker. */
  readonly queue: Generator<Stop, void>[] = [];
  /** Told of the page of each object that is to be evicted, the locks dropped. */
  watch: (pfn: number) => void = () => {};
  /** The objects that a reclaim was to evict. */
  asked: number[] = [];
  /** Which objects are not evicted: those whose numbers this divides. */
  refuseEach = 0;

  readonly #allocator: BuddyAllocator<Pool>;

  /** A pool over memory of its own. */
  constructor(
    allocator: BuddyAllocator<Pool>,
    profile: Profile,
    setup: BuddySteps["create"],
  ) {
    this.#allocator = allocator;
    const kernel = kernelAsked(profile, setup);
    const { pageSize } = kernel;
    const { maxPages, firstPfn, dirty = 0, buddy } = setup;
    const memory = new Memory({
      pageSize,
      maxPages,
      firstPfn,
      buddy: buddyAsked(profile.release.pageAlloc, buddy, firstPfn),
      failPageAlloc: () => this.failing.strikes("frame"),
    });
    dirtyFrames(memory, dirty);
    this.pool = allocator.create(kernel, {
      memory,
      evict: (handle) => this.#evict(handle),
      failslab: () => this.failing.strikes("slab"),
    });
  }

  /** What the pool counts. */
  counts(): BuddyCounts {
    const { pool } = this;
    return {
      pages: pool.pagesNr,
      frames: pool.memory.allocatedPages,
      slots: this.#allocator.slots(pool),
    };
  }

  /** An object that is not mapped, if there is one of this number. */
  loose(object: number): Held | undefined {
    const held = this.objects.get(object);
    return held === undefined || held.mappedAt >= 0 ? undefined : held;
  }

  /**
   * As zswap's writeback: the object's own bytes say which object it is. One
   * that is mapped is in use: it stays.
   */
  *#evict(handle: number): Generator<Stop, boolean> {
    const address = this.#allocator.addressOf(this.pool, handle);
    this.watch(Math.floor(address / this.pool.memory.pageSize));
    const mapped = this.mapped.get(address);
    if (mapped !== undefined) {
      this.asked.push(mapped);
      return false;
    }
    const header = this.pool.read(handle, new Uint8Array(OBJECT_NUMBER_BYTES));
    const object = objectNumber(header);
    this.asked.push(object);
    yield "the handler writes the object elsewhere";
    if (this.refuseEach > 0 && object % this.refuseEach === 0) return false;
    const held = this.objects.get(object);
    if (held === undefined) return false;
    this.objects.delete(object);
    this.pool.free(held.handle);
    return true;
  }
}

/** The target, and the model that it is of; a fresh one after each `create`. */
export interface BuddyTarget<Pool extends BuddyPool>
  extends StoppingTarget<BuddySteps, BuddyResults> {
  /** The model that there is since the last `create`. */
  readonly model: BuddyModel<Pool> | undefined;
}

/** The model of an allocator as a target. */
export function modelBuddy<Pool extends BuddyPool>(
  allocator: BuddyAllocator<Pool>,
  profile: Profile,
): BuddyTarget<Pool> {
  let model: BuddyModel<Pool> | undefined;
  const target = stoppingTarget(tableTarget<BuddySteps, BuddyResults>({
    create(setup) {
      model = new BuddyModel(allocator, profile, setup);
      return model.counts();
    },
    malloc({ object, size }) {
      if (model === undefined || model.objects.has(object)) return SKIPPED;
      const handle = model.pool.alloc(size);
      if (typeof handle !== "number") return { error: handle };
      model.objects.set(object, { handle, size, mappedAt: -1 });
      model.pool.write(handle, objectBytes(object, size));
      return {
        ...allocator.placeOf(model.pool, handle),
        ...model.counts(),
      };
    },
    free({ object, later }) {
      const held = model?.loose(object);
      if (model === undefined || held === undefined) return SKIPPED;
      model.objects.delete(object);
      const freeing = allocator.freeSteps(model.pool, held.handle);
      if (!later) runToEnd(freeing);
      else if (!freeing.next().done) model.queue.push(freeing);
      return model.counts();
    },
    work() {
      if (model === undefined || model.queue.length === 0) return SKIPPED;
      for (const freeing of model.queue.splice(0)) runToEnd(freeing);
      return model.counts();
    },
    write({ object, data }) {
      const held = model?.loose(object);
      if (held === undefined) return SKIPPED;
      model?.pool.write(held.handle, objectBytes(object, held.size, data));
      return null;
    },
    read({ object }) {
      const held = model?.loose(object);
      if (model === undefined || held === undefined) return SKIPPED;
      const data = new Uint8Array(bytesHeld(held.size));
      return { data: model.pool.read(held.handle, data) };
    },
    map({ object }) {
      const held = model?.loose(object);
      if (model === undefined || held === undefined) return SKIPPED;
      held.mappedAt = allocator.addressOf(model.pool, held.handle);
      model.mapped.set(held.mappedAt, object);
      model.pool.map(held.handle);
      return null;
    },
    unmap({ object }) {
      const held = model?.objects.get(object);
      if (model === undefined || held === undefined || held.mappedAt < 0) {
        return SKIPPED;
      }
      const { mappedAt, size, handle } = held;
      const end = mappedAt + bytesHeld(size);
      const data = model.pool.memory.bytes.slice(mappedAt, end);
      allocator.unmap(model.pool, handle);
      model.mapped.delete(mappedAt);
      held.mappedAt = -1;
      return { data };
    },
    reclaim({ retries, refuseEach }) {
      if (model === undefined) return SKIPPED;
      model.asked = [];
      model.refuseEach = refuseEach;
      const outcome = model.pool.reclaimPage(retries) ?? "freed";
      return { outcome, asked: model.asked, ...model.counts() };
    },
    fail({ what, after }) {
      if (model === undefined) return SKIPPED;
      model.failing.fail(what, after);
      return null;
    },
    where({ object }) {
      const held = model?.objects.get(object);
      if (model === undefined || held === undefined) return SKIPPED;
      return allocator.placeOf(model.pool, held.handle);
    },
    order() {
      if (model === undefined) return SKIPPED;
      return { pages: allocator.oldestFirst(model.pool) };
    },
  }));
  return {
    ...target,
    get isStopped() {
      return target.isStopped;
    },
    get model() {
      return model;
    },
  };
}
