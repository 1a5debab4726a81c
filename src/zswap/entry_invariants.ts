/** The rules that zswap keeps about each of its entries. */
import { expectEqual, type Invariant, SILENT } from "../rules/invariant.ts";
import type { ZswapEntry, ZswapTree } from "./entry.ts";
import type { ZswapPool } from "./pools.ts";
import { readZswapHeader } from "./swp_entry.ts";
import type { Zswap } from "./zswap.ts";

/** zswap, and how the objects of its pools are found. */
export interface EntryContext {
  /** zswap itself. */
  readonly zswap: Zswap;
  /** Whether a handle is that of an object of one of its pools. */
  isLive(pool: ZswapPool, handle: number): boolean;
}

/** An entry where it was found. */
export interface FoundEntry {
  /** The tree. */
  readonly tree: ZswapTree;
  /** The offset under which the tree has it. */
  readonly offset: number;
  /** The entry. */
  readonly entry: ZswapEntry;
}

/** A rule about one entry. */
export type EntryInvariant = Invariant<EntryContext, FoundEntry>;

/** Walks the pools, for the rules about all entries. */
export function contextOf(zswap: Zswap): EntryContext {
  const handles = new Map(
    zswap.pools.list.map((pool) => [pool, new Set(pool.zpool.handles())]),
  );
  const isLive: EntryContext["isLive"] = (pool, handle) =>
    handles.get(pool)?.has(handle) ?? false;
  return { zswap, isLive };
}

/** Asks the pools, for the rules about some entries. */
export function contextOfSome(zswap: Zswap): EntryContext {
  const isLive: EntryContext["isLive"] = (pool, handle) =>
    zswap.pools.list.includes(pool) && pool.zpool.isLive(handle);
  return { zswap, isLive };
}

const nameOf = ({ tree, offset }: FoundEntry): string =>
  `the entry at ${tree.type}:${offset}`;

/** Rules about each entry. */
export const ENTRY_INVARIANTS: readonly EntryInvariant[] = [
  {
    id: "zswap/entry-slot",
    sentence: "An entry is found at its own swap type and offset.",
    source:
      "zswap_rb_insert, mm/zswap.c, 6.1; xa_store in zswap_store_page, mm/zswap.c, 6.18",
    check(_, found) {
      const { tree, offset, entry } = found;
      if (entry.type === tree.type && entry.offset === offset) return undefined;
      return expectEqual(
        nameOf(found),
        `${entry.type}:${entry.offset}`,
        `${tree.type}:${offset}`,
      );
    },
  },
  {
    id: "zswap/entry-object",
    sentence:
      "An entry has a live object of a pool, but one of a page of one word repeated, which some kernels keep in the entry.",
    source:
      "zswap_frontswap_store, mm/zswap.c, 6.1; zswap_store_page, mm/zswap.c, 6.18",
    check({ zswap, isLive }, found) {
      const { pool, handle, length } = found.entry;
      if (pool === undefined) {
        const { sameFilled } = zswap.profile.zswap;
        const held = sameFilled ? length : "no object";
        return expectEqual(() => nameOf(found), held, 0);
      }
      if (isLive(pool, handle)) return undefined;
      const expected = "a live object";
      return { where: nameOf(found), expected, found: `handle ${handle}` };
    },
  },
  {
    id: "zswap/entry-length",
    sentence:
      "A compressed page has at least one byte and, since 6.18, fewer than a page where it was not stored as it is.",
    source:
      "zswap_frontswap_store, mm/zswap.c, 6.1; zswap_compress, mm/zswap.c, 6.18",
    check({ zswap }, found) {
      const { pool, length } = found.entry;
      const { pageSize } = zswap.profile;
      const isGood = length > 0 && length <= pageSize;
      if (pool === undefined) return SILENT;
      if (isGood) return undefined;
      const expected = `from 1 to ${pageSize} bytes`;
      return { where: nameOf(found), expected, found: length };
    },
  },
  {
    id: "zswap/header",
    sentence:
      "Where the allocator evicts, an object's own first bytes say which page it is.",
    source: "struct zswap_header, zswap_writeback_entry, zswap.c, 3.11 to 6.4",
    check({ zswap }, found) {
      const { pool, handle } = found.entry;
      if (pool === undefined || pool.headerBytes === 0) return SILENT;
      const header = new Uint8Array(pool.headerBytes);
      pool.zpool.read(handle, header);
      const { type, offset } = readZswapHeader(zswap.profile, header);
      const { tree } = found;
      if (type === tree.type && offset === found.offset) return undefined;
      return expectEqual(
        `the object of ${nameOf(found)}`,
        `${type}:${offset}`,
        `${found.tree.type}:${found.offset}`,
      );
    },
  },
  {
    id: "zswap/references",
    sentence:
      "An entry in a tree is referenced by the tree, and by others only while they work on it.",
    source: "zswap_entry_get, zswap_entry_put, zswap.c, 3.11 to 6.8",
    check({ zswap }, found) {
      const { refcount } = found.entry;
      const most = 1 + zswap.underWay;
      if (refcount >= 1 && refcount <= most) return undefined;
      const expected = `from 1 to ${most}`;
      return {
        where: `refcount of ${nameOf(found)}`,
        expected,
        found: refcount,
      };
    },
  },
  {
    id: "zswap/frontswap",
    sentence:
      "frontswap knows of every entry, but, up to 3.17, of one that a failed store should have replaced.",
    source: "__frontswap_store, mm/frontswap.c, 3.11 to 6.6",
    check({ zswap }, found) {
      const { frontswap } = zswap.profile.zswap;
      if (frontswap !== "older-page-goes" || zswap.underWay > 0) return SILENT;
      const isKnown = found.tree.frontswapMap.has(found.offset);
      return expectEqual(
        () => nameOf(found),
        isKnown ? "known" : "unknown",
        "known",
      );
    },
  },
  {
    id: "zswap/lru-place",
    sentence:
      "Where zswap has an LRU list of its own, an entry stands there between neighbours that know of it, one touched before it and one after it.",
    source: "zswap_lru_add, list_lru_add, zswap.c and list_lru.c, 6.18",
    check({ zswap }, found) {
      const { lru, profile } = zswap;
      if (profile.zswap.shrink !== "entries-in-worker") return SILENT;
      const { entry } = found;
      const { older, newer, touched } = entry;
      const hasOlder = older === undefined
        ? lru.oldest === entry
        : older.newer === entry && older.touched < touched;
      const hasNewer = newer === undefined
        ? lru.newest === entry
        : newer.older === entry && newer.touched > touched;
      if (hasOlder && hasNewer) return undefined;
      return {
        where: `the LRU list at ${nameOf(found)}`,
        expected: "its place",
        found: hasOlder ? "another newer one" : "another older one",
      };
    },
  },
];
