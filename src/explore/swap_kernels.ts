/** The kernels and allocators that the machines of zswap and swap run on. */
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_6_18_FULL,
  type Profile,
} from "../linux/profile.ts";
import type { ZpoolType } from "../linux/zswap_profile.ts";
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";
import { plain } from "./steps.ts";

/** A release of zswap and the swap path, with an allocator, as a JSON value. */
export interface SwapKernel {
  /** The release whose zswap and swap path it is. */
  readonly release: "3.12" | "4.0" | "6.1" | "6.18";
  /** The allocator at the start. */
  readonly zpool: ZpoolType;
  /** Bytes per page. */
  readonly pageSize: number;
  /** Bits per `unsigned long`. */
  readonly wordBits: number;
}

/** The profile of each release. */
const RELEASES: Readonly<Record<SwapKernel["release"], Profile>> = {
  "3.12": LINUX_3_12,
  "4.0": LINUX_4_0,
  "6.1": LINUX_6_1,
  "6.18": LINUX_6_18_FULL,
};

/** Every release with every allocator that it has. */
export const SWAP_COMBINATIONS: readonly Pick<
  SwapKernel,
  "release" | "zpool"
>[] = (["3.12", "4.0", "6.1", "6.18"] as const).flatMap((release) =>
  RELEASES[release].zswap.zpools.map((zpool) => ({ release, zpool }))
);

/** The profile of a kernel. */
export function swapProfile(kernel: SwapKernel): Profile {
  const { release, pageSize, wordBits } = kernel;
  const physBits = wordBits === 64 ? 52 : 36;
  return { ...RELEASES[release], pageSize, wordBits, physBits };
}

/** Random kernels: every release, allocator, page and word size. */
export function swapKernels(fc: FastCheck): Arbitrary<SwapKernel> {
  return plain(fc, {
    combination: fc.constantFrom(...SWAP_COMBINATIONS),
    pageSize: fc.constantFrom(4096, 4096, 4096, 16384),
    wordBits: fc.constantFrom(64, 64, 32),
  }).map(({ combination, pageSize, wordBits }) => ({
    ...combination,
    pageSize,
    wordBits,
  }));
}
