/** What the ledger knows of each kernel, beside what its profile says. */
import type { Profile } from "../../linux/profile.ts";
import { factsByRelease } from "../release_facts.ts";

/** The facts of one release (zram_drv.c and zcomp.c where nothing else is said). */
export interface LedgerFacts {
  /** Whether a size that 64 bits cannot hold is the largest, and needs a number (lib/cmdline.c). */
  readonly sizesSaturate: boolean;
  /** Whether an algorithm's name may keep a newline. */
  readonly keepsNewline: boolean;
  /** Whether what an algorithm was told is forgotten when another is chosen. */
  readonly choiceForgetsParams: boolean;
  /** Whether algorithms look at all that they are told (backend_*.c). */
  readonly looksAtParams: boolean;
  /** Whether a dictionary of lz4 is looked at before there is a disk. */
  readonly looksAtDictionary: boolean;
  /** Whether a window that zlib has not stops it (BUG_ON). */
  readonly stopsAtWindow: boolean;
  /** Whether writeback that takes an index looks for a device before it. */
  readonly looksForDevice: boolean;
  /** Whether zs_lookup_class_index counts the handle (mm/zsmalloc.c). */
  readonly looksUpWithHandle: boolean;
}

/** The facts of a profile's release. */
export const ledgerFacts: (profile: Profile) => LedgerFacts = factsByRelease<
  LedgerFacts
>({
  "linux-3.12": {
    sizesSaturate: false,
    keepsNewline: false,
    choiceForgetsParams: false,
    looksAtParams: false,
    looksAtDictionary: false,
    stopsAtWindow: false,
    looksForDevice: true,
    looksUpWithHandle: false,
  },
  // 6.12.118, a stable release: some of what came later, and not all before it.
  "linux-6.12": {
    keepsNewline: true,
    looksForDevice: false,
    looksUpWithHandle: true,
  },
  "linux-6.16": {
    stopsAtWindow: true,
    looksForDevice: true,
    looksUpWithHandle: false,
  },
  "linux-7.1": { looksAtDictionary: true },
  "linux-7.2": {
    sizesSaturate: true,
    keepsNewline: false,
    stopsAtWindow: false,
    looksUpWithHandle: true,
  },
  "linux-7.3": { choiceForgetsParams: true, looksAtParams: true },
});
