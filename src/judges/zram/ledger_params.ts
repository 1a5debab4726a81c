/** What algorithms are told in the ledger, and what they refuse of it. */
import type { Profile } from "../../linux/profile.ts";
import type { ZramLedger } from "./ledger.ts";

/** What an algorithm was told. */
export interface LedgerParams {
  /** How hard to try. */
  readonly level: number | undefined;
  /** The window of deflate. */
  readonly winbits: number | undefined;
  /** Whether it has a dictionary. */
  readonly hasDict: boolean;
}

/** Kernels whose algorithms look at all that they are told (backend_*.c). */
const LOOKING = ["linux-7.3"];

/** The errno with which an algorithm cannot be set up, if it cannot. */
export function refusedParams(
  { release }: Profile,
  name: string,
  params: LedgerParams | undefined,
): string | undefined {
  if (params === undefined) return undefined;
  const refused = LOOKING.includes(release.name)
    ? refusedByAny(name, params)
    : undefined;
  if (refused !== undefined || name !== "deflate") return refused;
  const { level = -1, winbits = 15 } = params;
  const window = winbits < 0 ? -winbits : winbits;
  const isRight = level >= -1 && level < 10 && window > 8 && window < 16;
  return isRight ? undefined : "EINVAL";
}

/** What an algorithm refuses since 7.3, the window of deflate aside. */
function refusedByAny(
  name: string,
  { level, hasDict }: LedgerParams,
): string | undefined {
  switch (name) {
    case "lzo":
    case "lzo-rle":
    case "842":
      return hasDict || level !== undefined ? "EOPNOTSUPP" : undefined;
    case "deflate":
      return hasDict ? "EOPNOTSUPP" : undefined;
    case "lz4":
      return level !== undefined && level < 1 ? "EINVAL" : undefined;
    case "lz4hc":
      return level !== undefined && (level < 1 || level > 16)
        ? "EINVAL"
        : undefined;
    case "zstd":
      return level !== undefined && (level < -(2 ** 17) || level > 22)
        ? "EINVAL"
        : undefined;
  }
}

/**
 * The priority that a text is for since 7.1, which takes a name and a priority
 * only where they go together; `undefined` where there is none.
 */
export function toldPriority(
  { algorithms, profile }: ZramLedger,
  algo: string | undefined,
  priority: string | undefined,
): number | undefined {
  const end = profile.zram.multiComp ? 4 : 1;
  const named = algo === undefined ? 0 : algorithms.indexOf(algo);
  const nth = priority === undefined ? named : Number(priority);
  if (nth < 0 || nth >= end) return undefined;
  const isOther = algo !== undefined && algorithms[nth] !== algo;
  return isOther ? undefined : nth;
}
