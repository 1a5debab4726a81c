/** What a device is made with. */
import type { Codec } from "../codec/codec.ts";
import type { Errno } from "../linux/errno.ts";
import type { Memory } from "../memory/memory.ts";
import type { BackingDevice } from "./backing.ts";

/** What a `Zram` can be told when it is made. */
export interface ZramOptions {
  /**
   * Codecs beside zspec's own; one of the same name takes its place. Any of
   * them can be chosen, whether the kernel has it or not.
   */
  codecs?: readonly Codec[];
  /** Where the device's pool takes its frames from. */
  memory?: Memory;
  /**
   * What `backing_dev` finds at which path: a block device, or the error of
   * opening what is there (ENOTBLK for a file that is none). Default: nothing.
   */
  backingDevices?: ReadonlyMap<string, BackingDevice | Errno>;
  /** Files that `algorithm_params` finds at which path. Default: none. */
  files?: ReadonlyMap<string, Uint8Array | Errno>;
  /** The clock: seconds since boot (`ktime_get_boottime`). Default: always 0. */
  now?: () => number;
  /**
   * Fault injection: asked each time that a disk is set up; where it answers
   * true, `zs_create_pool` has no memory. Linux: `failslab`.
   */
  failPool?: () => boolean;
  /**
   * `totalram_pages`: pages of the machine, more than which no table of slots
   * may have. Default: no end of them.
   */
  totalRamPages?: number;
}
