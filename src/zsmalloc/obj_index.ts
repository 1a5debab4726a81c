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
  /** The index of the class of the zspage that has frame `pfn`. */
  classIndexAt(pfn: number): number;
  /** How many frames of its chain lie before frame `pfn`. */
  nthPage(pfn: number): number;
  /** The frame that holds a zspage's byte `offset`. */
  pageAt(zspage: number, offset: number): number;
}

/** No index of a class: the location does not name it. */
export const NO_CLASS: number = -1;

/** Converts between the model's object index and the one in a location. */
export interface ObjIndexing {
  /** The index to encode for object `objIndex`, which starts in frame `pfn`. */
  encode(pfn: number, objIndex: number, size: number): number;
  /** The object that a location in frame `pfn` names by `index`. */
  decode(pfn: number, index: number, size: number): number;
  /** The index of the class that such an index names, or `NO_CLASS`. */
  classIndex(index: number): number;
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
  classIndex: () => NO_CLASS,
};

/**
 * The place in the zspage, below the index of the class. Specifies
 * `location_to_obj` and `obj_to_class_idx`, `mm/zsmalloc.c`, 7.3.
 */
function inClass(zspages: FrameChains, objIndexBits: number): ObjIndexing {
  // With few bits of a frame's number, an index has more than 32.
  const unit = 2 ** objIndexBits;
  return {
    encode: (pfn, objIndex) => zspages.classIndexAt(pfn) * unit + objIndex,
    decode: (_pfn, index) => index % unit,
    classIndex: (index) => Math.floor(index / unit),
  };
}

/** Bits of the two indices of a location. */
export interface IndexBits {
  /** Of the class's index, or 0 where it is not there. */
  readonly objClassBits: number;
  /** Of the object's. */
  readonly objIndexBits: number;
}

/** The way of counting that `rule` names, over the frames of `zspages`. */
export function objIndexing(
  rule: ObjectRule["index"],
  zspages: FrameChains,
  { objClassBits, objIndexBits }: IndexBits,
): ObjIndexing {
  if (objClassBits > 0) return inClass(zspages, objIndexBits);
  if (rule === "in-zspage") return inZspage;
  const { pageSize } = zspages.memory;
  const before = (pfn: number, size: number) =>
    objectsBefore(zspages.nthPage(pfn), pageSize, size);
  return {
    encode: (pfn, objIndex, size) => objIndex - before(pfn, size),
    decode: (pfn, index, size) => index + before(pfn, size),
    classIndex: () => NO_CLASS,
  };
}
