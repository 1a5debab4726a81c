/**
 * The module parameters: `/sys/module/zswap/parameters`. Which kernel has
 * which, and with which permissions, its profile says.
 */
import { assertHas, assertText } from "../rules/argument.ts";
import type { Errno } from "../linux/errno.ts";
import { kstrtobool, kstrtoull, untilNul } from "../linux/kstrtox.ts";
import type { ZpoolType, ZswapParameter } from "../linux/zswap_profile.ts";
import {
  runToEnd,
  sleeps,
  type Stop,
  under,
  underSteps,
  writes,
} from "../rules/stop.ts";
import { createPool } from "./create_pool.ts";
import { POOL_PAGES } from "./locks.ts";
import { putFirst, putPoolSteps, takePool } from "./pool_references.ts";
import type { ZswapPool } from "./pools.ts";
import type { Zswap } from "./zswap.ts";

/** What the parameters are set to. */
export interface ZswapParameters {
  /** `enabled`. */
  enabled: boolean;
  /** `compressor`: that of the current pool. */
  compressor: string;
  /** `zpool`: the allocator of the current pool. */
  zpool: ZpoolType;
  /** `max_pool_percent`: the share of memory that the pools may have. */
  maxPoolPercent: number;
  /** `accept_threshold_percent`: the share of that at which stores go on. */
  acceptThresholdPercent: number;
  /** `same_filled_pages_enabled`. */
  sameFilledPagesEnabled: boolean;
  /** `non_same_filled_pages_enabled`. */
  nonSameFilledPagesEnabled: boolean;
  /** `shrinker_enabled`. */
  shrinkerEnabled: boolean;
}

/** One parameter: how it is shown, and what writing a text to it does. */
interface Parameter {
  show(zswap: Zswap): string;
  store(zswap: Zswap, text: string): Generator<Stop, Errno | undefined>;
}

type FieldOf<Value> = {
  [Name in keyof ZswapParameters]: ZswapParameters[Name] extends Value ? Name
    : never;
}[keyof ZswapParameters];

/** What others look at without a lock that goes by a parameter. */
const stateOf = (field: keyof ZswapParameters): string =>
  field === "enabled" ? "zswap_enabled" : POOL_PAGES;

/** `param_ops_bool`: Y or N. */
function boolParameter(field: FieldOf<boolean>): Parameter {
  return {
    show: ({ parameters }) => parameters[field] ? "Y" : "N",
    *store({ parameters, profile }, text) {
      const value = kstrtobool(text, profile.release.truths);
      if (typeof value === "string") return value;
      yield writes(stateOf(field), "param_set_bool, kernel/params.c");
      parameters[field] = value;
    },
  };
}

/** `param_ops_uint`: 32 bits, in base 8, 10 or 16. */
function uintParameter(field: FieldOf<number>): Parameter {
  return {
    show: ({ parameters }) => String(parameters[field]),
    *store({ parameters }, text) {
      const value = kstrtoull(text, 32, 0);
      if (typeof value === "string") return value;
      yield writes(stateOf(field), "param_set_uint, kernel/params.c");
      parameters[field] = Number(value);
    },
  };
}

/** A name with the white space around it gone (`strstrip`). */
const stripped = (text: string): string => text.trim();

const PARAM_SET = "__zswap_param_set, mm/zswap.c";

/**
 * Makes the pool of an allocator and a compressor the current one, with one
 * that is there already or a new one. Entries in other pools stay where they
 * are. Specifies `__zswap_param_set`, from where both are known to be there.
 */
function* changePool(
  zswap: Zswap,
  type: ZpoolType,
  compressor: string,
): Generator<Stop, void> {
  const isIt = ({ zpool, tfmName }: ZswapPool) =>
    zpool.type === type && tfmName === compressor;
  let pool = yield* takePool(zswap, isIt, PARAM_SET);
  if (pool === undefined) {
    yield sleeps("zswap_pool_create, mm/zswap.c");
    pool = createPool(zswap, type, compressor);
    pool.kref++;
  }
  const next = pool;
  zswap.parameters.zpool = type;
  zswap.parameters.compressor = compressor;
  const before = yield* under(
    zswap.locks.pools,
    PARAM_SET,
    () => putFirst(zswap, next),
  );
  if (before !== undefined) yield* putPoolSteps(zswap, before);
}

