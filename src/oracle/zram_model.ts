/** The model of zram as a target. */
import { ALL_CODECS } from "../codec/codecs.ts";
import { lz4 } from "../codec/lz4.ts";
import type { Profile } from "../linux/profile.ts";
import { Zram } from "../zram/device.ts";
import { readAttribute, writeAttribute } from "../zram/sysfs.ts";
import type { ZramTarget } from "./target.ts";

/**
 * A zram device of a kernel as a target: what others are compared with. It has
 * those of the kernel's algorithms that zspec has a codec for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, modelZram } from "zspec";
 *
 * const target = modelZram(LINUX_6_18);
 * await target.create();
 * await target.set("disksize", "1M");
 * assertEquals(await target.write(0, new Uint8Array(4096)), { stored: 0 });
 * assertEquals(await target.set("disksize", "2M"), { error: "EBUSY" });
 * ```
 */
export function modelZram(profile: Profile): ZramTarget {
  const has = (name: string) => ALL_CODECS.some((codec) => codec.name === name);
  const compAlgorithms = profile.zram.compAlgorithms.filter(has);
  const zram = { ...profile.zram, compAlgorithms };
  return deviceTarget({ ...profile, zram });
}

/**
 * A device that may show algorithms of which no codec is at hand: to those,
 * whose lengths nobody knows, it gives the lengths of lz4.
 */
export function deviceTarget(profile: Profile): ZramTarget {
  const codecs = profile.zram.compAlgorithms.map((name) =>
    ALL_CODECS.find((codec) => codec.name === name) ?? { ...lz4, name }
  );
  let zram = new Zram(profile, { codecs });
  const refusalOf = (errno: string | undefined) =>
    errno === undefined ? undefined : { error: errno };
  return {
    create() {
      zram = new Zram(profile, { codecs });
    },
    set: (attr, value) => refusalOf(writeAttribute(zram, attr, value)),
    get(attr) {
      const shown = readAttribute(zram, attr);
      return "errno" in shown ? { error: shown.errno } : { value: shown.text };
    },
    write(page, data) {
      const stored = zram.write(page, data);
      return typeof stored === "string" ? { error: stored } : { stored };
    },
    read(page) {
      const data = new Uint8Array(profile.pageSize);
      return refusalOf(zram.read(page, data)) ?? { data };
    },
    discard: (page, pages) => refusalOf(zram.discard(page, pages)),
  };
}
