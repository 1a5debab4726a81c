/** Kernels booted in QEMU. */
import { commandOutput } from "./command_output.ts";
import { Guest } from "./guest.ts";
import { readConfig } from "./guest_config.ts";
import {
  builtImage,
  type BuiltKernel,
  cannotBoot,
  findImage,
  type GuestImage,
} from "./guest_image.ts";
import { buildInitrd } from "./guest_initrd.ts";
import {
  type LoadedModules,
  loadedModules,
  type Module,
} from "./guest_modules.ts";

const QEMU = "qemu-system-x86_64";
/** What the kernel is told; with it, its warnings are on the console. */
const COMMAND_LINE = [
  ...["console=ttyS0", "loglevel=5", "panic=-1", "mitigations=off"],
];
/** Megabytes of a guest's memory where nothing else is said. */
const MEMORY_MEGABYTES = 128;
/** Modules of the port. */
const PORT_MODULES: readonly Module[] = [
  { name: "virtio_pci", option: "VIRTIO_PCI" },
  { name: "virtio_console", option: "VIRTIO_CONSOLE" },
];
/** What QEMU runs a guest by. */
export const ACCELERATORS = ["tcg", "kvm"] as const;

/** A kernel, and what of QEMU runs it. */
export interface GuestBoot {
  /** Where the kernel is: `/` for an installed one. */
  readonly image: string;
  /** A kernel that was just built, which is booted instead. */
  readonly built?: BuiltKernel;
  /** The .config to look into before the boot, in place of the image's. */
  readonly config?: string;
  /** The paths of modules that take the place of the kernel's own. */
  readonly ownModules?: readonly string[];
  /** What QEMU runs it by. Default: `tcg`, which works wherever QEMU does. */
  readonly accel?: (typeof ACCELERATORS)[number];
  /** Its processors. Default: 1, with which every answer can be repeated. */
  readonly cpus?: number;
  /** Once it is aborted, what is under way throws its reason. */
  readonly stop?: AbortSignal;
}

/** What a guest is booted with. */
export interface GuestOptions extends GuestBoot {
  /** Modules beside those that zspec needs to reach the guest. */
  readonly modules: readonly Module[];
  /** Options that the kernel must have built in, without `CONFIG_`. */
  readonly needed?: readonly string[];
  /** Megabytes of its memory. Default: 128. */
  readonly memoryMegabytes?: number;
}

/** Throws a `TargetMissing` where there is no QEMU that runs by `accel`. */
export async function findQemu(
  accel: GuestBoot["accel"] = "tcg",
): Promise<void> {
  if (await commandOutput(QEMU, ["--version"]) === undefined) {
    throw cannotBoot(`there is no ${QEMU}; install qemu-system-x86`);
  }
  if (accel !== "kvm") return;
  try {
    Deno.openSync("/dev/kvm", { read: true, write: true }).close();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw cannotBoot("there is no /dev/kvm for '--accel kvm'");
    }
    throw cannotBoot("/dev/kvm cannot be opened for '--accel kvm'");
  }
}

/** The kernel that is to be booted. */
export function imageOf({ image, built, config }: GuestBoot): GuestImage {
  const found = built === undefined ? findImage(image) : builtImage(built);
  return config === undefined
    ? found
    : { ...found, config: readConfig(config) };
}

/**
 * Boots a guest and waits until it answers. Throws a `TargetMissing` that says
 * in one line what is not there: QEMU, a kernel, what is to be built into it, a
 * module, a compiler.
 */
export async function bootGuest(options: GuestOptions): Promise<Guest> {
  await findQemu(options.accel);
  const image = imageOf(options);
  const folder = await Deno.makeTempDir({ prefix: "zspec-guest-" });
  const guest = await start(image, folder, options).catch(async (error) => {
    await Deno.remove(folder, { recursive: true });
    throw error;
  });
  try {
    await guest.ready();
    return guest;
  } catch (error) {
    await guest[Symbol.asyncDispose]();
    throw error;
  }
}

/** Starts a guest, whose files are in `folder`. */
async function start(
  image: GuestImage,
  folder: string,
  options: GuestOptions,
): Promise<Guest> {
  const { modules, ownModules = [], needed = [] } = options;
  const loaded = await loadedModules(
    image,
    [...PORT_MODULES, ...modules],
    ownModules,
    needed,
  );
  await buildInitrd(loaded.files, folder);
  options.stop?.throwIfAborted();
  const child = new Deno.Command(QEMU, {
    args: qemuArguments(image, loaded, folder, options),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
    // A terminal's interrupt is for zspec, which then ends the guest.
    detached: true,
  }).spawn();
  return new Guest(image.release, child, folder, options.stop);
}

function qemuArguments(
  { kernel }: GuestImage,
  { words }: LoadedModules,
  folder: string,
  { memoryMegabytes = MEMORY_MEGABYTES, accel = "tcg", cpus = 1 }: GuestOptions,
): string[] {
  return [
    ...["-nodefaults", "-no-user-config", "-no-reboot"],
    ...["-display", "none", "-accel", accel],
    // Without KVM, QEMU's own processor is the same wherever it runs.
    ...(accel === "kvm" ? ["-cpu", "host"] : []),
    ...["-m", `${memoryMegabytes}`, "-smp", `${cpus}`],
    ...["-kernel", kernel, "-initrd", `${folder}/initrd`],
    ...["-append", [...COMMAND_LINE, ...words].join(" ")],
    ...["-serial", `file:${folder}/console`],
    ...["-device", "virtio-serial-pci"],
    ...["-chardev", "stdio,id=port,signal=off"],
    ...["-device", "virtserialport,chardev=port,name=zspec"],
  ];
}
