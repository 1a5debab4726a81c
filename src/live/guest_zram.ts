/** The zram device of a guest, with a loop device to write back to. */
import type { Profile } from "../linux/profile.ts";
import { bootGuest, type Guest, type GuestOptions } from "./guest.ts";
import { kernelProfile } from "./kernel_profile.ts";
import { LiveZram } from "./live_zram.ts";
import { BACKING_PATH } from "../oracle/replay.ts";

/** Pages of the backing device where nothing else is said. */
const BACKING_PAGES = 64;

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

/**
 * Boots a guest with one zram device, all that `comp_algorithm` lists on the
 * kernels of Debian, and a loop device. Throws a `TargetMissing` where it
 * cannot be booted, or no profile is of its release and none is given.
 */
export async function bootZram(
  options: Pick<GuestOptions, "image" | "stop"> & {
    /** What describes the kernel; by default it is found out. */
    readonly profile?: Profile;
    /** Pages of the backing device. Default: 64. */
    readonly backingPages?: number;
  },
): Promise<GuestZram> {
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
  try {
    return await zramOf(guest, options);
  } catch (error) {
    await guest[Symbol.asyncDispose]();
    throw error;
  }
}

async function zramOf(
  guest: Guest,
  asked: { readonly profile?: Profile; readonly backingPages?: number },
): Promise<GuestZram> {
  const { release } = guest;
  const { backingPages = BACKING_PAGES } = asked;
  const profile = asked.profile ?? await kernelProfile(guest, "zram0", release);
  const bytes = backingPages * profile.pageSize;
  const refusal = await guest.makeLoop(BACKING_PATH, bytes);
  if (refusal !== undefined) {
    throw new Error(`Cannot make ${BACKING_PATH}: ${refusal.error}`);
  }
  return {
    target: new LiveZram(guest, "zram0", profile),
    profile,
    release,
    ...profile.zram.writeback ? { backingPages } : {},
    [Symbol.asyncDispose]: () => guest[Symbol.asyncDispose](),
  };
}
