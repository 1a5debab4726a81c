/**
 * What an object's index counts from. In this model it is its place in the
 * zspage; a location holds what the release counts, which up to 4.7 is the
 * place among the objects that start in the same frame.
 */
import type { ObjectRule } from "../linux/objects.ts";
import type { Memory } from "../memory/memory.ts";

/** The frames of zspages, as far as locations in them need them. */
export interface FrameChains {
  /** The frames. */
  readonly memory: Memory;
  /** How many frames of its chain lie before frame `pfn`. */
  nthPage(pfn: number): number;
  /** The frame that holds a zspage's byte `offset`. */
  pageAt(zspage: number, offset: number): number;
}

/** Converts between the model's object index and the one in a location. */
export interface ObjIndexing {
  /** The index to encode for object `objIndex`, which starts in frame `pfn`. */
  encode(pfn: number, objIndex: number, size: number): number;
  /** The object that a location in frame `pfn` names by `index`. */
  decode(pfn: number, index: number, size: number): number;
}

/** How many objects of `size` bytes start in the frames before the nth. */
export function objectsBefore(
  nth: number,
  pageSize: number,
  size: number,
): number {
  return Math.ceil(nth * pageSize / size);
}

const inZspage: ObjIndexing = {
  encode: (_pfn, objIndex) => objIndex,
  decode: (_pfn, index) => index,
};

/** The way of counting that `rule` names, over the frames of `zspages`. */
export function objIndexing(
  rule: ObjectRule["index"],
  zspages: FrameChains,
): ObjIndexing {
  if (rule === "in-zspage") return inZspage;
  const { pageSize } = zspages.memory;
  const before = (pfn: number, size: number) =>
    objectsBefore(zspages.nthPage(pfn), pageSize, size);
  return {
    encode: (pfn, objIndex, size) => objIndex - before(pfn, size),
    decode: (pfn, index, size) => index + before(pfn, size),
  };
}
