/** Pages by their slots: what a judge knows to be stored. */

/** Pages by swap type and offset. */
export class StoredPages<Page> {
  readonly #types = new Map<number, Map<number, Page>>();
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** The page of a slot. */
  get(type: number, offset: number): Page | undefined {
    return this.#types.get(type)?.get(offset);
  }

  /** Puts a page in the place of what a slot has; it is then the newest. */
  set(type: number, offset: number, page: Page): void {
    this.delete(type, offset);
    let pages = this.#types.get(type);
    if (pages === undefined) this.#types.set(type, pages = new Map());
    pages.set(offset, page);
    this.#size++;
  }

  /** Takes a slot's page out; answers it. */
  delete(type: number, offset: number): Page | undefined {
    const pages = this.#types.get(type);
    const page = pages?.get(offset);
    if (page === undefined) return undefined;
    pages?.delete(offset);
    this.#size--;
    return page;
  }

  /** Offsets of a type that have a page. */
  offsetsOf(type: number): number[] {
    return [...this.#types.get(type)?.keys() ?? []];
  }

  /** Every slot that has a page, and the page. */
  *entries(): Generator<readonly [type: number, offset: number, page: Page]> {
    for (const [type, pages] of this.#types) {
      for (const [offset, page] of pages) yield [type, offset, page];
    }
  }
}
