/** The zram device of a guest, with a ram disk to write back to. */
import type { Profile } from "../linux/profile.ts";
import type { Guest } from "./guest.ts";
import { bootGuest, type GuestBoot } from "./guest_boot.ts";
import { GuestMachine } from "./guest_machine.ts";
import { kernelProfile } from "./kernel_profile.ts";
import { LiveZram } from "./live_zram.ts";
import { CODEC_MODULES, RAM_DISK, ramDisk } from "./wanted_modules.ts";
import { BACKING_PATH } from "../programs/transcript_zram.ts";
import { isRefusal, TargetMissing } from "../targets/target.ts";

const NAME = "zram0";
/** Pages of the backing device where nothing else is said. */
const BACKING_PAGES = 64;

/** The device of the guest that runs now. */
class GuestZramTarget extends LiveZram {
  readonly #machine: GuestMachine;

  constructor(machine: GuestMachine, profile: Profile) {
    super(machine, NAME, profile);
    this.#machine = machine;
  }

  /** Boots another guest where this one has failed. */
  async restart(): Promise<void> {
    await this.#machine.restart();
  }
}

/** A guest's device; leaving its scope ends the guest. */
export interface GuestZram extends AsyncDisposable {
  /** What is put to the test. */
  readonly target: LiveZram;
  /** What describes the guest's kernel. */
  readonly profile: Profile;
  /** The guest's release. */
  readonly release: string;
  /** Pages of the backing device, if the kernel has writeback and ram disks. */
  readonly backingPages?: number;
  /** The guest itself, for what else is asked of it. */
  readonly machine: GuestMachine;
}

/** How {@linkcode bootZram} boots. */
export interface GuestZramOptions extends GuestBoot {
  /** What describes the kernel; by default it is found out. */
  readonly profile?: Profile;
  /** Pages of the backing device. Default: 64. */
  readonly backingPages?: number;
}

/**
 * Boots a guest with one zram device, all that `comp_algorithm` lists on the
 * kernels of Debian, and a ram disk under the name of a loop device. Throws a
 * `TargetMissing` where it cannot be booted, or no profile is of its release
 * and none is given.
 */
export async function bootZram(options: GuestZramOptions): Promise<GuestZram> {
  const { backingPages = BACKING_PAGES } = options;
  const machine = await GuestMachine.start(() =>
    bootWithBacking(options, backingPages)
  );
  try {
    const { release } = machine.guest;
    const profile = options.profile ??
      await kernelProfile(machine, NAME, release);
    const hasBacking = profile.zram.writeback && await isThere(machine);
    return {
      target: new GuestZramTarget(machine, profile),
      profile,
      release,
      ...hasBacking ? { backingPages } : {},
      machine,
      [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
    };
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whether there is a backing device. */
async function isThere(machine: GuestMachine): Promise<boolean> {
  const start = await machine.readBlocks(BACKING_PATH, 0, 4096);
  await machine.closeDevice();
  return !isRefusal(start);
}

async function bootWithBacking(
  options: GuestZramOptions,
  backingPages: number,
): Promise<Guest> {
  const guest = await bootGuest({
    ...options,
    modules: [
      ...CODEC_MODULES,
      { name: "zram", option: "ZRAM", parameters: "num_devices=1" },
      { ...ramDisk(backingPages), isOptional: true },
    ],
  });
  try {
    if (isRefusal(await guest.readFile(`/sys/block/${NAME}/disksize`))) {
      throw new TargetMissing(
        `Cannot test zram: Linux ${guest.release} is built without it`,
      );
    }
    const refusal = await guest.makeNode(BACKING_PATH, RAM_DISK);
    if (refusal === undefined || refusal.error === "ENOENT") return guest;
    throw new Error(`Cannot make ${BACKING_PATH}: ${refusal.error}`);
  } catch (error) {
    await guest[Symbol.asyncDispose]();
    throw error;
  }
}
