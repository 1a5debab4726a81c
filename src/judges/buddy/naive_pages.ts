/**
 * What the second models of zbud and z3fold share: pages by free chunks and by
 * age, kept as stamps instead of links.
 */
import type { Bytes } from "../../programs/bytes.ts";

/** A page as the second models see it. */
export interface NaivePage {
  /** Its frame, or -1 until the first answer about it names one. */
  pfn: number;
  /** By `enum buddy`'s names the object in each place. */
  readonly objects: Map<string, NaiveObject>;
  /** The count of free chunks by which it is listed, or -1. */
  list: number;
  /** When it was listed: of an older stamp nothing is left. */
  listed: number;
  /** When it was touched, or -1 where it is not among the pages by age. */
  touched: number;
}

/** An object as the second models see it. */
export interface NaiveObject {
  /** Its number. */
  readonly object: number;
  /** The bytes that were asked for. */
  readonly size: number;
  /** The chunks it takes. */
  readonly chunks: number;
  /** What was written to it, if anything was. */
  data?: Bytes;
  /** Its handle, 0 until the answer that names it. */
  handle: number;
  /** Its page. */
  page: NaivePage;
  /** Which of the page's objects it is. */
  buddy: string;
  /** Whether it is mapped. */
  isMapped: boolean;
}

/** A page and the stamp that it had when it was put down here. */
interface Stamped<Page> {
  readonly page: Page;
  readonly stamp: number;
}

/** Pages by their free chunks, the one listed last first. */
export class PagesByRoom<Page extends NaivePage> {
  readonly #stacks = new Map<number, Stamped<Page>[]>();
  #clock = 0;

  /** A page that is listed nowhere is now, as one with `free` chunks. */
  list(page: Page, free: number): void {
    page.list = free;
    page.listed = ++this.#clock;
    const stack = this.#stacks.get(free) ?? [];
    this.#stacks.set(free, stack);
    stack.push({ page, stamp: page.listed });
  }

  /** A page is listed nowhere. */
  unlist(page: Page): void {
    page.list = -1;
    page.listed = -1;
  }

  /** Takes the page that was listed last with so many free chunks, if there is one. */
  take(free: number): Page | undefined {
    const stack = this.#stacks.get(free) ?? [];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (top.page.listed !== top.stamp) continue;
      this.unlist(top.page);
      return top.page;
    }
  }
}

/** Pages by when they were touched. */
export class PagesByAge<Page extends NaivePage> {
  #queue: Stamped<Page>[] = [];
  #clock = 0;

  /** A page is the newest now. */
  touch(page: Page): void {
    page.touched = ++this.#clock;
    this.#queue.push({ page, stamp: page.touched });
    if (this.#queue.length > 64 && this.#clock % 64 === 0) this.#tidy();
  }

  /** A page is not among them any more. */
  remove(page: Page): void {
    page.touched = -1;
  }

  /** The pages from the oldest on. */
  *oldestFirst(): Generator<Page> {
    for (const { page, stamp } of this.#queue) {
      if (page.touched === stamp) yield page;
    }
  }

  /** Forgets what was touched again or removed since. */
  #tidy(): void {
    this.#queue = this.#queue.filter(({ page, stamp }) =>
      page.touched === stamp
    );
  }
}
