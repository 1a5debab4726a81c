/** Devices that come and go: `/sys/class/zram-control`. */
import { assertProfile } from "../linux/assert_profile.ts";
import type { Errno } from "../linux/errno.ts";
import { kstrtoll } from "../linux/kstrtox.ts";
import type { Profile } from "../linux/profile.ts";
import { Memory } from "../memory/memory.ts";
import { assertWhole } from "../rules/argument.ts";
import { Zram } from "./device.ts";
import type { ZramOptions } from "./options.ts";

/**
 * The zram module with its devices, one at first (`num_devices`). Specifies
 * `zram_index_idr` and the class `zram-control`, `zram_drv.c`, since 4.2.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, ZramControl } from "zspec";
 *
 * const control = new ZramControl(LINUX_6_18);
 * assertEquals(control.readAttribute("hot_add"), { text: "1\n" });
 * assertEquals(control.writeAttribute("hot_remove", "7"), "ENODEV");
 * ```
 */
export class ZramControl {
  readonly #profile: Profile;
  readonly #options: ZramOptions;
  readonly #devices = new Map<number, Zram>();

  /** The module loaded with `numDevices` devices, which share their memory. */
  constructor(profile: Profile, options: ZramOptions = {}, numDevices = 1) {
    assertWhole("load zram", "numDevices", numDevices);
    assertProfile("load zram", profile);
    const { pageSize } = profile;
    this.#profile = profile;
    this.#options = { memory: new Memory({ pageSize }), ...options };
    for (let nth = 0; nth < numDevices; nth++) this.#add();
  }

  /** The devices by number: `/dev/zramN`. */
  get devices(): ReadonlyMap<number, Zram> {
    return this.#devices;
  }

  /**
   * Reads an attribute. Reading `hot_add` makes a new device and shows its
   * number, the lowest that is free: ENOENT for another attribute or where this
   * kernel has no such class, EACCES for `hot_remove`.
   */
  readAttribute(name: string): { text: string } | { errno: Errno } {
    const exists = this.#profile.zram.control;
    if (exists && name === "hot_add") return { text: `${this.#add()}\n` };
    return {
      errno: exists && name === "hot_remove" ? "EACCES" : "ENOENT",
    };
  }

  /**
   * Writes an attribute. Writing a number to `hot_remove` resets that device
   * and takes it away: EINVAL for no number or a negative one, ENODEV for a
   * device there is not, EBUSY for one that is open.
   */
  writeAttribute(name: string, text: string): Errno | undefined {
    const exists = this.#profile.zram.control;
    if (exists && name === "hot_remove") return this.#remove(text);
    return exists && name === "hot_add" ? "EACCES" : "ENOENT";
  }

  #add(): number {
    let id = 0;
    while (this.#devices.has(id)) id++;
    this.#devices.set(id, new Zram(this.#profile, this.#options));
    return id;
  }

  #remove(text: string): Errno | undefined {
    const id = kstrtoll(text, 32);
    if (typeof id === "string") return id;
    if (id < 0n) return "EINVAL";
    const device = this.#devices.get(Number(id));
    if (device === undefined) return "ENODEV";
    const errno = device.reset();
    if (errno === undefined) this.#devices.delete(Number(id));
    return errno;
  }
}

/** `num_devices` where nobody sets it. */
const DEFAULT_DEVICES = 1;

/**
 * Loads the zram module: EINVAL for more devices than it takes at once, up to
 * 4.1. Specifies `zram_init`, `zram_drv.c`.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { LINUX_3_12, LINUX_6_18, loadZram } from "zspec";
 *
 * assertEquals(loadZram(LINUX_3_12, 33), "EINVAL");
 * const loaded = loadZram(LINUX_6_18, 33);
 * assert(typeof loaded !== "string");
 * assertEquals(loaded.devices.size, 33);
 * ```
 */
export function loadZram(
  profile: Profile,
  numDevices: number = DEFAULT_DEVICES,
  options: ZramOptions = {},
): ZramControl | Errno {
  assertWhole("load zram", "numDevices", numDevices);
  const { mostDevices } = profile.zram;
  if (mostDevices !== undefined && numDevices > mostDevices) return "EINVAL";
  return new ZramControl(profile, options, numDevices);
}
