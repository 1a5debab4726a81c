/** Which profile describes a running kernel, found by asking it. */
import { exactCodecsOf } from "../codec/codecs.ts";
import { randomFrom } from "../programs/random.ts";
import { descriptionOf, profileOfName } from "../linux/description.ts";
import { configurationOf, configured, type Profile } from "../linux/profile.ts";
import type { ZramConfiguration } from "../linux/zram_profile.ts";
import { Zram } from "../zram/device.ts";
import type { Kernel } from "./kernel.ts";
import { LiveZram } from "./live_zram.ts";
import { isRefusal, TargetMissing } from "../targets/target.ts";

/** CONFIG_ZSMALLOC_CHAIN_SIZE goes from 4 to 16. */
const CHAIN_SIZES = Array.from({ length: 13 }, (_, nth) => nth + 4);
/** Bytes of noise that a page of the measurement has more than the one before. */
const NOISE_STEP = 96;

/**
 * The profile of a release such as `6.18.44-generic`, as it is built by default.
 * Throws a `TargetMissing` that names those there are where there is none.
 */
export function profileOf(release: string): Profile {
  const [version] = /^[0-9]+\.[0-9]+/.exec(release) ?? [release];
  try {
    return profileOfName(`linux-${version}`);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TargetMissing(
      `Cannot judge Linux ${release}: ${error.message}; --profile names one to compare with`,
    );
  }
}

/** Whether there is a file, though it may not be read. */
async function hasFile(kernel: Kernel, path: string): Promise<boolean> {
  const shown = await kernel.readFile(path);
  return !isRefusal(shown) || shown.error !== "ENOENT";
}

/** What was built into zram, as far as a fresh device shows it. */
async function builtIn(
  kernel: Kernel,
  name: string,
  { zram }: Profile,
): Promise<ZramConfiguration> {
  const device = `/sys/block/${name}`;
  const shown = await kernel.readFile(`${device}/comp_algorithm`);
  const text = isRefusal(shown) ? "" : shown.text;
  const compAlgorithms = text.replace(/[[\]]/g, "").trim().split(/\s+/);
  const [, chosen] = /\[(.+?)\]/.exec(text) ?? [];
  // Where a reset leaves the algorithm, what is shown may have been chosen.
  const isDefault = zram.resetRestoresAlgorithm && chosen !== undefined;
  return {
    writeback: await hasFile(kernel, `${device}/backing_dev`),
    multiComp: await hasFile(kernel, `${device}/recompress`),
    memoryTracking: await hasFile(
      kernel,
      `/sys/kernel/debug/zram/${name}/block_state`,
    ),
    trackEntryActime: zram.trackEntryActime,
    compAlgorithms: isRefusal(shown) ? zram.compAlgorithms : compAlgorithms,
    defaultAlgorithm: isDefault ? chosen : zram.defaultAlgorithm,
  };
}

/** Pages of noise of ever more bytes: one for most size classes. */
function noisePages(pageSize: number): Uint8Array[] {
  const random = randomFrom(1);
  const pages: Uint8Array[] = [];
  for (let bytes = NOISE_STEP; bytes < pageSize; bytes += NOISE_STEP) {
    const page = new Uint8Array(pageSize);
    for (let at = 0; at < bytes; at++) page[at] = random(256);
    pages.push(page);
  }
  return pages;
}

/** `mem_used_total` of the model after each page. */
function memoryUsed(
  profile: Profile,
  algorithm: string,
  pages: readonly Uint8Array[],
): number[] {
  const zram = new Zram(profile);
  zram.setAlgorithm(algorithm);
  zram.setDisksize(pages.length * profile.pageSize);
  return pages.map((data, page) => {
    zram.write(page, data);
    return zram.mmStat().mem_used_total;
  });
}

/** What a device shows once it is used. */
interface Measured {
  readonly chainSize: number;
  readonly trackEntryActime: boolean;
}

/**
 * Measures a device: the chain size with which the model takes the memory that
 * it takes for the same pages, since each opens a zspage, and what a class
 * chains shows in `mem_used_total`, the profile's own where none does; and
 * whether `idle` takes an age.
 */
async function measure(live: LiveZram, profile: Profile): Promise<Measured> {
  const { chainSize, zram } = profile;
  const algorithm = exactCodecsOf(zram)
    .find(({ name }) => zram.compAlgorithms.includes(name))?.name;
  const pages = noisePages(profile.pageSize);
  await live.create();
  if (algorithm !== undefined) await live.set("comp_algorithm", algorithm);
  await live.set("disksize", String(pages.length * profile.pageSize));
  const age = await live.set("idle", "1");
  const used: number[] = [];
  for (const [page, data] of pages.entries()) {
    await live.write(page, data);
    used.push((await live.mmStat())[2]);
  }
  await live.create();
  const fits = (candidate: number) =>
    algorithm !== undefined &&
    memoryUsed({ ...profile, chainSize: candidate }, algorithm, pages)
        .join() === used.join();
  return {
    chainSize: [chainSize, ...CHAIN_SIZES].find(fits) ?? chainSize,
    // Where no age is taken, access times come with what shows them.
    trackEntryActime: zram.idleAges ? age === undefined : zram.memoryTracking,
  };
}

/**
 * The profile of the kernel that has the idle device `name`: of its release,
 * with the configuration that its device shows, asked and measured. Throws a
 * `TargetMissing` where no profile is of that release.
 */
export async function kernelProfile(
  kernel: Kernel,
  name: string,
  release: string,
): Promise<Profile> {
  const standing = profileOf(release);
  const configuration = configurationOf(standing);
  const zram = await builtIn(kernel, name, standing);
  const profile = configured(standing.name, standing.release, {
    ...configuration,
    zram,
  });
  const live = new LiveZram(kernel, name, profile);
  const { chainSize, trackEntryActime } = await measure(live, profile);
  const found = configured(standing.name, standing.release, {
    ...configuration,
    chainSize,
    zram: { ...zram, trackEntryActime },
  });
  return { ...found, name: descriptionOf(found) };
}
