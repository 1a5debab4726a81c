/** Entries: what zswap knows of each page that it holds. */
import type { Lock } from "../rules/lock.ts";
import type { ZswapPool } from "./pools.ts";
import type { SwpEntry } from "./swp_entry.ts";

/** Specifies `struct zswap_entry`, `mm/zswap.c`. */
export interface ZswapEntry extends SwpEntry {
  /** Bytes of the compressed page; 0 where it is one word repeated. */
  length: number;
  /** The pool that the object is in; none where there is no object. */
  pool: ZswapPool | undefined;
  /** The handle of its object; 0 where there is none. */
  handle: number;
  /** Low 32 bits of the word that a same-filled page repeats. */
  valueLow: number;
  /** High 32 bits of it. */
  valueHigh: number;
  /**
   * Who holds the entry: the tree, and whoever works on it with the tree's
   * lock dropped (up to 6.8; since then always 1).
   */
  refcount: number;
  /** Whether it was freed: nobody may look at it then. */
  isFreed: boolean;
  /** Whether the entry is new to the LRU list (since 6.12). */
  referenced: boolean;
  /** When it came to the LRU list's tail, counted in such events; else 0. */
  touched: number;
  /** Its neighbours on the LRU list: towards the oldest, and the newest. */
  older: ZswapEntry | undefined;
  /** See {@linkcode ZswapEntry.older}. */
  newer: ZswapEntry | undefined;
}

/** A new entry that holds nothing (`zswap_entry_cache_alloc`). */
export function newEntry(type: number, offset: number): ZswapEntry {
  return {
    type,
    offset,
    length: 0,
    pool: undefined,
    handle: 0,
    valueLow: 0,
    valueHigh: 0,
    refcount: 1,
    isFreed: false,
    referenced: false,
    touched: 0,
    older: undefined,
    newer: undefined,
  };
}

/**
 * The entries of one swap type by their offsets: a red-black tree (up to 6.8)
 * or an xarray, of which nothing but the mapping can be seen. Specifies
 * `struct zswap_tree`, and frontswap's part of `struct swap_info_struct`.
 */
export interface ZswapTree {
  /** The swap type. */
  readonly type: number;
  /** The entries by offset. */
  readonly entries: Map<number, ZswapEntry>;
  /** The pool of the type's own, where each type has one (up to 3.15). */
  readonly pool: ZswapPool | undefined;
  /**
   * `frontswap_map`: offsets whose page went to zswap and may have been
   * written back since. Empty where there is no frontswap.
   */
  readonly frontswapMap: Set<number>;
  /** What covers changes of the entries: its own lock, or the xarray's. */
  readonly lock: Lock;
  /** Whether its swap type was swapped off: nobody may look at it then. */
  isFreed: boolean;
}

/**
 * The LRU list of 6.18: entries from the one that was touched longest ago, at
 * the head, to the newest. Specifies `zswap_list_lru`, of one memory cgroup on
 * one node.
 */
export class ZswapLru {
  /** Entries on the list. */
  size = 0;
  /** The oldest entry: the next one to be written back. */
  oldest: ZswapEntry | undefined;
  /** The newest entry. */
  newest: ZswapEntry | undefined;
  #touched = 0;

  /** Puts an entry at the tail (`list_lru_add`). */
  add(entry: ZswapEntry): void {
    entry.touched = ++this.#touched;
    entry.older = this.newest;
    entry.newer = undefined;
    if (this.newest === undefined) this.oldest = entry;
    else this.newest.newer = entry;
    this.newest = entry;
    this.size++;
  }

  /** Takes an entry off the list (`list_lru_del`). */
  del(entry: ZswapEntry): void {
    const { older, newer } = entry;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
    entry.older = entry.newer = undefined;
    this.size--;
  }

  /** Puts an entry that is on the list at the tail (`list_move_tail`). */
  rotate(entry: ZswapEntry): void {
    this.del(entry);
    this.add(entry);
  }

  /** The entries from the oldest to the newest. */
  *[Symbol.iterator](): Generator<ZswapEntry> {
    for (let at = this.oldest; at !== undefined; at = at.newer) yield at;
  }
}
