/** The pools of the second model of zswap: names, and who refers to them. */

/** A pool by its allocator and compressor. */
export interface NaivePool {
  /** The allocator. */
  readonly zpool: string;
  /** The compressor. */
  readonly compressor: string;
  /** Who refers to it. */
  references: number;
  /** Whether its worker waits to be run. */
  isQueued: boolean;
}

/** The pools, the current one first. */
export class NaivePools {
  #list: NaivePool[];

  /** One pool. */
  constructor(zpool: string, compressor: string) {
    this.#list = [{ zpool, compressor, references: 1, isQueued: false }];
  }

  /** All of them, the current one first. */
  get list(): readonly NaivePool[] {
    return this.#list;
  }

  /** The pool for new pages. */
  get current(): NaivePool {
    return this.#list[0];
  }

  /** The pools whose worker waits. */
  get queued(): readonly NaivePool[] {
    return this.#list.filter(({ isQueued }) => isQueued);
  }

  /** Another allocator or compressor is chosen. */
  choose(zpool: string, compressor: string): void {
    const before = this.current;
    const chosen =
      this.#list.find((pool) =>
        pool.zpool === zpool && pool.compressor === compressor
      ) ?? { zpool, compressor, references: 0, isQueued: false };
    if (chosen === before) return;
    this.#list = [chosen, ...this.#list.filter((pool) => pool !== chosen)];
    chosen.references++;
    this.release(before);
  }

  /** The last pool is to shrink: a reference for it, queued already or not. */
  queueLast(): void {
    const last = this.#list[this.#list.length - 1];
    last.references++;
    last.isQueued = true;
  }

  /** One who referred to a pool does no more. */
  release(pool: NaivePool): void {
    if (--pool.references > 0) return;
    this.#list = this.#list.filter((one) => one !== pool);
  }
}
