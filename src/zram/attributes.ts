/**
 * What the sysfs attributes of a device show and do, by name: the files of
 * `/sys/block/zramN` of every kernel. Which kernel has which, and with which
 * permissions, its profile says.
 *
 * Source: `Documentation/ABI/testing/sysfs-block-zram` and the `_show` and
 * `_store` functions of `drivers/block/zram/zram_drv.c`.
 */
import type { Errno } from "../linux/errno.ts";
import {
  kstrtobool,
  kstrtoll,
  kstrtoull,
  memparse,
  nextArgs,
  sysfsStreq,
  withoutNewline,
} from "../linux/kstrtox.ts";
import type { IoStat, ZramProfile } from "../linux/zram_profile.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { acquire, reads, release, type Stop } from "../rules/stop.ts";
import { algorithmPriority } from "./algorithm_priority.ts";
import type { Zram } from "./device.ts";
import { limitUnits } from "./writeback.ts";
import { bdStatText, type MmStat, mmStatText } from "./stat.ts";
import { idleCutoff, markIdleSteps } from "./idle.ts";
import { resetSteps } from "./lifecycle.ts";
import { BACKING_DEV, underLimit } from "./locks.ts";
import { recompAlgorithmText } from "./recomp_algorithm.ts";
import { MAX_COMPS, paramOf, PRIMARY_COMP, SECONDARY_COMP } from "./zcomp.ts";

/** One attribute. */
export interface Attribute {
  /** What reading it gives. */
  show?(zram: Zram): string;
  /** The same while others run, where that is more than one section. */
  showSteps?(zram: Zram): Generator<Stop, string>;
  /** What writing a text to it does. */
  store?(zram: Zram, text: string): Errno | undefined;
  /** The same while others run, where that is more than one section. */
  storeSteps?(zram: Zram, text: string): Generator<Stop, Errno | undefined>;
  /** How the device's lock is held to show it: shared, unless it says so. */
  readonly showHolds?: "nothing";
  /** How it is held to store: alone, unless it says so. */
  readonly storeHolds?: "shared";
}

/** Bytes in whole pages: up to 64 bits of them a number holds exactly. */
function alignToPages({ profile }: Zram, bytes: bigint): number {
  const pageSize = BigInt(profile.pageSize);
  return Number((bytes + pageSize - 1n) / pageSize * pageSize);
}

/** One number of `mm_stat`, in a file of its own (up to 4.10). */
function mmStatNumber(field: keyof MmStat): Attribute {
  return { show: (zram) => `${BigInt(zram.mmStat()[field])}\n` };
}

/** One event counter, likewise. */
function ioStatNumber(field: keyof IoStat): Attribute {
  return { show: (zram) => `${zram.ioStat[field]}\n` };
}

/** The size that a text names to a device's kernel. */
function sizeIn({ profile }: Zram, text: string): bigint | undefined {
  return memparse(text, profile.release.memparse);
}

/** What there is since the first zram. */
const BASIC: Readonly<Record<string, Attribute>> = {
  disksize: {
    // disksize_show takes no lock.
    showHolds: "nothing",
    show: (zram) => `${zram.disksize}\n`,
    store: (zram, text) =>
      zram.setDisksize(alignToPages(zram, sizeIn(zram, text) ?? 0n)),
  },
  initstate: {
    show: (zram) => `${zram.disksize === 0 ? 0 : 1}\n`,
  },
  reset: {
    store(zram, text) {
      const { resetReadsFirst } = zram.profile.zram;
      if (!resetReadsFirst && zram.isInUse) return "EBUSY";
      const reset = kstrtoull(text, 16);
      if (typeof reset === "string") return reset;
      return reset === 0n ? "EINVAL" : zram.reset();
    },
    *storeSteps(zram, text) {
      const reset = kstrtoull(text, 16);
      if (typeof reset === "string") return reset;
      return reset === 0n ? "EINVAL" : yield* resetSteps(zram);
    },
  },
  num_reads: ioStatNumber("numReads"),
  num_writes: ioStatNumber("numWrites"),
  failed_reads: ioStatNumber("failedReads"),
  failed_writes: ioStatNumber("failedWrites"),
  invalid_io: ioStatNumber("invalidIo"),
  notify_free: ioStatNumber("notifyFree"),
  zero_pages: mmStatNumber("same_pages"),
  orig_data_size: mmStatNumber("orig_data_size"),
  compr_data_size: mmStatNumber("compr_data_size"),
  mem_used_total: mmStatNumber("mem_used_total"),
  io_stat: {
    show: (zram) => zram.profile.zram.ioStat(zram.ioStat),
  },
  mm_stat: {
    show: (zram) => mmStatText(zram.mmStat(), zram.profile.zram.mmStatNumbers),
  },
  debug_stat: {
    show: (zram) => zram.profile.zram.debugStat(zram.ioStat),
  },
};

