/** What a recording shows of the configuration of its kernel. */
import type { Profile } from "../../linux/profile.ts";
import {
  configuredZram,
  type ZramConfiguration,
} from "../../linux/zram_profile.ts";
import type { ZramOperation } from "../transcript_zram.ts";

/** Errors that say that an attribute is there, and cannot be read. */
const WRITE_ONLY = "EACCES";

/**
 * The kernel of a recording: a header names a release, as it is built by
 * default; which algorithms this one has shows the first reading of
 * `comp_algorithm`, whether it recompresses the first of `recomp_algorithm` or
 * `recompress`, and whether it keeps access times the first age that `idle` is
 * given.
 */
export function shownConfiguration(
  profile: Profile,
  operations: readonly ZramOperation[],
): Profile {
  const { zram } = profile;
  return configuredAs(profile, {
    multiComp: showsRecompression(operations) ?? zram.multiComp,
    trackEntryActime: showsAges(operations) ?? zram.trackEntryActime,
    ...shownAlgorithms(operations, zram.defaultAlgorithm),
  });
}

/** A kernel with what is shown of the configuration of its zram. */
export function configuredAs(
  profile: Profile,
  shown: Partial<ZramConfiguration>,
): Profile {
  const { release, zram, zswap: { compressors } } = profile;
  const configuration = { ...zram, ...shown };
  return {
    ...profile,
    zram: configuredZram(release.zram, configuration, compressors),
  };
}

/** Whether the first reading of what recompresses found it. */
function showsRecompression(
  operations: readonly ZramOperation[],
): boolean | undefined {
  const reading = operations.find((one) =>
    one.op === "get" &&
    (one.attr === "recomp_algorithm" || one.attr === "recompress")
  );
  return reading &&
    (reading.errno === undefined || reading.errno === WRITE_ONLY);
}

/** Whether an initialised device took the first age. */
function showsAges(operations: readonly ZramOperation[]): boolean | undefined {
  let isInitialised = false;
  for (const one of operations) {
    if (one.op !== "set") continue;
    const isDone = one.errno === undefined;
    if (one.attr === "disksize" && isDone) isInitialised = true;
    if (one.attr === "reset" && isDone) isInitialised = false;
    const isAge = one.attr === "idle" && /^[0-9]+$/.test(one.value);
    if (isAge && isInitialised) return isDone;
  }
}

/** The algorithms that there are, and the one of a fresh device. */
function shownAlgorithms(
  operations: readonly ZramOperation[],
  standing: string,
) {
  const at = operations.findIndex((one) =>
    one.op === "get" && one.attr === "comp_algorithm" && "value" in one
  );
  const reading = operations[at];
  if (reading?.op !== "get" || reading.value === undefined) return {};
  const names = reading.value.trim().split(/\s+/);
  const compAlgorithms = names.map((name) => name.replace(/^\[(.*)\]$/, "$1"));
  const isChosen = operations.slice(0, at)
    .some((one) => one.op === "set" && one.attr === "comp_algorithm");
  const chosen = compAlgorithms[names.findIndex((name) => name[0] === "[")];
  const standsThere = compAlgorithms.includes(standing);
  return {
    compAlgorithms,
    defaultAlgorithm: !isChosen && chosen !== undefined
      ? chosen
      : standsThere
      ? standing
      : compAlgorithms[0],
  };
}
