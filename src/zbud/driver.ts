/**
 * What zbud and z3fold share with those who store objects in them: chunks of a
 * 64th of a page, the flag they refuse, and the handler that evicts objects.
 */
import type { Profile } from "../linux/profile.ts";
import type { Memory } from "../memory/memory.ts";
import type { Lockdep } from "../rules/lockdep.ts";
import type { Stop } from "../rules/stop.ts";

/**
 * A page is cut into 2^NCHUNKS_ORDER chunks. `mm/zbud.c` since 3.11,
 * `mm/z3fold.c` since 4.8.
 */
export const NCHUNKS_ORDER = 6;

/** `__GFP_HIGHMEM`, 6.1: frames without an address in the kernel will do. */
export const GFP_HIGHMEM = 0x02;

/**
 * Evicts the object of `handle`: writes it elsewhere and frees it. Answers
 * whether it did (the kernel's 0); reclaim does not ask why not. `handle` is
 * good for reading until the handler has answered, even where the object is
 * freed meanwhile; z3fold's is not the handle that the allocation gave.
 *
 * Specifies `struct zbud_ops`, `struct z3fold_ops` and `struct zpool_ops`.
 */
export type Evict = (handle: number) => Generator<Stop, boolean>;

/**
 * Why no page was reclaimed. EINVAL: there is no page or no handler, or no
 * page may be tried; EAGAIN: none of the pages tried could be emptied.
 */
export type ReclaimErrno = "EAGAIN" | "EINVAL";

/** What a pool of zbud or z3fold has to know of its kernel. */
export type BuddyKernel = Pick<Profile, "pageSize" | "wordBits" | "release">;

/** What a pool of zbud or z3fold can be told when it is made. */
export interface BuddyPoolOptions {
  /** Where the pool takes its frames from. Default: a memory of its own. */
  memory?: Memory;
  /** Evicts an object, so that its page can be reclaimed. Default: none. */
  evict?: Evict;
  /** Who runs, where several use the pool at once. Default: one of its own. */
  lockdep?: Lockdep;
}