/** Memory: limit, maximum, compaction. */
const MEMORY: Readonly<Record<string, Attribute>> = {
  compact: {
    storeHolds: "shared",
    store: (zram) => zram.compact(),
  },
  mem_limit: {
    ...mmStatNumber("mem_limit"),
    store(zram, text) {
      const limit = sizeIn(zram, text);
      if (limit === undefined) return "EINVAL";
      // PAGE_ALIGN of 64 bits: what is rounded up beyond them is no limit.
      const pageSize = BigInt(zram.profile.pageSize);
      const aligned = BigInt.asUintN(64, limit + pageSize - 1n);
      zram.limitPages = Number(aligned / pageSize);
    },
  },
  mem_used_max: {
    ...mmStatNumber("mem_used_max"),
    storeHolds: "shared",
    store(zram, text) {
      if (kstrtoull(text, zram.profile.wordBits) !== 0n) return "EINVAL";
      zram.resetMemUsedMax();
    },
  },
};

/** Algorithms and streams. */
const COMPRESSION: Readonly<Record<string, Attribute>> = {
  max_comp_streams: {
    show({ profile, maxCompStreams }) {
      // One stream a CPU, whatever is asked; the model has one CPU.
      const perCpu = profile.zram.compStreams === "per-cpu";
      return `${perCpu ? 1 : maxCompStreams}\n`;
    },
    store(zram, text) {
      if (zram.profile.zram.compStreams === "per-cpu") return;
      const streams = kstrtoll(text, 32);
      if (typeof streams === "string") return streams;
      // A device made with one stream has no way of having more.
      const fixed = zram.disksize !== 0 && zram.maxCompStreams === 1;
      if (streams < 1n || fixed) return "EINVAL";
      zram.maxCompStreams = Number(streams);
    },
  },
  comp_algorithm: {
    show: ({ comps }) => comps.show(PRIMARY_COMP),
    store: (zram, text) => zram.setAlgorithm(text),
  },
  recomp_algorithm: {
    show({ comps, profile }) {
      const lines: string[] = [];
      for (let priority = SECONDARY_COMP; priority < MAX_COMPS; priority++) {
        if (comps.nameAt(priority) === undefined) continue;
        lines.push(`#${priority}: `, comps.show(priority));
      }
      return recompAlgorithmText(profile.zram, lines);
    },
    store: storeRecompAlgorithm,
  },
  recompress: {
    store: (zram, text) => zram.recompress(text),
    storeSteps: (zram, text) => zram.recompressSteps(text),
  },
  algorithm_params: {
    store: storeAlgorithmParams,
  },
};

/** `algo=NAME priority=N`: EINVAL without a name or outside 1 to 3. */
function storeRecompAlgorithm(zram: Zram, text: string): Errno | undefined {
  let algorithm: string | undefined;
  let priority = BigInt(SECONDARY_COMP);
  for (const { param, value = "" } of nextArgs(text)) {
    if (value === "") return "EINVAL";
    if (param === "algo") algorithm = value;
    if (param === "priority") {
      const parsed = kstrtoll(value, 32);
      if (typeof parsed === "string") return parsed;
      priority = parsed;
    }
  }
  if (algorithm === undefined) return "EINVAL";
  if (priority < SECONDARY_COMP || priority >= MAX_COMPS) return "EINVAL";
  return zram.setAlgorithm(algorithm, Number(priority));
}

