/** Data that the options of `zspec size` describe. */
import { LINUX_6_18, type Profile } from "../linux/profile.ts";
import { toldAlgorithm } from "./algorithms.ts";
import { wholeFrom } from "./filled.ts";
import type { Algorithm, Measured } from "./measuring.ts";
import { describedData, histogramData } from "./size_data.ts";
import { type Options, refuseArguments, UsageError } from "./usage.ts";

/** Data, and what says its algorithms. */
export interface SizeData {
  readonly title: string;
  readonly measured: Measured;
  readonly algorithms: readonly Algorithm[];
  /** Says what was passed over. */
  tell(): void;
}

/** Whether options say what the data is like. */
export const isDescribed = (options: Options): boolean =>
  ["ratio", "histogram"].some((name) => options.text(name) !== undefined);

/** Data by what options say of it, of one algorithm. */
export function describe(options: Options, profile: Profile): SizeData {
  const { pageSize } = profile;
  const name = options.text("algorithm") ?? defaultAlgorithm(options, profile);
  const histogram = options.text("histogram");
  const ratio = options.text("ratio");
  // A ratio of 1 says that no page compresses.
  const huge = options.text("huge") ?? (Number(ratio) === 1 ? "100%" : "0%");
  refuseArguments(options, "the data is described by options");
  if (histogram !== undefined && ratio !== undefined) {
    throw new UsageError(
      "The options '--ratio' and '--histogram' both describe the data",
    );
  }
  if (name.includes(",")) {
    throw new UsageError(
      `The option '--algorithm' is '${name}', not one algorithm: '--${
        histogram === undefined ? "ratio" : "histogram"
      }' is of what one makes`,
    );
  }
  return {
    title: histogram ?? `${ratio}:1, ${huge} huge`,
    measured: histogram === undefined
      ? describedData(
        ratioOf(ratio ?? ""),
        shareOf("huge", huge),
        pageSize,
        wholeFrom(profile),
      )
      : histogramData(histogram, pageSize),
    algorithms: [toldAlgorithm(name, profile)],
    tell() {},
  };
}

/**
 * The kernel's algorithm. A kernel that nobody named is 6.18 as it is usually
 * built, and stays with its algorithm where an option needs more built in.
 */
function defaultAlgorithm(options: Options, { zram }: Profile): string {
  const isNamed = ["profile", "config"]
    .some((name) => options.text(name) !== undefined);
  const usual = LINUX_6_18.zram.defaultAlgorithm;
  return !isNamed && zram.compAlgorithms.includes(usual)
    ? usual
    : zram.defaultAlgorithm;
}

function ratioOf(text: string): number {
  const ratio = /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : NaN;
  if (ratio >= 1) return ratio;
  throw new UsageError(
    `The option '--ratio' is '${text}', not a number from 1 on, such as 2.8`,
  );
}

/** A share that an option gives, such as `50%` or `2.5%`. */
export function percentOption(
  options: Options,
  name: string,
): number | undefined {
  const value = options.text(name);
  return value === undefined ? undefined : shareOf(name, value);
}

/** A share as a text says it. */
function shareOf(name: string, value: string): number {
  const share = /^[0-9]+(\.[0-9]+)?%$/.test(value)
    ? Number(value.slice(0, -1)) / 100
    : NaN;
  if (share >= 0 && share <= 1) return share;
  throw new UsageError(
    `The option '--${name}' is '${value}', not a share such as 50%`,
  );
}