const compressorParameter: Parameter = {
  show: ({ parameters }) => parameters.compressor,
  *store(zswap, text) {
    const name = stripped(text);
    const { compressor, zpool } = zswap.parameters;
    if (name === compressor) return undefined;
    if (!zswap.hasCompressor(name)) return "ENOENT";
    yield* changePool(zswap, zpool, name);
  },
};

const zpoolParameter: Parameter = {
  show: ({ parameters }) => parameters.zpool,
  *store(zswap, text) {
    const name = stripped(text);
    const { compressor, zpool } = zswap.parameters;
    if (name === zpool) return undefined;
    const type = zswap.profile.zswap.zpools.find((one) => one === name);
    if (type === undefined) return "ENOENT";
    yield* changePool(zswap, type, compressor);
  },
};

const PARAMETERS: Readonly<Record<ZswapParameter, Parameter>> = {
  enabled: boolParameter("enabled"),
  compressor: compressorParameter,
  zpool: zpoolParameter,
  max_pool_percent: uintParameter("maxPoolPercent"),
  accept_threshold_percent: uintParameter("acceptThresholdPercent"),
  same_filled_pages_enabled: boolParameter("sameFilledPagesEnabled"),
  non_same_filled_pages_enabled: boolParameter("nonSameFilledPagesEnabled"),
  shrinker_enabled: boolParameter("shrinkerEnabled"),
};

/** The parameter of that name, where this kernel has it. */
function parameterNamed(zswap: Zswap, name: string): Parameter | undefined {
  assertHas("use parameters", "zswap", zswap, "trees", "a Zswap");
  const { parameters } = zswap.profile.zswap;
  return Object.hasOwn(parameters, name)
    ? Object.entries(PARAMETERS).find(([one]) => one === name)?.[1]
    : undefined;
}

/** The parameters that this kernel has. */
export function zswapParameterNames(zswap: Zswap): string[] {
  return Object.keys(zswap.profile.zswap.parameters);
}

/** Reads a parameter: ENOENT where the kernel has none of that name. */
export function readZswapParameter(
  zswap: Zswap,
  name: string,
): { text: string } | { errno: Errno } {
  const parameter = parameterNamed(zswap, name);
  return parameter === undefined
    ? { errno: "ENOENT" }
    : { text: `${parameter.show(zswap)}\n` };
}

/**
 * Writes a parameter: ENOENT where the kernel has none of that name, or no
 * such compressor or allocator; EINVAL and ERANGE for what is no truth value
 * or number. A write of no bytes does not reach it. Throws where the kernel has
 * a compressor and zspec no codec for it. Specifies `param_attr_store`, `kernel/params.c`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_1, readZswapParameter, Zswap, writeZswapParameter } from "zspec";
 *
 * const zswap = new Zswap(LINUX_6_1, { totalRamPages: 1000 });
 * assertEquals(writeZswapParameter(zswap, "zpool", "slub\n"), "ENOENT");
 * assertEquals(writeZswapParameter(zswap, "zpool", "z3fold\n"), undefined);
 * assertEquals(readZswapParameter(zswap, "zpool"), { text: "z3fold\n" });
 * ```
 */
export function writeZswapParameter(
  zswap: Zswap,
  name: string,
  text: string,
): Errno | undefined {
  return runToEnd(writeZswapParameterSteps(zswap, name, text));
}

/** {@linkcode writeZswapParameter}, stopping wherever others may run. */
export function* writeZswapParameterSteps(
  zswap: Zswap,
  name: string,
  text: string,
): Generator<Stop, Errno | undefined> {
  assertText("write a parameter", "text", text);
  const parameter = parameterNamed(zswap, name);
  if (parameter === undefined) return "ENOENT";
  if (text === "") return undefined;
  return yield* underSteps(
    zswap.locks.parameters,
    "param_attr_store, kernel/params.c",
    () => parameter.store(zswap, untilNul(text)),
  );
}
