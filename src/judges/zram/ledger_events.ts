/** What a device counts as it happens, beside what it holds. */

/** What is counted as it happens. */
export interface LedgerEvents {
  /** Requests to read. */
  reads: number;
  /** Requests to write. */
  writes: number;
  /** Reads that failed. */
  failedReads: number;
  /** Writes that failed. */
  failedWrites: number;
  /** Requests out of range or unaligned. */
  invalidIo: number;
  /** Pages discarded, or freed by the swap layer. */
  notifyFree: number;
  /** Pages that it could not free, their slots being locked. */
  missFree: number;
  /** Pages stored whole. */
  hugeSince: number;
  /** Pages of which it is not known, since `mm_stat` was seen last. */
  maybeHuge: number;
  /** Pages read from the backing device. */
  bdReads: number;
  /** Pages written to it. */
  bdWrites: number;
}

/** Nothing has happened yet. */
export function noEvents(): LedgerEvents {
  return {
    reads: 0,
    writes: 0,
    failedReads: 0,
    failedWrites: 0,
    invalidIo: 0,
    notifyFree: 0,
    missFree: 0,
    hugeSince: 0,
    maybeHuge: 0,
    bdReads: 0,
    bdWrites: 0,
  };
}
