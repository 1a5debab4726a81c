/**
 * Where objects lie in the zspages of one class: which zspage is full, which
 * list it is in, which chunk is the next.
 */
import type { NaiveClass } from "./class_table.ts";
import type { NaiveFrames } from "./frames.ts";
import type { KernelFacts } from "./kernels.ts";

/** A zspage: the object in each chunk, and the order in which chunks are taken. */
export interface NaiveZspage {
  /** The objects of which class. */
  readonly of: Placement;
  /** For each chunk its object's number and one more; 0 where there is none. */
  readonly chunks: Uint32Array;
  /** Chunks that were freed; the last is taken first. */
  readonly freed: number[];
  /** Chunks never taken lie from here on, and come after those freed. */
  fresh: number;
  /** Chunks that hold an object. */
  inuse: number;
  /** Its group. */
  group: number;
  /** Which of its frames are isolated, and locked: their places in it. */
  readonly isolated: Set<number>;
  readonly locked: Set<number>;
  /** Whether it is on the list of its group, empty and full ones too. */
  isListed: boolean;
  /** Whether it was given back. */
  isGone: boolean;
}

/** Where an object is. */
export interface Place {
  /** Its zspage. */
  zspage: NaiveZspage;
  /** Its chunk. */
  chunk: number;
}

/** The zspages of one class. */
export class Placement {
  /** The class. */
  readonly sizeClass: NaiveClass;
  /** Zspages of each group. */
  readonly counts: Uint32Array;
  /** Zspages. */
  zspages = 0;
  /** Objects. */
  used = 0;

  readonly #facts: KernelFacts;
  readonly #frames: NaiveFrames;
  /** The list of each group of part-filled zspages, its head the last. */
  readonly #lists: readonly NaiveZspage[][];

  /** Of a class without a zspage. */
  constructor(
    facts: KernelFacts,
    sizeClass: NaiveClass,
    frames: NaiveFrames,
  ) {
    this.sizeClass = sizeClass;
    this.#facts = facts;
    this.#frames = frames;
    this.counts = new Uint32Array(facts.groups);
    this.#lists = Array.from({ length: facts.groups }, () => []);
  }

  /** Pages that could be given back. */
  get freeable(): number {
    const { objects, pages } = this.sizeClass;
    const free = this.zspages * objects - this.used;
    return (free - free % objects) / objects * pages;
  }

  /** The zspage that the next object goes to. */
  get next(): NaiveZspage | undefined {
    return this.#head(this.#facts.groups - 2, 0);
  }

  /**
   * A new zspage, all chunks free and on no list before it has an object;
   * nothing where there are no frames.
   */
  grow(): NaiveZspage | undefined {
    if (!this.#frames.take(this.sizeClass.pages)) return undefined;
    this.zspages++;
    return {
      of: this,
      chunks: new Uint32Array(this.sizeClass.objects),
      freed: [],
      fresh: 0,
      inuse: 0,
      group: 0,
      isolated: new Set(),
      locked: new Set(),
      isListed: false,
      isGone: false,
    };
  }

  /** Whether a zspage is full. */
  isFull({ inuse }: NaiveZspage): boolean {
    return inuse === this.sizeClass.objects;
  }

  /** Takes a zspage off its list. */
  takeOff(zspage: NaiveZspage): void {
    zspage.isListed = false;
    this.counts[zspage.group]--;
    const list = this.#lists[zspage.group];
    const at = list.lastIndexOf(zspage);
    if (at >= 0) list.splice(at, 1);
  }

  /** Takes the head of the first list that has one, from a group to another. */
  takeHead(from: number, to: number): NaiveZspage | undefined {
    const head = this.#head(from, to);
    if (head !== undefined) this.takeOff(head);
    return head;
  }

  /** The emptiest zspage that is not full, off its list. */
  takeEmptiest(): NaiveZspage | undefined {
    return this.takeHead(1, this.#facts.groups - 2);
  }

  /** The fullest that is not full, off its list. */
  takeFullest(): NaiveZspage | undefined {
    return this.takeHead(this.#facts.groups - 2, 1);
  }

  /**
   * Puts a zspage on the list that its use calls for; an empty one is given
   * back, or waits for that where it `isHeld`. Answers the pages that are given
   * back, or said to be.
   */
  putOn(zspage: NaiveZspage, isHeld = zspage.locked.size > 0): number {
    const { groups, fullerStaysHead } = this.#facts;
    const group = this.#groupOf(zspage);
    if (group === 0 && !isHeld) return this.giveBack(zspage);
    zspage.group = group;
    zspage.isListed = true;
    this.counts[group]++;
    if (group === groups - 1) return 0;
    const list = this.#lists[group];
    const head = list.at(-1);
    const isBehind = fullerStaysHead && head !== undefined &&
      head.inuse > zspage.inuse;
    if (isBehind) list.splice(-1, 0, zspage);
    else list.push(zspage);
    return group === 0 ? this.sizeClass.pages : 0;
  }

  /** Gives an empty zspage back, but for the frames that are isolated. */
  giveBack(zspage: NaiveZspage): number {
    const { pages } = this.sizeClass;
    this.zspages--;
    zspage.isGone = true;
    this.#frames.give(pages);
    this.#frames.keep(zspage.isolated.size);
    return pages;
  }

  /** The empty zspages that wait to be given back, off their list. */
  takeEmpty(): NaiveZspage[] {
    const empty = [...this.#lists[0]].reverse();
    for (const one of empty) this.takeOff(one);
    return empty;
  }

  /** Puts it on another list where its use has come to call for that. */
  settle(zspage: NaiveZspage): void {
    if (!zspage.isListed || this.#groupOf(zspage) === zspage.group) return;
    this.takeOff(zspage);
    this.putOn(zspage);
  }

  #head(from: number, to: number): NaiveZspage | undefined {
    const step = from <= to ? 1 : -1;
    for (let group = from; group !== to + step; group += step) {
      const head = this.#lists[group].at(-1);
      if (head !== undefined) return head;
    }
  }

  #groupOf({ inuse }: NaiveZspage): number {
    const { objects } = this.sizeClass;
    if (inuse === 0) return 0;
    if (inuse === objects) return this.#facts.groups - 1;
    return this.#facts.group(inuse, objects);
  }
}

/** Puts an object into the first free chunk of a zspage: which one that is. */
export function putObject(zspage: NaiveZspage, object: number): number {
  const chunk = zspage.freed.pop() ?? zspage.fresh++;
  zspage.chunks[chunk] = object + 1;
  zspage.inuse++;
  return chunk;
}

/** Takes the object out of a chunk of a zspage. */
export function takeObject(zspage: NaiveZspage, chunk: number): void {
  zspage.chunks[chunk] = 0;
  zspage.freed.push(chunk);
  zspage.inuse--;
}
