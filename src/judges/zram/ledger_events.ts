/** What a device counts as it happens, beside what it holds. */

/** Nothing has happened yet. */
export const NO_EVENTS = {
  /** Requests to read. */
  reads: 0,
  /** Requests to write. */
  writes: 0,
  /** Reads that failed. */
  failedReads: 0,
  /** Writes that failed. */
  failedWrites: 0,
  /** Requests out of range or unaligned. */
  invalidIo: 0,
  /** Pages discarded, or freed by the swap layer. */
  notifyFree: 0,
  /** Pages that it could not free, their slots being locked. */
  missFree: 0,
  /** Pages stored whole. */
  hugeSince: 0,
  /** Pages of which it is not known, since `mm_stat` was seen last. */
  maybeHuge: 0,
  /** Pages read from the backing device. */
  bdReads: 0,
  /** Pages written to it. */
  bdWrites: 0,
};

/** What is counted as it happens. */
export type LedgerEvents = typeof NO_EVENTS;
