/** The steps of programs for an allocator, and what they are answered. */
import type { MapMode } from "../../zsmalloc/mapping.ts";
import type { Bytes } from "../bytes.ts";
import type { StepOf } from "../program.ts";
import type { AskedZones } from "../zones.ts";

/** What a pool is made for. */
export interface ZsmallocSetup {
  /** Bytes per page. */
  readonly pageSize: number;
  /** Bits per `unsigned long`: 32 or 64. */
  readonly wordBits: number;
  /** The most pages a zspage chains. */
  readonly chainSize: number;
}

/** What a pool is made for; what is optional, only the model can do. */
export interface ZsmallocCreate extends ZsmallocSetup {
  /** MAX_POSSIBLE_PHYSMEM_BITS: by default as many as such a kernel has. */
  readonly physBits?: number;
  /** The most frames there are: by default there is no limit. */
  readonly maxPages?: number;
  /** Zones that the frames are of, under a buddy allocator. */
  readonly buddy?: AskedZones;
  /** The number of the lowest frame: 0 or 1, which is the default. */
  readonly firstPfn?: number;
  /** CONFIG_PGTABLE_MAPPING, where the kernel would copy what crosses frames. */
  readonly mapping?: "page-table";
}

/**
 * The operations on a pool and their fields. `object` numbers a pool's objects:
 * `malloc` gives its own to the handle that it is answered. Sizes are bytes.
 */
export interface ZsmallocSteps {
  /** A fresh, empty pool. */
  create: ZsmallocCreate;
  /** An object of `size` bytes; with `count` as many, numbered on from `object`. */
  malloc: {
    readonly size: number;
    readonly object: number;
    readonly count?: number;
  };
  /** An object is freed, or each of several; one that is mapped stays. */
  free: { readonly object: number | readonly number[] };
  /**
   * All bytes that an object was asked for are written; with `count` those of
   * as many objects, {@linkcode Weyl} seeds counted on.
   */
  write: {
    readonly object: number;
    readonly data: Bytes;
    readonly count?: number;
  };
  /** The first `length` bytes of an object are read. */
  read: { readonly object: number; readonly length: number };
  /** The pool is compacted. What it waits for is unmapped, the oldest first. */
  compact: Record<never, never>;
  /** The pool's counters are read. */
  stats: Record<never, never>;
  /** `classes` of debugfs is read. */
  classes: Record<never, never>;
  /** An allocation of a frame or a handle's cell fails, after so many others. */
  fail: { readonly what: "frame" | "cell"; readonly after: number };
  /**
   * An object is mapped on a CPU; `mapping` numbers what is mapped. Since 7.1 it
   * is the first `length` bytes: by default all that it was asked for.
   */
  map: {
    readonly mapping: number;
    readonly object: number;
    readonly mode: MapMode;
    readonly cpu: number;
    readonly length?: number;
  };
  /** All bytes of an object that is mapped are written. */
  write_mapped: { readonly mapping: number; readonly data: Bytes };
  /** A mapping ends. */
  unmap: { readonly mapping: number };
  /**
   * The pool is compacted, and wherever the kernel drops its lock, in turn with
   * `again` the pool is compacted again, an object of `size` bytes comes,
   * numbered on from `object`, and the next of `frees` goes. With `contended` each
   * so manieth time that the kernel asks, somebody else wants its lock.
   */
  compact_around: {
    readonly size: number;
    readonly object: number;
    readonly frees: readonly number[];
    readonly again?: Again;
    readonly contended?: number;
  };
  /** Memory pressure compacts the pool: `zs_shrinker_count`, then `scan`. */
  shrink: Record<never, never>;
  /**
   * Memory of zones is compacted, and with it the pool's frames are moved that
   * can be. Not where that would change the order of zspages in their lists
   * (4.8 to 5.18).
   */
  compact_memory: Record<never, never>;
  /** The frame in which an object starts is replaced: `zs_page_migrate`. */
  migrate: { readonly object: number };
  /**
   * The frame in which an object starts is isolated to be migrated
   * (`zs_page_isolate`); `page` numbers it.
   */
  isolate: { readonly page: number; readonly object: number };
  /** A frame that is isolated is replaced, or stays so: `zs_page_migrate`. */
  migrate_isolated: { readonly page: number };
  /** A frame that is isolated is put back: `zs_page_putback`. */
  putback: { readonly page: number };
  /** The frame in which an object starts is locked; `page` numbers it. */
  lock: { readonly page: number; readonly object: number };
  /** A frame is unlocked. */
  unlock: { readonly page: number };
  /**
   * The worker frees the empty zspages that were held when their last object
   * went; what it waits for is unlocked, the oldest first.
   */
  free_deferred: Record<never, never>;
  /**
   * An object is freed, and before `zs_free` has its lock, the pool is compacted
   * or the object's frame replaced.
   */
  free_around: { readonly object: number; readonly amid: Amid };
  /** What Linux leaves undefined is tried; see {@linkcode Misuse}. */
  misuse: { readonly what: Misuse; readonly object: number };
  /** The pool ends; what it held is lost. */
  destroy: Record<never, never>;
}

