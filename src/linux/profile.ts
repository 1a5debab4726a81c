/** Profiles: what one kernel release and its configuration fix. */
import {
  type Configuration,
  DEBIAN_5_10,
  DEBIAN_6_12,
  DEBIAN_6_16,
  DEFAULT_3_12,
  DEFAULT_4_0,
  FULL_CONFIGURATION,
} from "./configuration.ts";
import type { Release } from "./release.ts";
import { RELEASE_3_12 } from "./releases/linux_3_12.ts";
import { RELEASE_4_0 } from "./releases/linux_4_0.ts";
import { RELEASE_5_10 } from "./releases/linux_5_10.ts";
import { RELEASE_6_1 } from "./releases/linux_6_1.ts";
import { RELEASE_6_12 } from "./releases/linux_6_12.ts";
import { RELEASE_6_16 } from "./releases/linux_6_16.ts";
import { RELEASE_6_17 } from "./releases/linux_6_17.ts";
import { RELEASE_6_18 } from "./releases/linux_6_18.ts";
import { RELEASE_6_19 } from "./releases/linux_6_19.ts";
import { RELEASE_7_0 } from "./releases/linux_7_0.ts";
import { RELEASE_7_1 } from "./releases/linux_7_1.ts";
import { RELEASE_7_2 } from "./releases/linux_7_2.ts";
import { RELEASE_7_3 } from "./releases/linux_7_3.ts";
import type { SwapProfile } from "./swap_profile.ts";
import { configuredZram, type ZramProfile } from "./zram_profile.ts";
import type { ZsmallocRelease } from "./zsmalloc_profile.ts";
import { configuredZswap, type ZswapProfile } from "./zswap_profile.ts";

/**
 * What one kernel release, architecture and configuration fix. What differs
 * between kernels is data or a small strategy here, chosen once; the allocator
 * and the device have no branch on a version.
 */
export interface Profile
  extends ZsmallocRelease, Omit<Configuration, "zram" | "zswap"> {
  /** The name by which the command and transcripts call it. */
  readonly name: string;
  /** The release whose code it is. */
  readonly release: Release;
  /** The block device. */
  readonly zram: ZramProfile;
  /** The compressed cache of swapped-out pages. */
  readonly zswap: ZswapProfile;
  /** The swap path. */
  readonly swap: SwapProfile;
}

/**
 * The profile of a release that was built with a configuration.
 *
 * @example Debian's 7.3, built with recompression
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { configured, DEBIAN_6_16, RELEASE_7_3 } from "zspec";
 *
 * const profile = configured("mine", RELEASE_7_3, {
 *   ...DEBIAN_6_16,
 *   zram: { ...DEBIAN_6_16.zram, multiComp: true },
 * });
 * assertEquals("recompress" in profile.zram.attributes, true);
 * ```
 */
export function configured(
  name: string,
  release: Release,
  { pageSize, wordBits, physBits, chainSize, zram, zswap }: Configuration,
): Profile {
  return {
    ...release.zsmalloc,
    pageSize,
    wordBits,
    physBits,
    chainSize,
    name,
    release,
    zram: configuredZram(release.zram, zram, zswap.compressors),
    zswap: configuredZswap(release.zswap, zswap),
    swap: release.swap,
  };
}

/** What was built into a profile's kernel. */
export function configurationOf(profile: Profile): Configuration {
  const { pageSize, wordBits, physBits, chainSize, zram, zswap } = profile;
  return { pageSize, wordBits, physBits, chainSize, zram, zswap };
}

/** A release under its own name, in the configuration that this stands for. */
const asBuilt = (release: Release, configuration: Configuration): Profile =>
  configured(release.name, release, configuration);

/** Linux 7.3 on x86-64 as Debian configures it. */
export const LINUX_7_3: Profile = asBuilt(RELEASE_7_3, DEBIAN_6_16);
/** Linux 7.2 on x86-64 as Debian configures it. */
export const LINUX_7_2: Profile = asBuilt(RELEASE_7_2, DEBIAN_6_16);
/** Linux 7.1 on x86-64 as Debian configures it. */
export const LINUX_7_1: Profile = asBuilt(RELEASE_7_1, DEBIAN_6_16);
/** Linux 7.0 on x86-64 as Debian configures it; it was read in part. */
export const LINUX_7_0: Profile = asBuilt(RELEASE_7_0, DEBIAN_6_16);
/** Linux 6.19 on x86-64 as Debian configures it. */
export const LINUX_6_19: Profile = asBuilt(RELEASE_6_19, DEBIAN_6_16);
/** Linux 6.18 on x86-64 as Debian configures it. */
export const LINUX_6_18: Profile = asBuilt(RELEASE_6_18, DEBIAN_6_16);
/** Linux 6.18 with everything that zram can be configured with. */
export const LINUX_6_18_FULL: Profile = configured(
  "linux-6.18-full",
  RELEASE_6_18,
  FULL_CONFIGURATION,
);
/** Linux 6.17 on x86-64 as Debian configures it. */
export const LINUX_6_17: Profile = asBuilt(RELEASE_6_17, DEBIAN_6_16);
/** Linux 6.16 on x86-64 as Debian configures it; it was read in part. */
export const LINUX_6_16: Profile = asBuilt(RELEASE_6_16, DEBIAN_6_16);
/** Linux 6.12 on x86-64 as Debian configures it. */
export const LINUX_6_12: Profile = asBuilt(RELEASE_6_12, DEBIAN_6_12);
/** Linux 6.1 on x86-64 as Debian configures it. */
export const LINUX_6_1: Profile = asBuilt(RELEASE_6_1, DEBIAN_5_10);
/** Linux 5.10 on x86-64 as Debian configures it. */
export const LINUX_5_10: Profile = asBuilt(RELEASE_5_10, DEBIAN_5_10);
/** Linux 4.0 on x86-64 with the patches that let objects move. */
export const LINUX_4_0: Profile = asBuilt(RELEASE_4_0, DEFAULT_4_0);
/**
 * Linux 3.12 on x86-64: a handle is a location, and nothing moves. With
 * `mapping: "page-table"` it maps objects as CONFIG_PGTABLE_MAPPING does.
 */
export const LINUX_3_12: Profile = asBuilt(RELEASE_3_12, DEFAULT_3_12);

/** Every profile that has a name, the newest first. */
export const PROFILES: readonly Profile[] = [
  LINUX_7_3,
  LINUX_7_2,
  LINUX_7_1,
  LINUX_7_0,
  LINUX_6_19,
  LINUX_6_18,
  LINUX_6_18_FULL,
  LINUX_6_17,
  LINUX_6_16,
  LINUX_6_12,
  LINUX_6_1,
  LINUX_5_10,
  LINUX_4_0,
  LINUX_3_12,
];
