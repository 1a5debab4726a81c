/**
 * Who walks over all struct pages, and what he takes for a page of his. The
 * model has a zspage's number in `private` and the next frame in `index`,
 * whatever fields of the same struct page a release puts them in.
 */
import {
  type Memory,
  PAGE_FIRST_OBJ_OFFSET,
  PAGE_FLAGS,
  PAGE_INDEX,
  PAGE_PRIVATE,
  PAGE_STRIDE,
  PG_ALLOCATED,
  PG_PRIVATE,
} from "../../memory/memory.ts";

/** `PG_lru`, which pages of files have here, and their `page->index` is right. */
export const PG_LRU: number = 1 << 5;

/** Who walks all struct pages, and which of them he takes for one of his. */
export interface Walker {
  /** What he goes by. */
  readonly name: string;
  /** Whether he takes one for his, by its fields. */
  readonly takes: (page: Uint32Array) => boolean;
}

/** Walkers by name. */
export type WalkerName = "byLru" | "byPrivateFlag" | "byPrivate" | "byIndex";

/** Those who go by a flag of pages that they know, and those who do not. */
export const WALKERS: Readonly<Record<WalkerName, Walker>> = {
  byLru: {
    name: "PG_lru, then index",
    takes: (page) => (page[PAGE_FLAGS] & PG_LRU) !== 0,
  },
  byPrivateFlag: {
    name: "PG_private: has buffers",
    takes: (page) => (page[PAGE_FLAGS] & PG_PRIVATE) !== 0,
  },
  byPrivate: {
    name: "private is not null: buffers",
    takes: (page) => page[PAGE_PRIVATE] !== 0,
  },
  byIndex: {
    name: "index: place in a file",
    takes: (page) => page[PAGE_INDEX] !== 0,
  },
};

/** Their names. */
export const WALKER_NAMES: readonly WalkerName[] = [
  "byLru",
  "byPrivateFlag",
  "byPrivate",
  "byIndex",
];

/** The struct page of a frame, whose fields can be read and written. */
export function structPage({ page }: Memory, pfn: number): Uint32Array {
  return page.subarray(pfn * PAGE_STRIDE, (pfn + 1) * PAGE_STRIDE);
}

/** Whether an owner has put anything into a struct page. */
export function isTouched(page: Uint32Array): boolean {
  return page[PAGE_FLAGS] !== PG_ALLOCATED || page[PAGE_PRIVATE] !== 0 ||
    page[PAGE_INDEX] !== 0 || page[PAGE_FIRST_OBJ_OFFSET] !== 0;
}
