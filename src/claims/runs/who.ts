/** Who says what many claims are about. */

/** The comments of zsmalloc's and zram's sources, as they were posted. */
export const SOURCE_COMMENT = "Nitin Gupta, source comment of 2013";
/** `Documentation/blockdev/zram.txt`, likewise. */
export const DOCUMENTATION = "Nitin Gupta, documentation of 2013";
