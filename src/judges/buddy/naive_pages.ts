/** Pages and objects as the second models of zbud and z3fold see them. */
import type { Bytes } from "../../programs/bytes.ts";

/** Chunks of a page, the header's among them. */
export const CHUNKS = 64;

/** A page as the second models see it. */
export interface NaivePage {
  /** Its frame, or -1 until the first answer about it names one. */
  pfn: number;
  /** By `enum buddy`'s names the object in each place. */
  readonly objects: Map<string, NaiveObject>;
  /** The count of free chunks by which it is listed, or -1. */
  list: number;
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

/** Pages by their free chunks, the one listed last the last. */
export class PagesByRoom<Page extends NaivePage> {
  readonly #lists = Array.from({ length: CHUNKS }, (): Page[] => []);

  /** A page is listed as one with `free` chunks. */
  list(page: Page, free: number): void {
    this.unlist(page);
    page.list = free;
    this.#lists[free].push(page);
  }

  /** A page is listed nowhere. */
  unlist(page: Page): void {
    if (page.list < 0) return;
    const list = this.#lists[page.list];
    list.splice(list.lastIndexOf(page), 1);
    page.list = -1;
  }

  /** Takes the page that was listed last with so many free chunks, if there is one. */
  take(free: number): Page | undefined {
    const page = this.#lists[free].at(-1);
    if (page !== undefined) this.unlist(page);
    return page;
  }
}
