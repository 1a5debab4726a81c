/** Which profile describes a running kernel, found by asking it. */
import { KERNEL_CODECS } from "../codec/codecs.ts";
import { randomFrom } from "../programs/random.ts";
import { type Profile, PROFILES } from "../linux/profile.ts";
import type { ZramProfile } from "../linux/zram_profile.ts";
import { ATTRIBUTES } from "../zram/attributes.ts";
import { Zram } from "../zram/device.ts";
import type { Kernel } from "./kernel.ts";
import { LiveZram } from "./live_zram.ts";
import { isRefusal, TargetMissing } from "../targets/target.ts";

/** CONFIG_ZSMALLOC_CHAIN_SIZE goes from 4 to 16. */
const CHAIN_SIZES = Array.from({ length: 13 }, (_, nth) => nth + 4);
/** Bytes of noise that a page of the measurement has more than the one before. */
const NOISE_STEP = 96;

/**
 * The profiles of a release such as `6.18.44-generic`: at least one. Throws a
 * `TargetMissing` where there is none.
 */
export function profilesOf(release: string): readonly Profile[] {
  const [version] = /^[0-9]+\.[0-9]+/.exec(release) ?? [""];
  const profiles = PROFILES.filter(({ name }) =>
    name === `linux-${version}` || name.startsWith(`linux-${version}-`)
  );
  if (profiles.length > 0) return profiles;
  throw new TargetMissing(
    `Cannot judge Linux ${release}: no profile is of that release; --profile names one to compare with`,
  );
}

/** The attributes of the model that a device has. */
async function attributesOf(kernel: Kernel, name: string): Promise<string[]> {
  const attributes: string[] = [];
  for (const attribute of Object.keys(ATTRIBUTES)) {
    const shown = await kernel.readFile(`/sys/block/${name}/${attribute}`);
    if (!isRefusal(shown) || shown.error !== "ENOENT") {
      attributes.push(attribute);
    }
  }
  return attributes;
}

/** The profile with the attributes that a device has, or the nearest. */
function withAttributes(
  profiles: readonly Profile[],
  attributes: readonly string[],
): Profile {
  const differences = ({ zram }: Profile) => {
    const known = Object.keys(zram.attributes);
    return known.filter((one) => !attributes.includes(one)).length +
      attributes.filter((one) => !known.includes(one)).length;
  };
  return profiles.reduce((best, one) =>
    differences(one) < differences(best) ? one : best
  );
}

/** The block device of a profile with the algorithms of a fresh device. */
async function withAlgorithms(
  kernel: Kernel,
  name: string,
  zram: ZramProfile,
): Promise<ZramProfile> {
  const shown = await kernel.readFile(`/sys/block/${name}/comp_algorithm`);
  if (isRefusal(shown)) return zram;
  const compAlgorithms = shown.text.replace(/[[\]]/g, "").trim().split(/\s+/);
  const [, chosen] = /\[(.+?)\]/.exec(shown.text) ?? [];
  // Where a reset leaves the algorithm, what is shown may have been chosen.
  const defaultAlgorithm = zram.resetRestoresAlgorithm && chosen !== undefined
    ? chosen
    : zram.defaultAlgorithm;
  return compAlgorithms.join() === zram.compAlgorithms.join() &&
      defaultAlgorithm === zram.defaultAlgorithm
    ? zram
    : { ...zram, compAlgorithms, defaultAlgorithm };
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

/**
 * The chain size with which the model takes the memory that the device takes
 * for the same pages: each opens a zspage, and what a class chains shows in
 * `mem_used_total`. The profile's own where none does.
 */
async function measureChainSize(
  live: LiveZram,
  profile: Profile,
): Promise<number> {
  const algorithm = KERNEL_CODECS
    .find(({ name }) => profile.zram.compAlgorithms.includes(name))?.name;
  if (algorithm === undefined) return profile.chainSize;
  const pages = noisePages(profile.pageSize);
  await live.create();
  await live.set("comp_algorithm", algorithm);
  await live.set("disksize", String(pages.length * profile.pageSize));
  const used: number[] = [];
  for (const [page, data] of pages.entries()) {
    await live.write(page, data);
    used.push((await live.mmStat())[2]);
  }
  await live.create();
  const fits = (chainSize: number) =>
    memoryUsed({ ...profile, chainSize }, algorithm, pages).join() ===
      used.join();
  const candidates = [profile.chainSize, ...CHAIN_SIZES];
  return candidates.find(fits) ?? profile.chainSize;
}

/**
 * The profile of the kernel that has the idle device `name`: by its release,
 * the attributes and algorithms of the device, and a chain size measured on
 * it. Throws a `TargetMissing` where no profile is of that release.
 */
export async function kernelProfile(
  kernel: Kernel,
  name: string,
  release: string,
): Promise<Profile> {
  const attributes = await attributesOf(kernel, name);
  const named = withAttributes(profilesOf(release), attributes);
  const zram = await withAlgorithms(kernel, name, named.zram);
  const profile = { ...named, zram };
  const live = new LiveZram(kernel, name, profile);
  return { ...profile, chainSize: await measureChainSize(live, profile) };
}
