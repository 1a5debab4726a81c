/** The zram device of a guest, with a loop device to write back to. */
import type { Profile } from "../linux/profile.ts";
import { bootGuest, type Guest, type GuestOptions } from "./guest.ts";
import { GuestMachine } from "./guest_machine.ts";
import { kernelProfile } from "./kernel_profile.ts";
import { LiveZram } from "./live_zram.ts";
import { BACKING_PATH } from "../programs/transcript_zram.ts";

const NAME = "zram0";
/** Bytes per page of the guests, all of them amd64. */
const PAGE_SIZE = 4096;
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
  /** Pages of the backing device, if the kernel has writeback. */
  readonly backingPages?: number;
}

/** How {@linkcode bootZram} boots. */
export interface GuestZramOptions extends Pick<GuestOptions, "image" | "stop"> {
  /** What describes the kernel; by default it is found out. */
  readonly profile?: Profile;
  /** Pages of the backing device. Default: 64. */
  readonly backingPages?: number;
}

/**
 * Boots a guest with one zram device, all that `comp_algorithm` lists on the
 * kernels of Debian, and a loop device. Throws a `TargetMissing` where it
 * cannot be booted, or no profile is of its release and none is given.
 */
export async function bootZram(options: GuestZramOptions): Promise<GuestZram> {
  const { backingPages = BACKING_PAGES } = options;
  const machine = await GuestMachine.start(() =>
    bootWithLoop(options, backingPages)
  );
  try {
    const { release } = machine.guest;
    const profile = options.profile ??
      await kernelProfile(machine, NAME, release);
    return {
      target: new GuestZramTarget(machine, profile),
      profile,
      release,
      ...profile.zram.writeback ? { backingPages } : {},
      [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
    };
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
}

async function bootWithLoop(
  options: GuestZramOptions,
  backingPages: number,
): Promise<Guest> {
  const guest = await bootGuest({
    ...options,
    modules: [
      ["lz4"],
      ["lz4hc"],
      ["zstd"],
      ["zram", "num_devices=1"],
      ["loop", "max_loop=1"],
    ],
  });
  const refusal = await guest.makeLoop(BACKING_PATH, backingPages * PAGE_SIZE);
  if (refusal === undefined) return guest;
  await guest[Symbol.asyncDispose]();
  throw new Error(`Cannot make ${BACKING_PATH}: ${refusal.error}`);
}
