/** A queue of blocks in levels: those that were hit more often go later. */

/** NR_QUEUE_LEVELS. */
export const NR_QUEUE_LEVELS = 16;

/** What the policy knows of a block of the origin (`struct entry`). */
export interface MqEntry {
  /** The block of the origin. */
  oblock: number;
  /** Where it is in the cache, if it is. */
  cblock: number;
  /** Whether it is in the cache, and not only watched. */
  inCache: boolean;
  /** How often it was hit, at most once a tick. */
  hitCount: number;
  /** The tick in which it was moved last. */
  tick: number;
}

/** The level of an entry: the power of two of its hits (`queue_level`). */
export function queueLevel({ hitCount }: MqEntry): number {
  return Math.min(31 - Math.clz32(hitCount), NR_QUEUE_LEVELS - 1);
}

/**
 * Entries in sixteen levels, the oldest of each first. Specifies `struct
 * queue`, `drivers/md/dm-cache-policy-mq.c`, 3.12. A Set keeps the order in
 * which it was added to, as the kernel's list does.
 */
export class MqQueue {
  readonly #levels: Set<MqEntry>[] = Array.from(
    { length: NR_QUEUE_LEVELS },
    () => new Set(),
  );

  /** Puts an entry at the end of its level (`queue_push`). */
  push(entry: MqEntry): void {
    this.#levels[queueLevel(entry)].add(entry);
  }

  /** Takes an entry out, wherever the levels were shifted to. */
  remove(entry: MqEntry): void {
    const level = this.#levels.find((one) => one.has(entry));
    if (level === undefined) {
      throw new Error(
        `Cannot take block ${entry.oblock} out of a queue: it is not there`,
      );
    }
    level.delete(entry);
  }

  /**
   * Takes the oldest entry of the lowest level that has any. Where that empties
   * the bottom, all levels move down by one (`queue_pop`).
   */
  pop(): MqEntry | undefined {
    const level = this.#levels.findIndex(({ size }) => size > 0);
    if (level < 0) return undefined;
    const [entry] = this.#levels[level];
    this.#levels[level].delete(entry);
    if (level === 0 && this.#levels[0].size === 0) {
      this.#levels.shift();
      this.#levels.push(new Set());
    }
    return entry;
  }

  /** The entries, from the lowest level on. */
  *[Symbol.iterator](): IterableIterator<MqEntry> {
    for (const level of this.#levels) yield* level;
  }
}
