/** Moving pages: what compaction asks of who has them. */

/**
 * Who can have its pages moved, as `struct movable_operations`,
 * `include/linux/migrate.h`, since 6.0; before that a driver's
 * `address_space_operations`, since 4.8. A process's pages are moved so too, by
 * rewriting its page tables.
 */
export interface MovableOperations {
  /** Takes a page out of use by others; false where it cannot be moved now. */
  isolate(pfn: number): boolean;
  /**
   * Moves what is in an isolated page to another, which is allocated and
   * nobody's, and ends the isolation. The first is not the owner's then, and is
   * freed by who asked. False where it cannot be: it stays isolated.
   */
  migrate(pfn: number, to: number): boolean;
  /** Ends the isolation of a page that was not moved. */
  putback(pfn: number): void;
}
