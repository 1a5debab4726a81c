/**
 * Judging the model of zsmalloc by raw words: whole ones, both halves of them,
 * as handles and frames have them. What reads a link or a header by the model
 * sees only as much as the model looks at.
 */
import { PAGE_PRIVATE, PAGE_STRIDE } from "../../memory/memory.ts";
import type {
  ZsmallocResults,
  ZsmallocSteps,
} from "../../programs/zsmalloc/steps.ts";
import {
  assertInvariants,
  expectEqual,
  type Invariant,
  SILENT,
} from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import type { ZsmallocModel } from "../../targets/zsmalloc/pool_target.ts";
import type { ZsPool } from "../../zsmalloc/pool.ts";
import type { SizeClass } from "../../zsmalloc/size_class.ts";
import type { Judge } from "../judge.ts";
import { givenBy } from "./contract.ts";

/** An object that came, and where it lies. */
interface RawObject {
  /** Its handle. */
  readonly handle: number;
  /** Its class. */
  readonly sizeClass: SizeClass;
  /** Its chunk's number in the zspage. */
  readonly nth: number;
  /** The zspage's frames. */
  readonly frames: readonly number[];
}

const SOURCE = "mm/zsmalloc.c";

/** All ones in half a word. */
const ONES = 0xffffffff;

/** The word at a byte of a zspage, as hexadecimal digits. */
function wordAt(
  { memory: { bytes, pageSize }, profile }: ZsPool,
  frames: readonly number[],
  offset: number,
): string {
  const start = frames[Math.floor(offset / pageSize)] * pageSize +
    offset % pageSize;
  const word = bytes.slice(start, start + profile.wordBits / 8);
  return word.reverse().toHex();
}

/** A whole number of 32 bits as a word, and what stands in the upper half of one of 64. */
function wordOf({ profile }: ZsPool, low: number, high: number): string {
  const half = (number: number) => number.toString(16).padStart(8, "0");
  return profile.wordBits === 64 ? half(high) + half(low) : half(low);
}

/** The rules of raw words. */
export const RAW_WORD_INVARIANTS: readonly Invariant<ZsPool, RawObject>[] = [
  {
    id: "zsmalloc/handle-counts-from-1",
    sentence:
      "Up to 3.19 a handle is a frame's number and, in its lowest bits, an object's index in it and one: so none is 0.",
    source: `obj_location_to_handle, ${SOURCE}, 3.12`,
    check({ geometry, profile, memory }, { handle, sizeClass, nth, frames }) {
      if (profile.objects.handle !== "location") return SILENT;
      const start = nth * sizeClass.size;
      const frame = Math.floor(start / memory.pageSize);
      // Objects that start in frames before it are not counted.
      const before = Math.ceil(frame * memory.pageSize / sizeClass.size);
      return expectEqual(
        () => `the handle of chunk ${nth} in page ${frames[frame]}`,
        handle,
        frames[frame] * 2 ** geometry.objIndexBits + nth - before + 1,
      );
    },
  },
  {
    id: "zsmalloc/header-is-a-word",
    sentence:
      "The word in front of an object is its handle with the tag, all of it (since 4.0).",
    source: `obj_malloc, ${SOURCE}, 4.0`,
    check(pool, { handle, sizeClass, nth, frames }) {
      const { headerBytes } = pool.zspages;
      const isHuge = frames.length === 1 && sizeClass.objectsPerZspage === 1;
      if (headerBytes === 0 || isHuge) return SILENT;
      return expectEqual(
        () => `the header of chunk ${nth} from page ${frames[0]} on`,
        wordAt(pool, frames, nth * sizeClass.size),
        wordOf(pool, handle + 1, 0),
      );
    },
  },
  {
    id: "zsmalloc/last-link-is-ones",
    sentence:
      "The link that ends a new zspage's list is all ones, shifted past the tag (since 4.8): it stays where room behind the last chunk holds it.",
    source: `init_zspage, ${SOURCE}, 4.8`,
    check(pool, { sizeClass, frames }) {
      const { size, objectsPerZspage } = sizeClass;
      const end = objectsPerZspage * size;
      const hasRoom = end < frames.length * pool.memory.pageSize;
      if (pool.profile.objects.link !== "index" || !hasRoom) return SILENT;
      return expectEqual(
        () => `the last link from page ${frames[0]} on`,
        wordAt(pool, frames, end),
        wordOf(pool, ONES - 1, ONES),
      );
    },
  },
];

/** Of objects that come at once, so many are looked at. */
const MOST_AT_ONCE = 16;

/** A judge of the words that a malloc leaves. */
export function zsmallocRawWords(
  model: ZsmallocModel,
  reach: Reach,
): Judge<ZsmallocSteps, ZsmallocResults> {
  return {
    after(step, answer) {
      const { pool } = model;
      if (step.op !== "malloc" || pool === undefined) return;
      // What is answered to a malloc is known; the model's handles are numbers.
      const { handles } = givenBy(answer as ZsmallocResults["malloc"]);
      for (const handle of handles.slice(-MOST_AT_ONCE)) {
        const object = rawObject(pool, Number(handle), step.size);
        assertInvariants(RAW_WORD_INVARIANTS, pool, object, reach);
      }
    },
  };
}

/** Where an object of so many bytes lies. */
function rawObject(pool: ZsPool, handle: number, size: number): RawObject {
  const { handles, zspages, memory } = pool;
  const sizeClass = pool.classFor(size);
  const pfn = handles.pfnOf(handle);
  const zspage = memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
  return {
    handle,
    sizeClass,
    nth: handles.objIndexOf(handle, sizeClass.size),
    frames: zspages.pagesOf(zspage),
  };
}
