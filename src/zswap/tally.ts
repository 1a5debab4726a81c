/**
 * What the entries of zswap add up to, by looking at each of them, to compare
 * with what zswap counts.
 */
import type { ZswapEntry } from "./entry.ts";
import type { ZswapPool } from "./pools.ts";
import type { Zswap } from "./zswap.ts";

/** What is known of one entry: as it was when it was counted. */
interface Known {
  readonly pool: ZswapPool | undefined;
  readonly handle: number;
  readonly length: number;
}

/** The entries of one pool. */
interface PoolTally {
  entries: number;
  /** How many entries have each of its objects. */
  readonly handles: Map<number, number>;
}

/** What all entries of zswap add up to. */
export class ZswapTally {
  /** Entries in trees. */
  entries = 0;
  /** Those of pages that are one word repeated, without an object. */
  sameFilled = 0;
  /** Those of pages that are stored as they are. */
  incompressible = 0;
  /** Bytes of all compressed pages. */
  bytes = 0;

  readonly #zswap: Zswap;
  readonly #known = new Map<number, Map<number, Known>>();
  readonly #pools = new Map<ZswapPool, PoolTally>();

  /** Counts every entry of `zswap`. */
  constructor(zswap: Zswap) {
    this.#zswap = zswap;
    for (const type of zswap.trees.keys()) this.countType(type);
  }

  /** Entries in a pool. */
  entriesIn(pool: ZswapPool): number {
    return this.#pools.get(pool)?.entries ?? 0;
  }

  /** Objects of a pool that entries have: as many, or two have the same. */
  objectsIn(pool: ZswapPool): number {
    return this.#pools.get(pool)?.handles.size ?? 0;
  }

  /** Counts the entry of a slot as it is now, instead of as it was. */
  count(type: number, offset: number): void {
    const known = this.#slotsOf(type);
    const before = known.get(offset);
    if (before !== undefined) this.#add(before, -1);
    const entry = this.#zswap.trees.get(type)?.entries.get(offset);
    if (entry === undefined) {
      known.delete(offset);
      return;
    }
    const now = knownOf(entry);
    known.set(offset, now);
    this.#add(now, 1);
  }

  /** Counts every entry of a swap type as it is now. */
  countType(type: number): void {
    const offsets = this.#zswap.trees.get(type)?.entries.keys() ?? [];
    for (const offset of [...this.#slotsOf(type).keys(), ...offsets]) {
      this.count(type, offset);
    }
  }

  #slotsOf(type: number): Map<number, Known> {
    let known = this.#known.get(type);
    if (known === undefined) this.#known.set(type, known = new Map());
    return known;
  }

  #add({ pool, handle, length }: Known, times: 1 | -1): void {
    const { pageSize, zswap } = this.#zswap.profile;
    this.entries += times;
    this.bytes += times * length;
    if (length === 0) this.sameFilled += times;
    if (zswap.storesIncompressible && length === pageSize) {
      this.incompressible += times;
    }
    if (pool !== undefined) this.#addObject(pool, handle, times);
  }

  #addObject(pool: ZswapPool, handle: number, times: 1 | -1): void {
    let tally = this.#pools.get(pool);
    if (tally === undefined) {
      this.#pools.set(pool, tally = { entries: 0, handles: new Map() });
    }
    tally.entries += times;
    const holders = (tally.handles.get(handle) ?? 0) + times;
    if (holders > 0) tally.handles.set(handle, holders);
    else tally.handles.delete(handle);
    // A pool without entries may be gone.
    if (tally.entries === 0) this.#pools.delete(pool);
  }
}

function knownOf({ pool, handle, length }: ZswapEntry): Known {
  return { pool, handle, length };
}
