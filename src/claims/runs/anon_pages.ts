/** Pages of processes in zones: which frames they have, and how those are moved. */
import { GFP_HIGHUSER_MOVABLE } from "../../linux/gfp.ts";
import { type Memory, NO_PAGE } from "../../memory/memory.ts";

/**
 * Pages that are in memory, by any numbers. What moves one rewrites its page
 * table, which this stands for; its bytes are nobody's here.
 */
export class AnonPages {
  readonly #memory: Memory;
  readonly #owner: number;
  /** Oldest first, as a Map keeps its order. */
  #pfns = new Map<number, number>();
  #numbers = new Map<number, number>();

  /** None yet. */
  constructor(memory: Memory) {
    this.#memory = memory;
    this.#owner = memory.registerMovable({
      isolate: () => true,
      migrate: (pfn, to) => {
        const number = this.#numbers.get(pfn);
        if (number === undefined) return false;
        this.#numbers.delete(pfn);
        this.#pfns.set(number, to);
        this.#numbers.set(to, number);
        return true;
      },
      putback() {},
    });
  }

  /** Whether a page is in memory. */
  has(number: number): boolean {
    return this.#pfns.has(number);
  }

  /** The oldest page, or `undefined`. */
  get oldest(): number | undefined {
    return this.#pfns.keys().next().value;
  }

  /** Gives a page a frame; false where there is none. */
  add(number: number): boolean {
    const pfn = this.#memory.allocPage(GFP_HIGHUSER_MOVABLE);
    if (pfn === NO_PAGE) return false;
    this.#memory.setMovable(pfn, this.#owner);
    this.#pfns.set(number, pfn);
    this.#numbers.set(pfn, number);
    return true;
  }

  /** Gives a page's frame back, if it has one. */
  delete(number: number): void {
    const pfn = this.#pfns.get(number);
    if (pfn === undefined) return;
    this.#pfns.delete(number);
    this.#numbers.delete(pfn);
    this.#memory.freePage(pfn);
  }

  /** What brings the pages back to where they are now; the memory is to follow. */
  remember(): () => void {
    const [pfns, numbers] = [new Map(this.#pfns), new Map(this.#numbers)];
    return () => {
      this.#pfns = new Map(pfns);
      this.#numbers = new Map(numbers);
    };
  }
}
