/**
 * The device's sysfs attributes: the files of `/sys/block/zramN`, each with
 * what reading shows and what writing does.
 *
 * Source: `Documentation/ABI/testing/sysfs-block-zram` and the `_show` and
 * `_store` functions of `drivers/block/zram/zram_drv.c`.
 */
import type { Errno } from "../linux/errno.ts";
import { kstrtoull, memparse, sysfsStreq } from "../linux/kstrtox.ts";
import type { Profile } from "../linux/profile.ts";
import type { Zram } from "./device.ts";
import { mmStatText } from "./stat.ts";

/** One attribute; without `show` it cannot be read, without `store` not written. */
interface Attribute {
  show?(zram: Zram): string;
  store?(zram: Zram, text: string): Errno | undefined;
  /** Whether a kernel has it; by default all do. */
  isIn?(profile: Profile): boolean;
}

/** `comp_algorithm_show`: the algorithms, the chosen one in brackets. */
function showAlgorithms({ algorithm, algorithms }: Zram): string {
  return algorithms
    .map((name) => name === algorithm ? `[${name}] ` : `${name} `)
    .join("") + "\n";
}

/** Sizes above this do not fit a model's disk: 2^53 bytes. */
function toBytes(bytes: bigint): number {
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(
      `Cannot use ${bytes} bytes: the model counts to ${Number.MAX_SAFE_INTEGER}`,
    );
  }
  return Number(bytes);
}

const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  disksize: {
    show: (zram) => `${zram.disksize}\n`,
    store: (zram, text) => zram.setDisksize(toBytes(memparse(text) ?? 0n)),
  },
  initstate: {
    show: (zram) => `${zram.disksize === 0 ? 0 : 1}\n`,
  },
  reset: {
    store(zram, text) {
      const reset = kstrtoull(text, 16);
      if (typeof reset === "string") return reset;
      if (reset === 0n) return "EINVAL";
      zram.reset();
    },
  },
  compact: {
    store: (zram) => zram.compact(),
  },
  mem_limit: {
    store(zram, text) {
      const limit = memparse(text);
      if (limit === undefined) return "EINVAL";
      const { pageSize } = zram.profile;
      zram.limitPages = Math.ceil(toBytes(limit) / pageSize);
    },
  },
  mem_used_max: {
    store(zram, text) {
      if (kstrtoull(text) !== 0n) return "EINVAL";
      zram.resetMemUsedMax();
    },
  },
  idle: {
    store: (zram, text) => sysfsStreq(text, "all") ? zram.markIdle() : "EINVAL",
  },
  max_comp_streams: {
    // One stream a CPU, whatever is asked; the model has one CPU.
    show: () => "1\n",
    store: () => undefined,
    isIn: (profile) => profile.zram.maxCompStreams,
  },
  comp_algorithm: {
    show: showAlgorithms,
    store: (zram, text) => zram.setAlgorithm(text.replace(/\n$/, "")),
  },
  io_stat: {
    show: (zram) => zram.profile.zram.ioStat(zram.ioStat),
  },
  mm_stat: {
    show: (zram) => mmStatText(zram.mmStat()),
  },
  debug_stat: {
    show: (zram) => zram.profile.zram.debugStat(zram.ioStat),
  },
};

function attributeOf(zram: Zram, name: string): Attribute | undefined {
  if (!Object.hasOwn(ATTRIBUTES, name)) return undefined;
  const attribute = ATTRIBUTES[name];
  return attribute.isIn?.(zram.profile) ?? true ? attribute : undefined;
}

/** The names of the attributes that a device of this kernel has. */
export function attributeNames(zram: Zram): string[] {
  return Object.keys(ATTRIBUTES).filter((name) => attributeOf(zram, name));
}

/**
 * What `cat /sys/block/zramN/name` prints: the whole text with its newline, or
 * the errno: ENOENT for an attribute this kernel has not, EACCES for one that
 * can only be written.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, readAttribute, Zram } from "zspec";
 *
 * const shown = readAttribute(new Zram(LINUX_6_18), "comp_algorithm");
 * assertEquals(shown, { text: "[lzo-rle] lzo lz4 \n" });
 * ```
 */
export function readAttribute(
  zram: Zram,
  name: string,
): { text: string } | { errno: Errno } {
  const attribute = attributeOf(zram, name);
  if (attribute === undefined) return { errno: "ENOENT" };
  if (attribute.show === undefined) return { errno: "EACCES" };
  return { text: attribute.show(zram) };
}

/**
 * What `echo text > /sys/block/zramN/name` does: `undefined`, or the errno:
 * ENOENT for an attribute this kernel has not, EACCES for one that can only be
 * read, else what the attribute answers.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, writeAttribute, Zram } from "zspec";
 *
 * const zram = new Zram(LINUX_6_18);
 * writeAttribute(zram, "comp_algorithm", "lz4");
 * writeAttribute(zram, "disksize", "64M");
 * assertEquals(writeAttribute(zram, "disksize", "1G"), "EBUSY");
 * ```
 */
export function writeAttribute(
  zram: Zram,
  name: string,
  text: string,
): Errno | undefined {
  const attribute = attributeOf(zram, name);
  if (attribute === undefined) return "ENOENT";
  if (attribute.store === undefined) return "EACCES";
  return attribute.store(zram, text);
}
