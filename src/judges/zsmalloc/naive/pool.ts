/** The second model of a pool: what it has, gives, refuses and moves. */
import { mostFrames } from "../../../programs/zones.ts";
import type { Profile } from "../../../linux/profile.ts";
import { kernelAsked } from "../../../programs/kernel.ts";
import type { ZsmallocCreate } from "../../../programs/zsmalloc/steps.ts";
import {
  classServing,
  type ClassTable,
  classTable,
  type NaiveClass,
} from "./class_table.ts";
import { type Compacting, compactPlacement } from "./compaction.ts";
import { NaiveFrames } from "./frames.ts";
import { type KernelFacts, kernelFacts } from "./kernels.ts";
import {
  type NaiveZspage,
  type Place,
  Placement,
  putObject,
  takeObject,
} from "./placement.ts";

/** A pool of the second model. */
export class NaivePool {
  /** What is known of its kernel. */
  readonly facts: KernelFacts;
  /** Bytes per page. */
  readonly pageSize: number;
  /** Bytes of a word. */
  readonly wordBytes: number;
  /** Its frames, and those that there are. */
  readonly frames: NaiveFrames;
  /** Pages that compaction has freed. */
  pagesCompacted = 0;
  /** Objects that compaction has moved. */
  objectsMoved = 0;
  /** Where each object is. */
  readonly places: Map<number, Place> = new Map();

  readonly #table: ClassTable;
  /** Each class once, from the smallest. */
  readonly #classes: readonly NaiveClass[];
  readonly #placements = new Map<NaiveClass, Placement>();

  /** An empty pool of a kernel. */
  constructor(profile: Profile, create: ZsmallocCreate) {
    const { physBits } = kernelAsked(profile, create);
    const { pageSize, wordBits } = create;
    const most = mostFrames(create, profile.zram.gfp) ?? Infinity;
    this.facts = kernelFacts(profile);
    this.pageSize = pageSize;
    this.wordBytes = wordBits / 8;
    this.frames = new NaiveFrames(most);
    this.#table = classTable(this.facts, { ...create, physBits });
    this.#classes = [...new Set(this.#table.serving)];
  }

  /** The classes that there are, from the smallest, each with its zspages. */
  get placements(): readonly Placement[] {
    return this.#classes.map((one) => this.#of(one));
  }

  /** Pages that compaction could free. */
  get freeable(): number {
    let pages = 0;
    for (const one of this.#placements.values()) pages += one.freeable;
    return pages;
  }

  /** An object of `size` bytes comes, or an errno. */
  malloc(size: number, object: number): string | undefined {
    const { facts, pageSize, wordBytes, frames } = this;
    const [zero, tooLarge] = facts.refusals;
    if (size === 0) return zero;
    if (size > pageSize) return tooLarge;
    if (facts.hasCells && frames.faults.strikes("cell")) return "ENOMEM";
    const chunkSize = facts.hasCells ? size + wordBytes : size;
    const placement = this.#of(classServing(this.#table, chunkSize));
    const { next } = placement;
    const zspage = next ?? placement.grow();
    if (zspage === undefined) return "ENOMEM";
    this.places.set(object, { zspage, chunk: putObject(zspage, object) });
    placement.used++;
    if (next === undefined) placement.putOn(zspage);
    else placement.settle(zspage);
  }

  /** An object goes. */
  free(object: number): void {
    const place = this.places.get(object);
    if (place === undefined) return;
    const { zspage, chunk } = place;
    takeObject(zspage, chunk);
    zspage.of.used--;
    zspage.of.settle(zspage);
    this.places.delete(object);
  }

  /** Compacts every class from the largest; answers the pages freed. */
  compact(around: Omit<Compacting, "move">): number {
    const pool = {
      ...around,
      move: (object: number, to: NaiveZspage) => this.#move(object, to),
    };
    let freed = 0;
    for (let nth = this.#classes.length - 1; nth >= 0; nth--) {
      // While a class is compacted, others may get their first zspages.
      const placement = this.#placements.get(this.#classes[nth]);
      if (placement === undefined || placement.zspages === 0) continue;
      freed += compactPlacement(this.facts, placement, pool);
    }
    this.pagesCompacted += freed;
    return freed;
  }

  /** A frame is taken in the place of another: or there was none. */
  replaceFrame(): boolean {
    if (!this.frames.take(1)) return false;
    this.frames.give(1);
    return true;
  }

  /** Whether an object lies in two frames: its chunk, or what is read of it. */
  crosses(object: number, read?: number): boolean {
    const place = this.places.get(object);
    if (place === undefined) return false;
    const { zspage: { of: { sizeClass } }, chunk } = place;
    const start = chunk * sizeClass.size % this.pageSize;
    const isHuge = sizeClass.pages === 1 && sizeClass.objects === 1;
    const handle = isHuge ? 0 : this.wordBytes;
    const span = read === undefined ? sizeClass.size : handle + read;
    return start + span > this.pageSize;
  }

  #of(sizeClass: NaiveClass): Placement {
    const known = this.#placements.get(sizeClass);
    if (known !== undefined) return known;
    const made = new Placement(this.facts, sizeClass, this.frames);
    this.#placements.set(sizeClass, made);
    return made;
  }

  #move(object: number, to: NaiveZspage): void {
    const place = this.places.get(object);
    if (place === undefined) return;
    takeObject(place.zspage, place.chunk);
    place.zspage = to;
    place.chunk = putObject(to, object);
    this.objectsMoved++;
  }
}