/** What `algorithm_params` is told. */
interface AskedParams {
  /** Of which priority. */
  priority?: number;
  /** Or of which algorithm. */
  algo?: string;
  /** Where a dictionary is. */
  dict?: string;
  /** The numbers, by their names. */
  readonly numbers: Record<string, number>;
}

/** Reads the text: EINVAL without a value, a number's own errno. */
function parseParams(
  text: string,
  numberParams: readonly string[],
): AskedParams | Errno {
  const asked: AskedParams = { numbers: {} };
  for (const { param, value = "" } of nextArgs(text)) {
    if (value === "") return "EINVAL";
    if (param === "algo" || param === "dict") asked[param] = value;
    if (!numberParams.includes(param)) continue;
    const parsed = kstrtoll(value, 32);
    if (typeof parsed === "string") return parsed;
    if (param === "priority") asked.priority = Number(parsed);
    else asked.numbers[param] = Number(parsed);
  }
  return asked;
}

/** One more than the highest priority that this kernel can have (ZRAM_MAX_COMPS). */
function priorityEnd({ profile }: Zram): number {
  return profile.zram.multiComp ? MAX_COMPS : SECONDARY_COMP;
}

/** The priority that parameters are for. */
const PARAMS_PRIORITY: Readonly<
  Record<
    ZramProfile["paramsTaken"],
    (zram: Zram, asked: AskedParams) => number | Errno
  >
> = {
  "at-any-time"(zram, { algo, priority: asked = PRIMARY_COMP }) {
    const names = Array.from(
      { length: MAX_COMPS },
      (_, at) => zram.comps.nameAt(at),
    );
    const priority = algo === undefined ? asked : names.indexOf(algo);
    const isOne = priority >= PRIMARY_COMP && priority < priorityEnd(zram);
    return isOne ? priority : "EINVAL";
  },
  "before-disksize": (zram, asked) =>
    algorithmPriority(zram.comps, asked, PRIMARY_COMP, priorityEnd(zram)),
};

/**
 * `algo=NAME` or `priority=N` with `level`, `dict=PATH` and `deflate.winbits`.
 * What was set before is forgotten first. The dictionary is read at once, the
 * numbers are not looked at before `disksize`. Specifies
 * `algorithm_params_store` and `comp_params_store`, since 6.12.
 */
function storeAlgorithmParams(zram: Zram, text: string): Errno | undefined {
  const { comps, profile } = zram;
  const asked = parseParams(text, profile.zram.numberParams);
  if (typeof asked === "string") return asked;
  const { dict, numbers } = asked;
  const { paramsTaken, dictErrors } = profile.zram;
  const isLate = paramsTaken === "before-disksize" && zram.disksize !== 0;
  if (isLate) return "EBUSY";
  const priority = PARAMS_PRIORITY[paramsTaken](zram, asked);
  if (typeof priority === "string") return priority;
  comps.setParams(priority, {});
  const read = dict === undefined ? undefined : zram.readFile(dict);
  if (typeof read === "string") return dictErrors === "own" ? read : "EINVAL";
  comps.setParams(priority, {
    level: paramOf(numbers.level),
    winbits: paramOf(numbers["deflate.winbits"]),
    dict: read,
  });
}

function storeWritebackLimit(zram: Zram, text: string): Errno | undefined {
  const limit = kstrtoull(text);
  if (typeof limit === "string") return "EINVAL";
  const { writebackLimit } = zram.profile.zram;
  const units = writebackLimit === "any" ? 1n : limitUnits(zram);
  zram.wbLimit = limit - limit % units;
}

function storeLimitEnable(zram: Zram, text: string): Errno | undefined {
  const enable = kstrtoull(text);
  if (typeof enable === "string") return "EINVAL";
  zram.wbLimitEnable = enable !== 0n;
}

/**
 * Stores a part of the limit: under the device's lock alone since 6.19, before
 * under the limit's own, the device's being shared.
 */
