/**
 * The device's sysfs attributes: the files of `/sys/block/zramN`, read and
 * written.
 */
import type { Errno } from "../linux/errno.ts";
import { untilNul } from "../linux/kstrtox.ts";
import { type Attribute, ATTRIBUTES } from "./attributes.ts";
import { assertHas, assertText } from "../rules/argument.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { reads, type Stop } from "../rules/stop.ts";
import { CAPACITY } from "./bio_request.ts";
import type { Zram } from "./device.ts";
import { TABLE, underDevice } from "./locks.ts";

const READABLE = 0o444;
const WRITABLE = 0o222;

/**
 * The permissions of an attribute as `stat` shows them (0o644), or `undefined`
 * where this kernel has not got it.
 */
export function attributeMode(zram: Zram, name: string): number | undefined {
  assertHas("use attributes", "zram", zram, "slots", "a Zram");
  const { attributes } = zram.profile.zram;
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}

/** The names of the attributes that a device of this kernel has, in its order. */
export function attributeNames(zram: Zram): string[] {
  assertHas("use attributes", "zram", zram, "slots", "a Zram");
  return Object.keys(zram.profile.zram.attributes);
}

/** An attribute that can be used so, or the errno. */
function attributeFor(
  zram: Zram,
  name: string,
  permission: number,
): Attribute | Errno {
  const mode = attributeMode(zram, name);
  if (mode === undefined) return "ENOENT";
  return (mode & permission) === 0 ? "EACCES" : ATTRIBUTES[name];
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
 * assertEquals(shown, { text: "[lz4] lz4hc zstd deflate \n" });
 * ```
 */
export function readAttribute(
  zram: Zram,
  name: string,
): { text: string } | { errno: Errno } {
  const attribute = attributeFor(zram, name, READABLE);
  if (typeof attribute === "string") return { errno: attribute };
  if (attribute.showHolds !== "nothing") zram.assertDevLock(`read '${name}'`);
  return { text: attribute.show?.(zram) ?? "" };
}

/**
 * What `echo text > /sys/block/zramN/name` does: `undefined`, or the errno:
 * ENOENT for an attribute this kernel has not, EACCES for one that can only be
 * read, else what the attribute answers. A write of no bytes does not reach it
 * (`sysfs_kf_write`, fs/sysfs/file.c, 3.14).
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
  assertText("write an attribute", "text", text);
  const attribute = attributeFor(zram, name, WRITABLE);
  if (typeof attribute === "string") return attribute;
  zram.assertDevLock(`write to '${name}'`);
  return text === "" ? undefined : attribute.store?.(zram, untilNul(text));
}

const SYSFS_SHOW = "dev_attr_show, drivers/base/core.c";
const SYSFS_STORE = "dev_attr_store, drivers/base/core.c";

/** {@linkcode readAttribute}, stopping wherever others may run. */
export function* readAttributeSteps(
  zram: Zram,
  name: string,
): Generator<Stop, { text: string } | { errno: Errno }> {
  const attribute = attributeFor(zram, name, READABLE);
  if (typeof attribute === "string") return { errno: attribute };
  if (attribute.showSteps !== undefined) {
    return { text: yield* attribute.showSteps(zram) };
  }
  const show = () => ({ text: attribute.show?.(zram) ?? "" });
  if (attribute.showHolds === "nothing") {
    yield reads(CAPACITY, SYSFS_SHOW);
    return show();
  }
  if (zram.profile.zram.showHolds === "nothing") {
    yield* lookTwice(zram);
    return show();
  }
  return yield* underDevice(zram, "shared", SYSFS_SHOW, show);
}

/**
 * Up to 3.10 nothing is held between the look whether there is a pool and its
 * use. Throws a {@linkcode KernelBug} where it is gone by then. Specifies
 * `mem_used_total_show`.
 */
function* lookTwice(zram: Zram): Generator<Stop, void> {
  const where = "mem_used_total_show, zram_drv.c";
  yield reads(CAPACITY, where);
  const { pool } = zram;
  yield reads(TABLE, where);
  if (pool !== undefined && zram.pool !== pool) {
    throw new KernelBug(where, "use the pool after it was freed");
  }
}

/** {@linkcode writeAttribute}, likewise. */
export function* writeAttributeSteps(
  zram: Zram,
  name: string,
  text: string,
): Generator<Stop, Errno | undefined> {
  assertText("write an attribute", "text", text);
  const attribute = attributeFor(zram, name, WRITABLE);
  if (typeof attribute === "string") return attribute;
  if (text === "") return undefined;
  const string = untilNul(text);
  if (attribute.storeSteps !== undefined) {
    return yield* attribute.storeSteps(zram, string);
  }
  const mode = attribute.storeHolds ?? "exclusive";
  const store = () => attribute.store?.(zram, string);
  return yield* underDevice(zram, mode, SYSFS_STORE, store);
}
