/** What a guest boots: a kernel, its modules, and what is known of both. */
import type { KernelConfig } from "../linux/kernel_config.ts";
import { readConfig } from "./guest_config.ts";
import { TargetMissing } from "../targets/target.ts";

/** A kernel that can be booted. */
export interface GuestImage {
  /** Its release: `6.1.0-56-amd64`. */
  readonly release: string;
  /** The path of the compressed kernel. */
  readonly kernel: string;
  /** The paths of its modules, by their names. */
  readonly modules: ReadonlyMap<string, string>;
  /** The modules that are built in; `undefined` where nothing tells. */
  readonly builtin: ReadonlySet<string> | undefined;
  /** What it was configured with; `undefined` where nothing tells. */
  readonly config: KernelConfig | undefined;
}

/** Where a kernel is that was just built. */
export interface BuiltKernel {
  /** The path of its bzImage. */
  readonly kernel: string;
  /** The folder with lib/modules; absent where all is built in. */
  readonly modules?: string;
}

/** The end of a module's file: compressed by xz, zstd, gzip or not at all. */
const MODULE_FILE = /\.ko(\.(xz|zst|gz))?$/;
/** Below an image's folder, those that have a folder for each release. */
const MODULE_FOLDERS = ["lib/modules", "usr/lib/modules"];
/** Below a release's folder: a later one takes the place of an earlier. */
const MODULE_KINDS = ["kernel", "extra", "updates"];

/** What keeps a guest from being booted. */
export function cannotBoot(reason: string): TargetMissing {
  return new TargetMissing(`Cannot boot a guest: ${reason}`);
}

