/**
 * cleancache: where file systems put clean pages that leave the page cache, and
 * look before they read a page from disk. Specifies `mm/cleancache.c`, 3.10,
 * over zcache's `zcache_cleancache_ops`; file systems that several machines
 * share have pools of their own, as zcache gives them.
 */
import { assertWhole } from "../rules/argument.ts";
import { TMEM_MAX_INDEX, type TmemOid } from "./tmem.ts";
import type { Zcache } from "./zcache.ts";

/** MAX_INITIALIZABLE_FS: file systems that cleancache knows at once. */
const MAX_INITIALIZABLE_FS = 32;
/** FAKE_FS_POOLID_OFFSET: what a superblock has is this and its place here. */
const FAKE_FS_POOLID_OFFSET = 1000;

/** What happened at cleancache's hooks, as `debugfs/cleancache` names it. */
export interface CleancacheCounters {
  /** Pages that were there. */
  succ_gets: number;
  /** Pages that were not. */
  failed_gets: number;
  /** Pages that were put, kept or not. */
  puts: number;
  /** Pages that were invalidated, there or not. */
  invalidates: number;
}

/**
 * cleancache over one zcache. A file is named by the number of its file system,
 * which {@linkcode Cleancache.initFs} gave, and its key: the inode's number, or
 * what the file system's `encode_fh` makes of it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Cleancache, Zcache, ZCACHE_3_10 } from "zspec";
 *
 * const cleancache = new Cleancache(new Zcache(ZCACHE_3_10));
 * const fs = cleancache.initFs();
 * const page = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);
 * cleancache.putPage(fs, [42, 0, 0], 7, page);
 * const into = new Uint8Array(4096);
 * // A page that was got is in the page cache again, and here no more.
 * assertEquals(cleancache.getPage(fs, [42, 0, 0], 7, into), true);
 * assertEquals(cleancache.getPage(fs, [42, 0, 0], 7, into), false);
 * assertEquals(into, page);
 * ```
 */
export class Cleancache {
  /** What keeps the pages. */
  readonly zcache: Zcache;
  /** What it counts. */
  readonly counters: CleancacheCounters = {
    succ_gets: 0,
    failed_gets: 0,
    puts: 0,
    invalidates: 0,
  };

  /** `fs_poolid_map`: each file system's pool; none where there was none. */
  readonly #pools = new Map<number, number | undefined>();

  /** Without file systems. */
  constructor(zcache: Zcache) {
    this.zcache = zcache;
  }

  /**
   * A file system is mounted: its number, -1 where there are too many. One for
   * which zcache has no pool gets a number, and nothing of it is kept.
   * Specifies `__cleancache_init_fs`.
   */
  initFs(): number {
    for (let nth = 0; nth < MAX_INITIALIZABLE_FS; nth++) {
      const fs = FAKE_FS_POOLID_OFFSET + nth;
      if (this.#pools.has(fs)) continue;
      this.#pools.set(fs, this.zcache.newPool("ephemeral"));
      return fs;
    }
    return -1;
  }

  /** The pool of a file system, if it has one. */
  poolOf(fs: number): number | undefined {
    return this.#pools.get(fs);
  }

  /**
   * Fills `into` with a page, which is dropped, and answers whether it was
   * there. Specifies `__cleancache_get_page`.
   */
  getPage(fs: number, key: TmemOid, index: number, into: Uint8Array): boolean {
    assertWhole("get a page", "index", index);
    if (fs < 0) return false;
    const pool = this.#pools.get(fs);
    const isFound = pool !== undefined && index <= TMEM_MAX_INDEX &&
      this.zcache.getPage(pool, key, index, into, "free-ephemeral");
    this.counters[isFound ? "succ_gets" : "failed_gets"]++;
    return isFound;
  }

  /**
   * Puts a clean page, which is kept or not; nobody is told. Specifies
   * `__cleancache_put_page`.
   */
  putPage(fs: number, key: TmemOid, index: number, page: Uint8Array): void {
    assertWhole("put a page", "index", index);
    const pool = this.#pools.get(fs);
    if (pool === undefined) return;
    if (index <= TMEM_MAX_INDEX) this.zcache.putPage(pool, key, index, page);
    this.counters.puts++;
  }

  /** Drops a page (`__cleancache_invalidate_page`). */
  invalidatePage(fs: number, key: TmemOid, index: number): void {
    assertWhole("invalidate a page", "index", index);
    const pool = this.#pools.get(fs);
    if (pool === undefined) return;
    if (index <= TMEM_MAX_INDEX) this.zcache.flushPage(pool, key, index);
    this.counters.invalidates++;
  }

  /** Drops all pages of a file (`__cleancache_invalidate_inode`). */
  invalidateInode(fs: number, key: TmemOid): void {
    const pool = this.#pools.get(fs);
    if (pool !== undefined) this.zcache.flushObject(pool, key);
  }

  /**
   * A file system is unmounted: its pages are dropped, and its number and pool
   * are free for others. Specifies `__cleancache_invalidate_fs`.
   */
  invalidateFs(fs: number): void {
    const pool = this.#pools.get(fs);
    this.#pools.delete(fs);
    if (pool !== undefined) this.zcache.destroyPool(pool);
  }
}