function* underLimitLock(
  zram: Zram,
  text: string,
  store: (zram: Zram, text: string) => Errno | undefined,
): Generator<Stop, Errno | undefined> {
  const { device, limit } = zram.locks;
  const mode = limit === undefined ? "exclusive" : "shared";
  yield acquire(device, LIMIT_STORE, mode);
  const set = () => store(zram, text);
  const errno = yield* underLimit(zram, LIMIT_STORE, set);
  yield release(device, LIMIT_STORE, mode);
  return errno;
}

/**
 * The path of the file that was set. Up to 5.3 which file that is was looked at
 * before the lock is taken, so that it may be closed by then. Throws a
 * {@linkcode KernelBug} where it is. Specifies `backing_dev_show`.
 */
function* showBackingDev(zram: Zram): Generator<Stop, string> {
  const isEarly = zram.profile.zram.backingShown === "before-lock";
  if (isEarly) yield reads(BACKING_DEV, BACKING_DEV_SHOW);
  const before = zram.backing;
  yield acquire(zram.locks.device, BACKING_DEV_SHOW, "shared");
  const { backing } = zram;
  if (isEarly && backing !== undefined && before !== backing) {
    throw new KernelBug(
      BACKING_DEV_SHOW,
      "show the path of a file that was not set yet, or is closed",
    );
  }
  yield release(zram.locks.device, BACKING_DEV_SHOW, "shared");
  return `${backing?.path ?? "none"}\n`;
}

const BACKING_DEV_SHOW = "backing_dev_show, zram_drv.c";

const LIMIT_STORE = "writeback_limit_store, zram_drv.c";

/** The backing device. */
const WRITEBACK: Readonly<Record<string, Attribute>> = {
  idle: {
    store(zram, text) {
      if (sysfsStreq(text, "all")) return zram.markIdle();
      const cutoff = idleCutoff(zram, text);
      if (cutoff === "unchanged") return undefined;
      return typeof cutoff === "string" ? cutoff : zram.markIdle(cutoff);
    },
    *storeSteps(zram, text) {
      const isAll = sysfsStreq(text, "all");
      const cutoff = isAll ? "all" : idleCutoff(zram, text);
      if (cutoff === "unchanged") return undefined;
      if (typeof cutoff === "string" && cutoff !== "all") return cutoff;
      return yield* markIdleSteps(zram, cutoff);
    },
  },
  backing_dev: {
    show: ({ backing }) => `${backing?.path ?? "none"}\n`,
    showSteps: showBackingDev,
    store: (zram, text) => zram.setBackingDev(withoutNewline(text)),
  },
  writeback: {
    store: (zram, text) => zram.writeback(text),
    storeSteps: (zram, text) => zram.writebackSteps(text),
  },
  writeback_limit: {
    show: (zram) => `${zram.wbLimit}\n`,
    store: storeWritebackLimit,
    storeSteps: (zram, text) => underLimitLock(zram, text, storeWritebackLimit),
  },
  writeback_limit_enable: {
    show: (zram) => `${zram.wbLimitEnable ? 1 : 0}\n`,
    store: storeLimitEnable,
    storeSteps: (zram, text) => underLimitLock(zram, text, storeLimitEnable),
  },
  writeback_batch_size: {
    show: (zram) => `${zram.wbBatchSize}\n`,
    store(zram, text) {
      const size = kstrtoull(text, 32);
      if (typeof size === "string" || size === 0n) return "EINVAL";
      zram.wbBatchSize = Number(size);
    },
  },
  compressed_writeback: {
    show: (zram) => `${zram.compressedWb ? 1 : 0}\n`,
    store(zram, text) {
      const { truths } = zram.profile.release;
      const isCompressed = kstrtobool(text, truths);
      if (typeof isCompressed === "string") return "EINVAL";
      if (zram.disksize !== 0) return "EBUSY";
      zram.compressedWb = isCompressed;
    },
  },
  bd_stat: {
    show: (zram) => bdStatText(zram.bdStat()),
  },
};

/** Every attribute by its name. */
export const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  ...BASIC,
  ...MEMORY,
  ...COMPRESSION,
  ...WRITEBACK,
};
