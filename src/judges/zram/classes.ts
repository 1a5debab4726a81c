/**
 * What the size classes of a kernel are to a device, for judges: the second
 * model's classes by the lengths of pages. The model has its own (`zsGeometry`).
 */
import { ledgerFacts } from "./kernel_facts.ts";
import { leastWaste } from "../../linux/chain.ts";
import type { Profile } from "../../linux/profile.ts";
import {
  classTable as classesBySize,
  type NaiveClass,
} from "../zsmalloc/naive/class_table.ts";

/** What objects of every length take. */
export interface ClassTable {
  /** For each length in bytes from 0 to a page, the number of its class. */
  readonly classOf: Uint16Array;
  /** For each class, pages of a zspage. */
  readonly pages: Uint8Array;
  /** For each class, objects of a zspage. */
  readonly objects: Uint16Array;
  /** Compressed bytes from which on a page is stored whole. */
  readonly wholeFrom: number;
  /** Bytes from which on an object has a page of its own. */
  readonly hugeFrom: number;
  /**
   * For each length, the class that recompression compares: in most releases it
   * looks the length up without the handle.
   */
  readonly comparedOf: Uint16Array;
}

/** The classes of a profile. */
export function classTable(profile: Profile): ClassTable {
  const { pageSize, wordBits, classBits, chainRule, mergesClasses, objects } =
    profile;
  const { sizes, serving } = classesBySize({
    steps: 2 ** classBits,
    tagBits: objects.tagBits,
    chain: chainRule === leastWaste ? "least-waste" : "used-percent",
    merges: mergesClasses,
  }, profile);
  const handle = objects.handle === "cell" ? wordBits / 8 : 0;
  const hugeFrom = hugeFromOf(sizes, serving, handle);
  return {
    classOf: classesOf(sizes, serving, pageSize, handle),
    comparedOf: classesOf(
      sizes,
      serving,
      pageSize,
      ledgerFacts(profile).looksUpWithHandle ? handle : 0,
    ),
    pages: Uint8Array.from(serving, ({ pages }) => pages),
    objects: Uint16Array.from(serving, ({ objects }) => objects),
    hugeFrom,
    wholeFrom: profile.zram.sameFilled === "zeros"
      ? Math.floor(3 * pageSize / 4) + 1
      : hugeFrom,
  };
}

/** The class of each length, so many bytes more for a handle. */
function classesOf(
  sizes: readonly number[],
  serving: readonly NaiveClass[],
  pageSize: number,
  handle: number,
): Uint16Array {
  const classes = new Uint16Array(pageSize + 1);
  let nth = 0;
  for (let length = 0; length <= pageSize; length++) {
    while (nth < sizes.length - 1 && sizes[nth] < length + handle) nth++;
    classes[length] = serving[nth].index;
  }
  return classes;
}

/** One byte more than the largest object that shares its zspage's pages. */
function hugeFromOf(
  sizes: readonly number[],
  serving: readonly NaiveClass[],
  handle: number,
): number {
  const largest = serving.findLastIndex(({ pages, objects }) =>
    pages !== 1 && objects !== 1
  );
  return largest < 0 ? 0 : sizes[largest] - handle + 1;
}
