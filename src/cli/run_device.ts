/** The device of `zspec run`, as it is asked for. */
import type { Codec } from "../codec/codec.ts";
import { codecsOf } from "../codec/codecs.ts";
import type { Errno } from "../linux/errno.ts";
import type { Profile } from "../linux/profile.ts";
import { RamBackingDevice } from "../zram/backing.ts";
import { Zram } from "../zram/device.ts";
import { writeAttribute } from "../zram/sysfs.ts";
import { paramsText } from "./algorithms.ts";
import type { Algorithm } from "./measuring.ts";
import { UsageError } from "./usage.ts";

/** What a run is asked for. */
export interface RunRequest {
  /** The kernel to be. */
  readonly profile: Profile;
  /** What pages are compressed with. */
  readonly algorithm: Algorithm;
  /** Bytes of the disk. */
  readonly disksize: number;
  /** Bytes that the pool may take, if it is limited. */
  readonly memLimit: number | undefined;
  /** Which pages are freed. */
  readonly seed: number;
  /** Pages of a backing device, if there is to be one. */
  readonly backingPages: number | undefined;
  /** What pages are recompressed with, if they are to be. */
  readonly recompressor: Codec | undefined;
}

const BACKING_PATH = "/dev/loop0";
const DICT_PATH = "/dict";

/** A device as it is asked for. */
export function initialise(request: RunRequest): Zram {
  const { profile, algorithm, disksize, backingPages, recompressor } = request;
  const { memLimit } = request;
  const { dict } = algorithm.params;
  const device = new RamBackingDevice(backingPages ?? 0, profile.pageSize);
  const zram = new Zram(profile, {
    codecs: codecsOf(profile.zram),
    backingDevices: new Map([[BACKING_PATH, device]]),
    files: dict && new Map([[DICT_PATH, dict]]),
  });
  zram.setAlgorithm(algorithm.name);
  const told = paramsText(algorithm, DICT_PATH);
  if (told !== undefined) echo(zram, "algorithm_params", told);
  if (backingPages !== undefined) echo(zram, "backing_dev", BACKING_PATH);
  if (recompressor !== undefined) {
    echo(zram, "recomp_algorithm", `algo=${recompressor.name}`);
  }
  const errno = zram.setDisksize(disksize);
  if (errno !== undefined) {
    throw new UsageError(
      `Cannot set up a disk of ${disksize} bytes: ${profile.name} refuses it with ${errno}`,
    );
  }
  if (memLimit !== undefined) echo(zram, "mem_limit", `${memLimit}`);
  return zram;
}

/** `echo text > /sys/block/zram0/attribute`, which may end with `allowed`. */
export function echo(
  zram: Zram,
  attribute: string,
  text: string,
  allowed?: Errno,
): void {
  const errno = writeAttribute(zram, attribute, text);
  if (errno !== undefined && errno !== allowed) {
    throw new Error(`Cannot write '${text}' to '${attribute}': ${errno}`);
  }
}
