/**
 * What a device would show of pages that are only measured: each is compressed
 * once with each algorithm, and the lengths fill as many devices as there are
 * chain sizes to compare.
 */
import type { Profile } from "../linux/profile.ts";
import { algorithmText } from "./algorithms.ts";
import { type Filled, filledDevice } from "./filled.ts";
import { measurePages } from "./measure.ts";
import { type Algorithm, codecFor, type Measured, mixOf } from "./measuring.ts";
import type { Input } from "./pages.ts";
import { UsageError } from "./usage.ts";

/** What a device with one algorithm and one chain size would show. */
export interface Prediction extends Filled {
  /** The algorithm, with what it was told. */
  readonly algorithm: string;
  /** Why its lengths are only near the kernel's; nothing where they are those. */
  readonly near?: string;
  /** The most pages of a zspage. */
  readonly chainSize: number;
}

/** Predicts for each algorithm and, within it, each chain size, in order. */
export async function predict(
  profile: Profile,
  input: Input,
  algorithms: readonly Algorithm[],
  chainSizes: readonly number[],
): Promise<Prediction[]> {
  const measured = await measureFor(profile, input, algorithms);
  return algorithms.flatMap((algorithm, nth) =>
    chainSizes.map((chainSize) => ({
      algorithm: algorithmText(algorithm),
      near: codecFor(profile.zram, algorithm).near,
      chainSize,
      ...filledDevice({ ...profile, chainSize }, mixOf(measured, nth)),
    }))
  );
}

/** What a kernel's algorithms make of pages; refused where one fails on any. */
export async function measureFor(
  { pageSize, wordBits, zram: { sameFilled, zstd } }: Profile,
  input: Input,
  algorithms: readonly Algorithm[],
): Promise<Measured> {
  const zram = { sameFilled, zstd };
  const measured = await measurePages(
    { pageSize, wordBits, zram, algorithms },
    input,
  );
  algorithms.forEach((algorithm, nth) => {
    if (measured.lengths[nth][0] === 0) return;
    throw new UsageError(
      `Cannot compress with '${
        algorithmText(algorithm)
      }': it takes a dictionary of 8 to 65536 bytes, and fails with another`,
    );
  });
  return measured;
}
