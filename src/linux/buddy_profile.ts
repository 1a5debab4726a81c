/** What kernel releases fix about zbud and z3fold, the allocators of a few objects a page. */

/** What the code of zbud does. */
export interface ZbudRelease {
  /**
   * Whether it has a list of its pages by age, and frees the oldest by having
   * its objects evicted: not since 6.5, where zswap chooses entries itself.
   */
  readonly reclaims: boolean;
}

/** What the code of z3fold does (4.8 to 6.14). */
export interface Z3foldRelease {
  /** Whether an allocation with `__GFP_HIGHMEM` is refused. */
  readonly refusesHighmem: boolean;
  /**
   * What becomes of a page that is chosen for an object when there is no memory
   * for its slots: it is listed again, and another is taken; or the object's
   * handle is made in slots that are not there.
   */
  readonly withoutSlots: "listed-again" | "bug";
  /**
   * What becomes of a page that reclaim could not empty: it is listed by its
   * free chunks again, or on no list until one of its objects is freed.
   */
  readonly reclaimedInPart: "listed-again" | "unlisted";
  /** Whether it has a list of its pages by age and frees the oldest: not since 6.5. */
  readonly reclaims: boolean;
  /**
   * Whether reclaim claims a headless page, which has no lock, before it has
   * its object evicted, so that a free leaves it alone; or only pages with a
   * header, once they are locked.
   */
  readonly headlessClaimed: boolean;
  /**
   * When reclaim takes its reference to a page: before it tries the page's
   * lock, dropping it where that is not free; or under that lock.
   */
  readonly reclaimReference: "before-page-lock" | "under-page-lock";
  /** When the claim to a page ends: under its lock, or once that is dropped. */
  readonly claimEnds: "under-page-lock" | "after-page-lock";
  /** Whether a new page is first looked for among those about to be freed. */
  readonly reusesStale: boolean;
  /**
   * How slots are allocated for a page that has none, its lock being held:
   * without sleeping, or as the caller of the allocation may.
   */
  readonly slotsAllocated: "atomically" | "sleeping";
  /**
   * Where a mapping has the length of a page's last object from, which it starts
   * before the page's end: from the slot of the handle, or from the header,
   * where a free sets it to 0.
   */
  readonly lastLength: "in-slot" | "in-header";
}
