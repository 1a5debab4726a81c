/** The model of zram as a target. */
import { ALL_CODECS } from "../codec/codecs.ts";
import { lz4 } from "../codec/lz4.ts";
import type { Profile } from "../linux/profile.ts";
import { RamBackingDevice } from "../zram/backing.ts";
import { blockState } from "../zram/debugfs.ts";
import { Zram } from "../zram/device.ts";
import { readAttribute, writeAttribute } from "../zram/sysfs.ts";
import { BACKING_PATH } from "../programs/transcript_zram.ts";
import type { ZramTarget } from "../targets/target.ts";

/**
 * A zram device of a kernel as a target: what others are compared with. It has
 * those of the kernel's algorithms that zspec has a codec for, and finds a
 * backing device of `backingPages` pages at {@linkcode BACKING_PATH}, or none.
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
export function modelZram(
  profile: Profile,
  backingPages?: number,
): ZramTarget {
  const has = (name: string) => ALL_CODECS.some((codec) => codec.name === name);
  const compAlgorithms = profile.zram.compAlgorithms.filter(has);
  const zram = { ...profile.zram, compAlgorithms };
  return deviceTarget({ ...profile, zram }, backingPages);
}

/**
 * A device that may show algorithms of which no codec is at hand: to those,
 * whose lengths nobody knows, it gives the lengths of lz4.
 */
export function deviceTarget(
  profile: Profile,
  backingPages?: number,
): ZramTarget {
  const codecs = profile.zram.compAlgorithms.map((name) =>
    ALL_CODECS.find((codec) => codec.name === name) ?? { ...lz4, name }
  );
  const makeZram = () => {
    const backing = backingPages === undefined
      ? []
      : [new RamBackingDevice(backingPages, profile.pageSize)];
    const backingDevices = new Map(
      backing.map((device) => [BACKING_PATH, device]),
    );
    return new Zram(profile, { codecs, backingDevices });
  };
  let zram = makeZram();
  const refusalOf = (errno: string | undefined) =>
    errno === undefined ? undefined : { error: errno };
  return {
    create() {
      zram = makeZram();
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
    blockState() {
      const shown = blockState(zram);
      return "errno" in shown
        ? { error: shown.errno }
        : shown.state.map(({ page, flags }) => [page, flags] as const);
    },
  };
}
