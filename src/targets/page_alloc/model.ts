/** The buddy allocator of pages as a target of programs. */
import { MIGRATE_TYPES } from "../../linux/gfp.ts";
import type { Profile } from "../../linux/profile.ts";
import { listedBlocks } from "../../memory/block_invariants.ts";
import { compactZone } from "../../memory/memory_compaction.ts";
import { Memory, NO_PAGE } from "../../memory/memory.ts";
import type { MovableOperations } from "../../memory/movable_operations.ts";
import type { PageAllocator } from "../../memory/page_allocator.ts";
import {
  GFP,
  type PageAllocResults,
  type PageAllocShown,
  type PageAllocSteps,
  type Refusing,
  type ShownList,
} from "../../programs/page_alloc/steps.ts";
import { buddyAsked } from "../../programs/zones.ts";
import { SKIPPED, type StepTarget, tableTarget } from "../step_target.ts";

/** Pages that were allocated together. */
interface Held {
  pfn: number;
  readonly order: number;
  refuses: Refusing | undefined;
}

/** One memory and the pages of a program, which it can move. */
class PagesModel implements MovableOperations {
  readonly memory: Memory;
  readonly held = new Map<number, Held>();
  readonly owner: number;
  /** Objects that were moved since it was last asked. */
  moved: (readonly [object: number, pfn: number])[] = [];
  /** Pages that are neither moved nor put back yet. */
  readonly isolated = new Set<number>();

  constructor(profile: Profile, create: PageAllocSteps["create"]) {
    const { buddy, firstPfn } = create;
    const { pageAlloc } = profile.release;
    this.memory = new Memory({
      pageSize: profile.pageSize,
      firstPfn,
      buddy: buddyAsked(pageAlloc, buddy, firstPfn),
    });
    this.owner = this.memory.registerMovable(this);
  }

  /** The first and the last word of each page: its object's number is there. */
  #numbersAt({ pfn, order }: Pick<Held, "pfn" | "order">): number[] {
    const words = this.memory.pageSize / 4;
    return Array.from({ length: 2 ** order }, (_, nth) => words * (pfn + nth))
      .flatMap((first) => [first, first + words - 1]);
  }

  /** Writes a number to each of the pages. */
  mark(object: number, held: Held): void {
    for (const at of this.#numbersAt(held)) this.memory.words[at] = object;
  }

  /** The numbers that pages hold, each once. */
  numbers(held: Held): number[] {
    const found = this.#numbersAt(held).map((at) => this.memory.words[at]);
    return [...new Set(found)];
  }

  /** The number in a page. */
  #numberIn(pfn: number): number {
    return this.memory.words[pfn * this.memory.pageSize / 4];
  }

  isolate(pfn: number): boolean {
    const held = this.#heldAt(pfn);
    if (held.refuses === "isolate" || this.isolated.has(pfn)) return false;
    this.isolated.add(pfn);
    return true;
  }

  migrate(pfn: number, to: number): boolean {
    const held = this.#heldAt(pfn);
    if (held.refuses === "migrate") return false;
    const { bytes, pageSize } = this.memory;
    bytes.copyWithin(to * pageSize, pfn * pageSize, (pfn + 1) * pageSize);
    this.moved.push([this.#numberIn(pfn), to]);
    held.pfn = to;
    this.isolated.delete(pfn);
    return true;
  }

  putback(pfn: number): void {
    if (!this.isolated.delete(pfn)) {
      throw new Error(`Cannot put page ${pfn} back: it is not isolated`);
    }
  }

  /** Whose page it is: its number is in it. */
  #heldAt(pfn: number): Held {
    const object = this.#numberIn(pfn);
    const held = this.held.get(object);
    if (held === undefined || held.pfn !== pfn) {
      throw new Error(`page ${pfn} holds the number of object ${object}`);
    }
    return held;
  }
}

/** The target, and the memory that it is of; a fresh one after each `create`. */
export interface PageAllocTarget
  extends StepTarget<PageAllocSteps, PageAllocResults> {
  /** The memory that there is since the last `create`. */
  readonly memory: Memory | undefined;
}

/** The allocator of a kernel as a target. */
export function modelPageAlloc(profile: Profile): PageAllocTarget {
  let model: PagesModel | undefined;
  const target = tableTarget<PageAllocSteps, PageAllocResults>({
    create(step) {
      model = new PagesModel(profile, step);
      return null;
    },
    alloc({ object, order, gfp }) {
      if (model === undefined || model.held.has(object)) return SKIPPED;
      if (order > (model.memory.buddy?.maxOrder ?? 0)) return SKIPPED;
      const pfn = model.memory.allocPages(order, GFP[gfp]);
      if (pfn === NO_PAGE) return { error: "ENOMEM" };
      const held: Held = { pfn, order, refuses: undefined };
      model.held.set(object, held);
      model.mark(object, held);
      const isMovable = order === 0 && (gfp === "movable" || gfp === "user");
      if (isMovable) model.memory.setMovable(pfn, model.owner);
      return { pfn };
    },
    free({ object }) {
      const held = model?.held.get(object);
      if (model === undefined || held === undefined) return SKIPPED;
      model.memory.freePages(held.pfn, held.order);
      model.held.delete(object);
      return null;
    },
    pin: ({ object, refuses }) => refuse(model?.held.get(object), refuses),
    unpin: ({ object }) => refuse(model?.held.get(object), undefined),
    read({ object }) {
      const held = model?.held.get(object);
      if (model === undefined || held === undefined) return SKIPPED;
      return { pfn: held.pfn, numbers: model.numbers(held) };
    },
    compact({ zone: nth, order, gfp = "kernel" }) {
      const zone = model?.memory.buddy?.zones[nth];
      if (model === undefined || zone === undefined) return SKIPPED;
      const asked = order === undefined ? undefined : { order, gfp: GFP[gfp] };
      model.moved = [];
      const { outcome, failed } = compactZone(model.memory, zone, asked);
      const { moved, isolated } = model;
      return { outcome, failed, moved, isolated: isolated.size };
    },
    show() {
      const buddy = model?.memory.buddy;
      return buddy === undefined ? SKIPPED : shown(buddy);
    },
  });
  return {
    ...target,
    get memory() {
      return model?.memory;
    },
  };
}

function refuse(
  held: Held | undefined,
  refuses: Refusing | undefined,
): null | typeof SKIPPED {
  if (held === undefined) return SKIPPED;
  held.refuses = refuses;
  return null;
}

/** What there is to see of an allocator. */
export function shown(buddy: PageAllocator): PageAllocShown {
  const { zones, maxOrder, blockTypes, pageblockOrder, endPfn } = buddy;
  const lists: ShownList[] = [];
  for (const zone of zones) {
    for (let order = 0; order <= maxOrder; order++) {
      for (const type of MIGRATE_TYPES.keys()) {
        const blocks = [...listedBlocks(buddy, zone, order, type)];
        if (blocks.length === 0) continue;
        lists.push([zone.index, order, type, blocks.map(({ pfn }) => pfn)]);
      }
    }
  }
  const first = zones[0].start >>> pageblockOrder;
  const last = endPfn - 1 >>> pageblockOrder;
  return {
    zones: zones.map(({ name, freePages, freeCma }) => ({
      name,
      free: freePages,
      cma: freeCma,
    })),
    lists,
    blockTypes: [...blockTypes.subarray(first, last + 1)],
  };
}
