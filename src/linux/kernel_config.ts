/** A kernel's own `.config`, read for what zspec depends on. */
import type { Configuration } from "./configuration.ts";
import type { ZpoolType } from "./zswap_profile.ts";

/** The options of a `.config` that are set, by their names without `CONFIG_`. */
export type KernelConfig = ReadonlyMap<string, string>;

/**
 * Reads a `.config`: `CONFIG_NAME=value` a line, strings without their quotes.
 * Options that are not set are in it as comments, and not in the answer.
 *
 * Throws a RangeError that names the line where one is neither.
 */
export function parseKernelConfig(text: string): KernelConfig {
  const options = new Map<string, string>();
  for (const [nth, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, name, value] = /^CONFIG_(\w+)=(.*)$/.exec(line) ?? [];
    if (name === undefined) {
      throw new RangeError(
        `Cannot read the configuration: line ${
          nth + 1
        } is neither CONFIG_NAME=value nor a comment`,
      );
    }
    options.set(name, value.replace(/^"(.*)"$/, "$1"));
  }
  return options;
}

/**
 * The release that a `.config` says it is of in its first comment, such as
 * `6.12.118`; `undefined` where it does not.
 */
export function releaseOfConfig(text: string): string | undefined {
  return /^# Linux\/\S+ (\d+\.\d+\S*) Kernel Configuration$/m.exec(text)?.[1];
}

/** Whether an option is built in or a module. */
const isSet = (config: KernelConfig, name: string): boolean =>
  config.get(name) === "y" || config.get(name) === "m";

/**
 * zram's algorithms in the order of `backends`, `drivers/block/zram/zcomp.c`,
 * since 6.12, with the options of those and of the crypto layer before.
 */
const ALGORITHMS: readonly (readonly [name: string, option: string])[] = [
  ["lzo-rle", "LZO"],
  ["lzo", "LZO"],
  ["lz4", "LZ4"],
  ["lz4hc", "LZ4HC"],
  ["zstd", "ZSTD"],
  ["deflate", "DEFLATE"],
  ["842", "842"],
];

/**
 * What `comp_algorithm` lists where `as` was built: the backends that are in,
 * or before 6.12, which has no such options, those of its list that the crypto
 * layer has.
 */
function compAlgorithms(config: KernelConfig, as: Configuration): string[] {
  const built = (prefix: string) =>
    ALGORITHMS.flatMap(([name, option]) =>
      isSet(config, `${prefix}${option}`) ? [name] : []
    );
  const backends = built("ZRAM_BACKEND_");
  if (backends.length > 0) return backends;
  const crypto = built("CRYPTO_");
  return as.zram.compAlgorithms.filter((name) => crypto.includes(name));
}

const ZPOOLS: readonly (readonly [name: ZpoolType, option: string])[] = [
  ["zbud", "ZBUD"],
  ["z3fold", "Z3FOLD"],
  ["zsmalloc", "ZSMALLOC"],
];

/** Pages of the architecture: CONFIG_PAGE_SHIFT since 6.9, arm64's own before. */
function pageSize(config: KernelConfig, as: Configuration): number {
  const shift = config.get("PAGE_SHIFT") ?? config.get("ARM64_PAGE_SHIFT");
  if (shift !== undefined) return 2 ** Number(shift);
  return isSet(config, "X86") ? 4096 : as.pageSize;
}

/** MAX_POSSIBLE_PHYSMEM_BITS, or else MAX_PHYSMEM_BITS, of the architecture. */
function physBits(config: KernelConfig, as: Configuration): number {
  if (isSet(config, "X86_64")) return as.physBits;
  const arm64 = config.get("ARM64_PA_BITS");
  if (arm64 !== undefined) return Number(arm64);
  if (isSet(config, "64BIT")) return as.physBits;
  return isSet(config, "X86_PAE") ? 36 : 32;
}

/** The number of an option, or what it is elsewhere. */
const numbered = (config: KernelConfig, name: string, otherwise: number) =>
  Number(config.get(name) ?? otherwise);

/**
 * The configuration that a `.config` describes; what it does not say, since
 * the release has no such option, is as in `as`.
 *
 * Throws a RangeError where zram or zswap is not built, or without a compressor.
 */
export function configurationFrom(
  config: KernelConfig,
  as: Configuration,
): Configuration {
  for (const name of ["ZSMALLOC", "ZRAM"]) {
    if (isSet(config, name)) continue;
    throw new RangeError(
      `Cannot use the configuration: CONFIG_${name} is not set, not y or m`,
    );
  }
  const algorithms = compAlgorithms(config, as);
  if (algorithms.length === 0) {
    throw new RangeError(
      "Cannot use the configuration: no compressor of zram is set, such as CONFIG_ZRAM_BACKEND_LZ4=y",
    );
  }
  const zpools = ZPOOLS.flatMap(([name, option]) =>
    isSet(config, option) && as.zswap.zpools.includes(name) ? [name] : []
  );
  const [firstZpool = "zsmalloc"] = zpools;
  const compressors = ALGORITHMS.flatMap(([name, option]) =>
    isSet(config, `CRYPTO_${option}`) ? [name] : []
  );
  return {
    pageSize: pageSize(config, as),
    wordBits: isSet(config, "64BIT") ? 64 : 32,
    physBits: physBits(config, as),
    chainSize: numbered(config, "ZSMALLOC_CHAIN_SIZE", as.chainSize),
    zram: {
      writeback: isSet(config, "ZRAM_WRITEBACK"),
      multiComp: isSet(config, "ZRAM_MULTI_COMP"),
      // Up to 6.5 it is a part of memory tracking, without a name of its own.
      trackEntryActime: isSet(config, "ZRAM_TRACK_ENTRY_ACTIME") ||
        isSet(config, "ZRAM_MEMORY_TRACKING"),
      memoryTracking: isSet(config, "ZRAM_MEMORY_TRACKING"),
      compAlgorithms: algorithms,
      defaultAlgorithm: config.get("ZRAM_DEF_COMP") ??
        algorithms.find((name) => name === as.zram.defaultAlgorithm) ??
        algorithms[0],
    },
    zswap: {
      compressors,
      defaultCompressor: config.get("ZSWAP_COMPRESSOR_DEFAULT") ??
        as.zswap.defaultCompressor,
      zpools,
      defaultZpool:
        zpools.find((name) => name === config.get("ZSWAP_ZPOOL_DEFAULT")) ??
          firstZpool,
    },
  };
}
