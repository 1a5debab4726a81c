/** What compression algorithms of zram can be told, and what they refuse. */
import type { Errno } from "./errno.ts";

/** Parameters of an algorithm. Specifies `struct zcomp_params`, since 6.12. */
export interface ZcompParams {
  /** How hard it tries; of lz4, how little. */
  readonly level?: number;
  /** What pages are likely to hold. */
  readonly dict?: Uint8Array;
  /** How far back deflate looks, as a power of two; below zero without a header. */
  readonly winbits?: number;
}

/** ZCOMP_PARAM_NO_LEVEL (ZCOMP_PARAM_NOT_SET since 6.16): as if nothing was said. */
export const PARAM_NOT_SET: number = -(2 ** 31);

/** Why an algorithm cannot be set up with parameters; nothing where it can. */
export type RefuseParams = (
  algorithm: string,
  params: ZcompParams,
) => Errno | undefined;

/** Levels that zlib has, its default among them (`zlib_deflateInit2`). */
function isZlibLevel(level: number): boolean {
  return level >= -1 && level <= 9;
}

/** Windows that zlib has, with and without a header (likewise). */
function isZlibWindow(winbits: number): boolean {
  return Math.abs(winbits) >= 9 && Math.abs(winbits) <= 15;
}

/**
 * 6.12: deflate alone refuses a level; lz4 takes any below 1 as 1, lz4hc and
 * zstd bring theirs into range, and the others have none (`backend_*.c`).
 */
export function refuseLevel(
  algorithm: string,
  { level = -1 }: ZcompParams,
): Errno | undefined {
  if (algorithm === "deflate" && !isZlibLevel(level)) return "EINVAL";
}

/** Since 6.16: its window too. */
export function refuseLevelOrWindow(
  algorithm: string,
  params: ZcompParams,
): Errno | undefined {
  const { winbits = -11 } = params;
  if (algorithm === "deflate" && !isZlibWindow(winbits)) return "EINVAL";
  return refuseLevel(algorithm, params);
}