/** A module's name by its file's, or by another's spelling of it. */
export function moduleName(file: string): string {
  return file.replace(/^.*\//, "").replace(MODULE_FILE, "")
    .replaceAll("-", "_");
}

/**
 * The newest kernel under `root`: an installed one for `/`, or else the folder
 * into which packages were unpacked. Throws a `TargetMissing` where there is
 * none for x86-64 with modules.
 */
export function findImage(root: string): GuestImage {
  const folder = root.replace(/\/+$/, "");
  const kernels = kernelsIn(folder);
  for (const { release, kernel } of kernels) {
    const found = imageOf(kernel, release, folder);
    if (found.modules.size > 0) return found;
  }
  const [newest] = kernels;
  if (newest !== undefined) {
    throw cannotBoot(
      `Linux ${newest.release} in '${root}' has no modules in lib/modules or usr/lib/modules; install its linux-modules or name it by --kernel`,
    );
  }
  throw cannotBoot(
    `there is no kernel with its modules in '${folder}/boot' and '${folder}/lib/modules'; install linux-image-amd64, or unpack it and name the folder by --image`,
  );
}

/** A kernel that was just built: all it needs may be built in. */
export function builtImage({ kernel, modules }: BuiltKernel): GuestImage {
  const release = kernelRelease(kernel);
  if (release === undefined) {
    throw cannotBoot(
      !isThere(kernel)
        ? `cannot read '${kernel}': there is no such file`
        : `'${kernel}' is no bzImage for x86-64`,
    );
  }
  if (modules !== undefined && modulesFolder(modules, release) === undefined) {
    throw cannotBoot(
      `'${modules}' has no modules of Linux ${release}: there is no folder lib/modules/${release}`,
    );
  }
  return imageOf(kernel, release, modules);
}

/** Whether there is a file or folder. */
function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** The kernels under a folder, the newest first. */
function kernelsIn(folder: string) {
  const paths = [
    ...namesIn(`${folder}/boot`)
      .filter((name) => name.startsWith("vmlinuz-"))
      .map((name) => `${folder}/boot/${name}`),
    ...MODULE_FOLDERS.flatMap((inner) =>
      namesIn(`${folder}/${inner}`)
        .map((release) => `${folder}/${inner}/${release}/vmlinuz`)
    ),
  ];
  return paths
    .map((kernel) => ({ kernel, release: kernelRelease(kernel) }))
    .flatMap(({ kernel, release }) =>
      release === undefined ? [] : [{ kernel, release }]
    )
    .sort((one, other) => newestFirst(one.release, other.release));
}

/** The order of releases, the newest first. */
export function newestFirst(one: string, other: string): number {
  return other.localeCompare(one, "en", { numeric: true });
}

/** A kernel with what the folder has of its release. */
function imageOf(
  kernel: string,
  release: string,
  folder: string | undefined,
): GuestImage {
  const home = folder === undefined
    ? undefined
    : modulesFolder(folder, release);
  return {
    release,
    kernel,
    modules: home === undefined ? new Map() : modulesIn(home),
    builtin: home === undefined ? undefined : builtinIn(home),
    config: firstConfig([
      ...(folder === undefined ? [] : [`${folder}/boot/config-${release}`]),
      ...(home === undefined ? [] : [`${home}/config`]),
    ]),
  };
}

/**
 * The release that a kernel's header names; `undefined` where the file is none
 * that x86-64 boots, or is not there.
 *
 * Source: `Documentation/arch/x86/boot.rst`: `header` at 0x202, `kernel_version`
 * at 0x20e, bit 0 of `xloadflags` at 0x236.
 */
function kernelRelease(path: string): string | undefined {
  const bytes = readStart(path, 0x10000);
  if (bytes === undefined || bytes.length < 0x238) return undefined;
  const view = new DataView(bytes.buffer);
  const is64Bit = (view.getUint16(0x236, true) & 1) === 1;
  if (view.getUint32(0x202, true) !== 0x53726448 || !is64Bit) return undefined;
  const start = 0x200 + view.getUint16(0x20e, true);
  const text = new TextDecoder("latin1").decode(bytes.subarray(start));
  return /^[0-9][^ \0]*/.exec(text)?.[0];
}

/** The first bytes of a file; `undefined` where it is not there. */
function readStart(
  path: string,
  most: number,
): Uint8Array<ArrayBuffer> | undefined {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw cannotBoot(`permission is denied to read '${path}'`);
  }
  try {
    const bytes = new Uint8Array(most);
    let length = 0;
    for (;;) {
      const read = file.readSync(bytes.subarray(length));
      if (read === null || read === 0) return bytes.slice(0, length);
      length += read;
    }
  } catch (error) {
    if (error instanceof Deno.errors.IsADirectory) return undefined;
    throw error;
  } finally {
    file.close();
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory;
}

function namesIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** The folder of a release's modules under an image's folder. */
function modulesFolder(folder: string, release: string): string | undefined {
  return MODULE_FOLDERS.map((inner) => `${folder}/${inner}/${release}`)
    .find((path) => namesIn(path).length > 0);
}

function modulesIn(home: string): Map<string, string> {
  const modules = new Map<string, string>();
  const walk = (inner: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(inner)) {
      const path = `${inner}/${name}`;
      if (isDirectory) walk(path);
      else if (MODULE_FILE.test(name)) modules.set(moduleName(name), path);
    }
  };
  for (const kind of MODULE_KINDS) {
    if (namesIn(`${home}/${kind}`).length > 0) walk(`${home}/${kind}`);
  }
  return modules;
}

/** What `modules.builtin` lists. */
function builtinIn(home: string): Set<string> | undefined {
  const path = `${home}/modules.builtin`;
  if (!namesIn(home).includes("modules.builtin")) return undefined;
  const rows = Deno.readTextFileSync(path).split("\n").filter(Boolean);
  return new Set(rows.map(moduleName));
}

function firstConfig(
  paths: readonly string[],
): KernelConfig | undefined {
  const path = paths.find((one) => readStart(one, 1) !== undefined);
  return path === undefined ? undefined : readConfig(path);
}

/** Whether a kernel has what `name` is; `undefined` where nothing tells. */
export function hasBuiltin(
  { builtin, config }: GuestImage,
  name: string,
  option: string,
): boolean | undefined {
  if (builtin?.has(name)) return true;
  if (config !== undefined) return config.get(option) === "y";
  return builtin === undefined ? undefined : false;
}
