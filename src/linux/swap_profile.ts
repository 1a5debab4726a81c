/** What kernel releases fix about the swap path. */

/** Which locks the swap path has, by the names that lockdep has for them. */
export interface SwapLockNames {
  /** What covers the map of the slots, and what is taken to free one. */
  readonly slots: "si->lock" | "ci->lock";
  /** What covers the swap cache: its own lock, or that of the slots. */
  readonly cache: "i_pages.xa_lock" | "ci->lock";
  /** Whether zswap learns of a free slot under the slots' lock. */
  readonly invalidatesUnder: boolean;
}

/** What a kernel release fixes about the swap path. */
export interface SwapProfile {
  /** Which locks there are. */
  readonly locks: SwapLockNames;
  /**
   * How a page on a device as fast as memory (SWP_SYNCHRONOUS_IO) is read: into
   * the swap cache like any other (up to 4.14); past it, two readers of a slot
   * knowing nothing of each other (up to 6.7); past it, the slot being marked
   * as if the swap cache had it (`swapcache_prepare`, since 6.8, and 6.1.81);
   * into the swap cache, which it leaves as soon as it is mapped (since 7.0).
   */
  readonly synchronousReads:
    | "to-swap-cache"
    | "past-swap-cache"
    | "past-swap-cache-pinned"
    | "through-swap-cache";
  /**
   * What becomes of a page for the swap cache whose slot somebody else has: it
   * is waited until the swap cache has it, or the slot is free; it is given up
   * at once (`skip_if_exists`, since 6.8); or the swap cache has whatever is
   * being read, and is looked at once more (since 7.0).
   */
  readonly slotTaken: "waits" | "gives-up" | "is-in-swap-cache";
  /** What a page for the swap cache fails with where its slot is free. */
  readonly slotFree: "no-memory" | "no-slot";
  /** The same where its device is off (`get_swap_device` in zswap since 6.13). */
  readonly deviceOff: "no-memory" | "exists";
  /**
   * When zram is first asked for a page by itself (`rw_page`, up to 6.2), and
   * with a bio where that fails: always, or without a backing device, which
   * took `rw_page` away, and SWP_SYNCHRONOUS_IO with it, up to 5.15.
   */
  readonly rwPage: "never" | "without-backing-device" | "always";
  /**
   * What a page that zswap stored is for a moment: under writeback, so that who
   * writes it must treat it so (up to 6.7), or only locked.
   */
  readonly storedPage: "under-writeback" | "unlocked";
  /**
   * Whether a page under writeback to a device that must not see it change
   * (SWP_STABLE_WRITES, since 4.9) is copied by who writes it. Others are
   * changed where they are, and written again.
   */
  readonly stableWrites: boolean;
  /**
   * Whether a page that a write brings in, or finds in the swap cache, gives
   * its slot up at once: always, unless it is under writeback; not where it is
   * nobody else's (7.0 to 7.2, where the fault has done with the write before
   * it asks); or just there (since 7.3).
   */
  readonly writeFault: "frees-slot" | "keeps-exclusive" | "frees-exclusive";
  /**
   * What a write does to a page that was mapped from the swap cache to be read:
   * it takes it out (`reuse_swap_page`); it copies it, and the swap cache keeps
   * what nobody has (5.8 to 5.17); it changes it where it is, with its slot,
   * unless it may be somebody else's too (since 5.19).
   */
  readonly writeMapped: "frees-slot" | "copies" | "keeps-slot";
  /**
   * Who learns late of a slot that is free, since the processor keeps it with
   * others until there are 64 (`mm/swap_slots.c`, 4.11 to 6.14): zswap and the
   * device; the device alone (since 6.9); or nobody.
   */
  readonly slotCache: "none" | "all-late" | "device-late";
  /** Whether pswpin counts a read that fails (up to 7.2). */
  readonly countsFailedReads: boolean;
  /**
   * What swapoff makes of a page that cannot be read: the process has whatever
   * the frame had (up to 5.18), or an entry that says so.
   */
  readonly unreadable: "mapped" | "lost";
  /**
   * What the end of a read does on a device as fast as memory: it has the device
   * free its own copy, as the page is dirty in memory now (up to 5.17, 5.10.y
   * mended); or nothing.
   */
  readonly readEnds: "frees-in-device" | "keeps-in-device";
  /**
   * What keeps swapoff from a device while a page table's entry for a slot of it
   * is given up (`free_swap_and_cache`): the slot itself, which it is the end of
   * (up to 6.8), or a reference of the device (since 6.9, 6.1.y and 5.10.y).
   */
  readonly freeHolds: "slot" | "device";
  /** Whether pages of zeros are a bit in a bitmap and nothing else (since 6.12). */
  readonly zeromap: boolean;
}
