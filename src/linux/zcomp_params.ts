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

/**
 * Why an algorithm cannot be set up with parameters, which may be that the
 * kernel stops; nothing where it can.
 */
export type RefuseParams = (
  algorithm: string,
  params: ZcompParams,
) => Errno | "stops" | undefined;

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

/**
 * 6.16 to 7.1: a window that zlib has not stops the kernel (BUG_ON,
 * `zlib_deflate_workspacesize`; seen of 6.18.15).
 */
export function stopAtWindow(
  algorithm: string,
  params: ZcompParams,
): Errno | "stops" | undefined {
  const { winbits = -11 } = params;
  if (algorithm === "deflate" && !isZlibWindow(winbits)) return "stops";
  return refuseLevel(algorithm, params);
}

/** Where it is refused instead (`deflate_setup_params`). */
function refuseLevelOrWindow(
  algorithm: string,
  params: ZcompParams,
): Errno | undefined {
  const { winbits = -11 } = params;
  if (algorithm === "deflate" && !isZlibWindow(winbits)) return "EINVAL";
  return refuseLevel(algorithm, params);
}

/** Since 7.1: a dictionary that lz4 does not take whole (`lz4_setup_params`). */
const refuseLz4Dict = (algorithm: string, { dict }: ZcompParams) =>
  algorithm === "lz4" && dict !== undefined && !isWholeLz4Dict(dict)
    ? "EINVAL"
    : undefined;

/** 7.1: as before, and lz4's dictionary. */
export function stopAtWindowOrRefuseDict(
  algorithm: string,
  params: ZcompParams,
): Errno | "stops" | undefined {
  return stopAtWindow(algorithm, params) ?? refuseLz4Dict(algorithm, params);
}

/** 7.2: likewise. */
export function refuseLevelWindowOrDict(
  algorithm: string,
  params: ZcompParams,
): Errno | undefined {
  return refuseLevelOrWindow(algorithm, params) ??
    refuseLz4Dict(algorithm, params);
}

/** Levels that each algorithm has; of the others none (`backend_*.c`, 7.3.4). */
const LEVELS: Readonly<Record<string, readonly [least: number, most: number]>> =
  {
    lz4: [1, Infinity],
    // Levels below LZ4HC_MIN_CLEVEL are valid.
    lz4hc: [1, 16],
    // ZSTD_minCLevel is -ZSTD_TARGETLENGTH_MAX.
    zstd: [-131072, 22],
    deflate: [-1, 9],
  };

/** Algorithms that have dictionaries. */
const WITH_DICT = ["lz4", "lz4hc", "zstd"];

/** Whether an algorithm has a dictionary, which it reads with each page. */
export function readsDict(algorithm: string, { dict }: ZcompParams): boolean {
  return WITH_DICT.includes(algorithm) && dict !== undefined;
}

/** Bytes of the dictionaries that lz4 takes whole (HASH_UNIT; 64 KB, LZ4_loadDict). */
const LZ4_DICT_BYTES = { least: 8, most: 65536 };

/** Whether lz4 takes a dictionary whole. */
function isWholeLz4Dict({ length }: Uint8Array): boolean {
  return length >= LZ4_DICT_BYTES.least && length <= LZ4_DICT_BYTES.most;
}
/** Algorithms that look at what they are told. */
const LOOKING = [...Object.keys(LEVELS), "lzo", "lzo-rle", "842"];

/**
 * Since 7.3: EOPNOTSUPP for a dictionary or a level where an algorithm has none
 * such, EINVAL for a level or a window that it has not (`setup_params`).
 */
export function refuseParamsBeyondRange(
  algorithm: string,
  params: ZcompParams,
): Errno | undefined {
  if (!LOOKING.includes(algorithm)) return undefined;
  const { level, winbits, dict } = params;
  if (dict !== undefined && !WITH_DICT.includes(algorithm)) return "EOPNOTSUPP";
  if (level !== undefined) {
    if (!Object.hasOwn(LEVELS, algorithm)) return "EOPNOTSUPP";
    const [least, most] = LEVELS[algorithm];
    if (level < least || level > most) return "EINVAL";
  }
  const isWindow = winbits === undefined || isZlibWindow(winbits);
  if (algorithm === "deflate" && !isWindow) return "EINVAL";
  return refuseLz4Dict(algorithm, params);
}
