/** What kernel releases fix about zsmalloc. */
import type { ChainRule } from "./chain.ts";
import type { Errno } from "./errno.ts";
import type { FullnessRule } from "./fullness.ts";
import type { ObjectRule } from "./objects.ts";

/** Which locks there are, besides those of frames. */
export interface ZsmallocLocks {
  /**
   * A pool's lock: none; one for everything; or one for whoever looks up where
   * an object is against whoever moves it.
   */
  readonly pool: {
    readonly name: "pool->lock" | "pool->migrate_lock";
    readonly kind: "spinlock" | "rwlock";
  } | undefined;
  /** Whether each class has a lock for its lists, counts and chunks. */
  readonly classes: boolean;
  /**
   * A zspage's lock, against moving what is mapped: none; one that whoever
   * moves waits for; or a count of readers, who may sleep.
   */
  readonly zspage: "none" | "rwlock" | "reader_count";
  /** Whether a handle's cell has a bit that pins the object (HANDLE_PIN_BIT). */
  readonly pins: boolean;
  /**
   * What keeps a CPU's buffer to map objects through from others: that nobody is
   * preempted, or since 5.17 its `local_lock`. There is no buffer since 6.16.
   */
  readonly mapArea: "get_cpu_var(zs_map_area)" | "zs_map_area.lock" | undefined;
  /** Which lock `zs_page_migrate` drops first. */
  readonly migrationDrops: "widest-first" | "narrowest-first";
}

/** What the code of a kernel release does, however zsmalloc was configured. */
export interface ZsmallocRelease {
  /** The class step is the page size shifted right by it (CLASS_BITS). */
  readonly classBits: number;
  /** Whether classes of equal zspages are merged (since 3.19). */
  readonly mergesClasses: boolean;
  /** What names an object, and what its chunk's first word holds. */
  readonly objects: ObjectRule;
  /** How many pages a class chains. */
  readonly chainRule: ChainRule;
  /** How zspages are grouped by fullness. */
  readonly fullness: FullnessRule;
  /**
   * How a class is compacted: not at all, as first merged, emptying one source
   * after another, so until somebody else wants the lock, or filling one
   * destination after another.
   */
  readonly compaction:
    | "none"
    | "first-merged"
    | "source-first"
    | "source-first-until-contended"
    | "destination-first";
  /** How many compactions of a pool there may be at a time. */
  readonly compactions: "any" | "one";
  /**
   * How an object that crosses frames is mapped: copied to a buffer, its
   * frames mapped side by side, or copied to its reader's buffer alone.
   */
  readonly mapping: "copy" | "page-table" | "read-only-copy";
  /**
   * How many bytes decide whether an object that is read crosses frames: those
   * of its chunk, or those that are read.
   */
  readonly readSpan: "chunk" | "bytes-read";
  /**
   * What a mapped object does to who wants to move it: nothing moves, it is
   * passed over (and its frames' migration waits), its zspage is waited for, or
   * its zspage is left alone.
   */
  readonly mapped: "unmovable" | "pinned" | "waited-for" | "left-alone";
  /** Whether the frames under objects can be replaced (since 4.8). */
  readonly movable: boolean;
  /**
   * What a migration answers where it does not wait for an object that is
   * pinned or read: whether to try again.
   */
  readonly migrationOfMapped: Errno;
  /**
   * Where a zspage is while a frame of it is isolated to be migrated: off its
   * list, so that it takes no object and is not freed, or on it as before.
   */
  readonly isolated: "off-list" | "on-list";
  /**
   * What `zs_free` holds while it finds the object: its class's lock, the
   * handle's pin, the pool's lock, or nothing, as the handle's cell tells the
   * class.
   */
  readonly freeing: "class-lock" | "pin" | "pool-lock" | "cell";
  /**
   * Whether the worker that frees empty zspages takes them out of their group's
   * count.
   */
  readonly deferredFree: "stays-counted" | "uncounted";
  /** Which locks there are. */
  readonly locks: ZsmallocLocks;
  /**
   * How the worker that frees empty zspages locks their frames (`lock_zspage`):
   * by the chain as it is without a lock, or as it is under the zspage's.
   */
  readonly chainLocked: "as-it-was" | "as-it-is";
  /**
   * Under which lock the isolated frames of a zspage are counted, in a word
   * that has its fullness too: the zspage's, or that of its fullness.
   */
  readonly isolatedCounted: "under-zspage-lock" | "under-list-lock";
  /** What a moved object's cell becomes: with its pin, or without (4.1 to 4.4). */
  readonly movedCell: "pinned" | "unpinned";
  /**
   * Where compaction counts the pages that it frees: each in the pool's counter,
   * from which it answers the difference, or all at its end.
   */
  readonly compactedCounted: "each-page" | "at-its-end";
  /** What the end of a pool waits for: its worker, and isolated frames too. */
  readonly destroyAwaits: "worker" | "isolated-pages";
  /**
   * Where `zs_free` leaves the handle of an object whose zspage is being written
   * back: in its cell, or in front of the object; none where zsmalloc writes
   * nothing back, as but from 6.2 to 6.6.
   */
  readonly deferredHandle: "none" | "in-cell" | "in-object";
  /** Whether a look-up of a class counts the handle in front of the object. */
  readonly classLookup: "object" | "chunk";
  /** Whether memory pressure compacts the pool (since 4.3). */
  readonly shrinker: boolean;
  /** What `zs_malloc` answers to a size of 0; up to 5.18 no more than failure. */
  readonly zeroSize: Errno;
  /** What `zs_malloc` answers to a size above the page size; likewise. */
  readonly tooLarge: Errno;
  /** The table of classes in debugfs, if there is one. */
  readonly classesTable: "almost" | "almost-freeable" | "tenths" | undefined;
}
