/** Kernels that tests speak of, beside those that have a name. */
import { describedProfile, type Profile, PROFILES } from "../mod.ts";

/** 6.18 with lzo-rle, lzo and lz4 and nothing else, as recordings have it. */
export const SMALL_6_18: Profile = describedProfile(
  "linux-6.18,writeback=no,access-times=no,tracking=no,algorithms=lzo-rle:lzo:lz4",
);

/** One profile for each zsmalloc that there is, the newest. */
export const ZSMALLOCS: readonly Profile[] = PROFILES.filter((profile, nth) =>
  PROFILES.findIndex(({ release }) =>
    release.zsmalloc === profile.release.zsmalloc
  ) === nth
);
