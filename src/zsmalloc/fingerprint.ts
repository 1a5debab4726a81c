/** Whether a pool is as another was, by two sums of all that it is. */
import { PAGE_FLAGS, PAGE_STRIDE, PG_ALLOCATED } from "../memory/memory.ts";
import type { ZsPool } from "./pool.ts";
import { ZSPAGE_STRIDE } from "./zspage.ts";

/** Two sums of numbers, of 32 bits each, in which their order counts. */
class Sums {
  #one = 0x811c9dc5;
  #other = 0x9e3779b9;

  add(value: number): void {
    this.#one = Math.imul(this.#one ^ value, 0x01000193);
    this.#other = Math.imul(this.#other, 0x85ebca6b) + value | 0;
  }

  addAll(words: Uint32Array, start: number, end: number): void {
    let one = this.#one;
    let other = this.#other;
    for (let at = start; at < end; at++) {
      one = Math.imul(one ^ words[at], 0x01000193);
      other = Math.imul(other, 0x85ebca6b) + words[at] | 0;
    }
    this.#one = one;
    this.#other = other;
  }

  get text(): string {
    return `${this.#one} ${this.#other}`;
  }
}

/**
 * Sums of the pool's frames, zspages, classes, handles and counters, and of what
 * is held of them: pools of one kernel that differ have, but for a chance in
 * 2^64, different ones.
 */
export function poolFingerprint(pool: ZsPool): string {
  const { memory, zspages, classes, holds, handles } = pool;
  const sums = new Sums();
  const words = memory.pageSize / 4;
  for (let pfn = memory.firstPfn; pfn < memory.endPfn; pfn++) {
    const page = pfn * PAGE_STRIDE;
    sums.addAll(memory.page, page, page + PAGE_STRIDE);
    const isAllocated = (memory.page[page + PAGE_FLAGS] & PG_ALLOCATED) !== 0;
    if (isAllocated) sums.addAll(memory.words, pfn * words, (pfn + 1) * words);
  }
  sums.addAll(zspages.fields, 0, zspages.count * ZSPAGE_STRIDE);
  for (const { heads, zspages, objsAllocated, objsUsed } of classes) {
    sums.addAll(heads, 0, heads.length);
    sums.addAll(zspages, 0, zspages.length);
    sums.add(objsAllocated);
    sums.add(objsUsed);
  }
  const cells = handles.cells();
  sums.addAll(cells, 0, cells.length);
  for (
    const count of [
      handles.allocated,
      memory.allocatedPages,
      pool.pagesAllocated,
      pool.pagesCompacted,
      pool.hasDeferred ? 1 : 0,
    ]
  ) sums.add(count);
  return holds.isAny ? `${sums.text} ${holds.text()}` : sums.text;
}