/** What is done amid a compaction: another, or what memory pressure does. */
export type Again = "compact" | "shrink";

/** What is done amid a free. */
export type Amid = "compact" | "migrate";

/** What a mapper is going to do. */
export const MAP_MODES: readonly MapMode[] = [
  "read-only",
  "read-write",
  "write-only",
];

/**
 * What Linux leaves undefined: the object that was freed last is freed again;
 * the mapping that ended last (`object` is its number) ends again; an object is
 * written beyond its end.
 */
export type Misuse = "free-again" | "unmap-again" | "write-beyond";

/** What names an object to its holder. */
export type Handle = string | number;

/** A step that would never end, or has no meaning: why it was not done. */
export interface Refused {
  /** The model's words. */
  readonly misuse: string;
}

/** A mapping that ended, and what its object was then seen to hold. */
export interface Unmapped {
  /** Its number. */
  readonly mapping: number;
  /** All of the object's bytes that were mapped, as they were. */
  readonly data: Uint8Array;
}

/** What a compaction did. Others than the model tell but the pages. */
export interface Compaction {
  /** Pages freed. */
  readonly pagesFreed: number;
  /** Objects moved. */
  readonly objectsMoved?: number;
  /** What it waited for, in this order. */
  readonly unmapped?: readonly Unmapped[];
}

/** What each operation is answered, where it is not refused with an errno. */
export interface ZsmallocResults {
  /** Nothing. */
  create: void;
  /** With `count`: the handles that were had, and why they are not more. */
  malloc: { readonly handle: Handle } | {
    readonly handles: readonly Handle[];
    readonly refused?: string;
  };
  /** The objects that stay, since they are mapped. */
  free: void | { readonly kept: readonly number[] };
  /** Nothing. */
  write: void;
  /** The bytes. */
  read: { readonly data: Uint8Array };
  /** What it did. */
  compact: Compaction;
  /** `zs_get_total_pages` and `zs_pool_stats`. */
  stats: { readonly totalPages: number; readonly pagesCompacted: number };
  /** Nothing where the kernel has no such file. */
  classes: { readonly value?: string };
  /** Nothing. */
  fail: void;
  /** What the mapping shows. */
  map: { readonly data: Uint8Array } | Refused;
  /** What the mapping shows then. */
  write_mapped: { readonly data: Uint8Array } | Refused;
  /** What the mapping showed. */
  unmap: Unmapped;
  /** What came and went at each turn: an errno, a handle or an object. */
  compact_around: Compaction & { readonly turns: readonly Turn[] };
  /** Pages that can be freed, that were (`stop`: none), that still can be. */
  shrink: {
    readonly count: number;
    readonly scanned: number | "stop";
    readonly left: number;
    readonly objectsMoved: number;
  };
  /** Nothing. */
  compact_memory: void;
  /** Nothing, or that it would wait for ever. */
  migrate: void | Refused;
  /** Whether it was. */
  isolate: { readonly isolated: boolean };
  /** Nothing, or that its zspage is gone, or that it would wait for ever. */
  migrate_isolated: void | { readonly gone: true } | Refused;
  /** Nothing. */
  putback: void;
  /** Whether it was. */
  lock: { readonly locked: boolean };
  /** Nothing. */
  unlock: void;
  /** The pages that were freed, and what it waited for. */
  free_deferred: {
    readonly pagesFreed: number;
    readonly unlocked: readonly number[];
  };
  /**
   * What was done amid it, and the pages of the pool once its class's lock is
   * dropped, where frames are freed only then.
   */
  free_around: {
    readonly amid: Compaction | string;
    readonly pagesAfterLock?: number;
  };
  /** The model's refusal; none where it does as it is told. */
  misuse: Refused | { readonly misuse?: undefined };
  /** What was still allocated, by class from the smallest. */
  destroy: {
    readonly leaked: readonly {
      readonly size: number;
      readonly zspages: number;
      readonly objects: number;
    }[];
  };
}

/** What was done at one turn of `compact_around`. */
export type Turn =
  | { readonly came: number; readonly handle: Handle }
  | { readonly refused: string }
  | { readonly gone: number }
  | { readonly again: Compaction | "stop" }
  | { readonly nothing: true };

/** A step of a program for an allocator. */
export type ZsmallocStep = StepOf<ZsmallocSteps>;

/** The operations. */
export type ZsmallocOp = keyof ZsmallocSteps;
