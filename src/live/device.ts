/**
 * A zram device of this machine's kernel, taken to be put to the test: refused
 * where anybody uses it, and left as it was found.
 */
import type { Profile } from "../linux/profile.ts";
import { LocalKernel } from "./ffi.ts";
import { Guardian, type Setting } from "./guardian.ts";
import type { Kernel } from "./kernel.ts";
import { kernelProfile } from "./kernel_profile.ts";
import { LiveZram } from "./live_zram.ts";
import { isRefusal, TargetMissing } from "../targets/target.ts";

/** Where `mem_limit` is in `mm_stat`. */
const MEM_LIMIT = 3;

/** A zram device that is taken; leaving its scope gives it back. */
export interface LiveDevice extends AsyncDisposable {
  /** What is put to the test. */
  readonly target: LiveZram;
  /** What describes its kernel. */
  readonly profile: Profile;
  /** The kernel's release: `6.18.44`. */
  readonly release: string;
}

/** How {@linkcode takeDevice} takes a device. */
export interface TakeOptions {
  /** What describes the kernel; by default it is found out. */
  readonly profile?: Profile;
  /** Once it is aborted, what is under way throws its reason. */
  readonly stop?: AbortSignal;
}

/**
 * Takes the device at `path`, such as `/dev/zram0`: it is reset, and once its
 * scope is left, or this process is gone in any way, reset again and its
 * settings are as they were. Throws a `TargetMissing` that says in one line
 * why where this is not Linux, for others than root, and for a device that is
 * none, that has a disk, that somebody has open or that has a backing device.
 */
export async function takeDevice(
  path: string,
  { profile, stop }: TakeOptions = {},
): Promise<LiveDevice> {
  const name = deviceName(path);
  await using taken = new AsyncDisposableStack();
  const kernel = taken.use(new LocalKernel(stop));
  const folder = `/sys/block/${name}`;
  await refuseUsed(kernel, path, name);
  const settings = await settingsOf(kernel, folder);
  await resetIdle(kernel, path, folder);
  taken.use(new Guardian(folder, settings));
  // The guardian has inherited the lock: nobody takes the device before it is
  // done. Closed before it works: what is open is not reset.
  taken.defer(() => kernel.closeDevice());
  const release = Deno.osRelease();
  const found = profile ?? await kernelProfile(kernel, name, release);
  const scope = taken.move();
  return {
    target: new LiveZram(kernel, name, found),
    profile: found,
    release,
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  };
}

function refuse(path: string, reason: string): never {
  throw new TargetMissing(`Cannot use '${path}': ${reason}`);
}

/** The name of a device that can be there. */
function deviceName(path: string): string {
  const name = /^\/dev\/(zram[0-9]+)$/.exec(path)?.[1];
  if (name === undefined) {
    refuse(path, "it is not a zram device such as /dev/zram0");
  }
  if (Deno.build.os !== "linux") {
    refuse(path, `this is ${Deno.build.os}, not Linux`);
  }
  if (Deno.uid() !== 0) refuse(path, "only root can test a device");
  return name;
}

/** Refuses a device that is not there or that somebody uses. */
async function refuseUsed(
  kernel: LocalKernel,
  path: string,
  name: string,
): Promise<void> {
  const folder = `/sys/block/${name}`;
  const disksize = await kernel.readFile(`${folder}/disksize`);
  if (isRefusal(disksize)) {
    refuse(
      path,
      "the kernel has no such device ('modprobe zram' makes one where it can)",
    );
  }
  if (kernel.lock(`${folder}/disksize`) !== undefined) {
    refuse(path, "it is in use: another zspec tests it");
  }
  const bytes = disksize.text.trim();
  if (bytes !== "0") {
    const use = await useOf(kernel, path);
    refuse(path, `it is in use${use}: its 'disksize' is ${bytes}, not 0`);
  }
  const backing = await kernel.readFile(`${folder}/backing_dev`);
  if (!isRefusal(backing) && backing.text.trim() !== "none") {
    refuse(
      path,
      `it is in use: its 'backing_dev' is '${backing.text.trim()}', not none`,
    );
  }
}

/** What a device with a disk is used for, where that can be seen. */
async function useOf(kernel: Kernel, path: string): Promise<string> {
  const rows = async (file: string) => {
    const shown = await kernel.readFile(file);
    return isRefusal(shown)
      ? []
      : shown.text.split("\n").map((row) => row.split(/\s+/));
  };
  if ((await rows("/proc/swaps")).some(([file]) => file === path)) {
    return " as swap";
  }
  const mount = (await rows("/proc/self/mounts"))
    .find(([device]) => device === path);
  return mount === undefined ? "" : `, mounted at ${mount[1]}`;
}

/** What can be set on a device without a disk, and lasts. */
async function settingsOf(kernel: Kernel, folder: string): Promise<Setting[]> {
  const settings: Setting[] = [];
  const add = async (
    attr: string,
    texts: (shown: string) => readonly (string | undefined)[],
    shownBy = attr,
  ) => {
    const shown = await kernel.readFile(`${folder}/${shownBy}`);
    if (isRefusal(shown)) return;
    for (const text of texts(shown.text)) {
      if (text !== undefined) settings.push([`${folder}/${attr}`, text]);
    }
  };
  const same = (shown: string) => [shown.trim()];
  await add("comp_algorithm", (shown) => [/\[(.+?)\]/.exec(shown)?.[1]]);
  await add(
    "recomp_algorithm",
    (shown) =>
      Array.from(
        shown.matchAll(/^#([0-9]): .*\[(.+?)\]/gm),
        ([, priority, name]) => `algo=${name} priority=${priority}`,
      ),
  );
  await add(
    "mem_limit",
    (shown) => [shown.trim().split(/\s+/)[MEM_LIMIT]],
    "mm_stat",
  );
  await add("writeback_limit", same);
  await add("writeback_limit_enable", same);
  return settings;
}

/**
 * Resets a device without a disk, which is refused exactly where it is open,
 * and sees that it can be opened.
 */
async function resetIdle(
  kernel: Kernel,
  path: string,
  folder: string,
): Promise<void> {
  const refusal = await kernel.writeFile(`${folder}/reset`, "1");
  if (refusal?.error === "EBUSY") {
    refuse(path, "it is in use: a process has it open");
  }
  if (refusal !== undefined) {
    refuse(path, `its 'reset' answers ${refusal.error}`);
  }
  // A disk of no size ends before its first page.
  const page = await kernel.readBlocks(path, 0, 4096);
  await kernel.closeDevice();
  if (isRefusal(page) && page.error !== "EIO") {
    refuse(path, `to open it answers ${page.error}`);
  }
}
