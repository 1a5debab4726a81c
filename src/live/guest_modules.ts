/**
 * The modules that a guest loads: of its kernel's own or of the user's, with
 * all that they depend on, and which are built in instead.
 */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { commandOutput } from "./command_output.ts";
import { GUEST_OPTIONS, lacking } from "./guest_config.ts";
import {
  cannotBoot,
  type GuestImage,
  hasBuiltin,
  moduleName,
} from "./guest_image.ts";

/** A module that is wanted in a guest. */
export interface Module {
  /** Its name: `zram`. */
  readonly name: string;
  /** The option that builds it, without `CONFIG_`. */
  readonly option: string;
  /** The parameters with which it is loaded: `num_devices=1`. */
  readonly parameters?: string;
  /** Whether a guest is booted without it too. */
  readonly isOptional?: boolean;
}

/** What is loaded, and what is told to the kernel of what is built in. */
export interface LoadedModules {
  /** Modules, each after those that it depends on. */
  readonly files: readonly LoadedModule[];
  /** Words of the kernel's command line. */
  readonly words: readonly string[];
}

/** A module's file as the kernel takes it. */
export interface LoadedModule {
  /** Its name. */
  readonly name: string;
  /** The file's bytes. */
  readonly data: Uint8Array;
  /** The parameters with which it is loaded. */
  readonly parameters: string;
}

/** A module's file and what its `.modinfo` says. */
interface ReadModule {
  readonly name: string;
  readonly data: Uint8Array;
  /** Modules that must be loaded before. */
  readonly depends: readonly string[];
  /** Modules that are loaded before where there are such. */
  readonly softly: readonly string[];
  /** The release of the kernel that it is for. */
  readonly release: string | undefined;
  /** Whether each symbol's version is told, and the release may differ. */
  readonly hasVersions: boolean;
}

/** Reads a module's file, which may be compressed. */
async function readModule(path: string): Promise<ReadModule> {
  const data = await decompressed(path);
  const text = new TextDecoder("latin1").decode(data);
  if (!text.startsWith("\x7fELF")) throw cannotBoot(`'${path}' is no module`);
  const values = (field: string) =>
    Array.from(
      text.matchAll(new RegExp(`\\0${field}=([^\\0]*)`, "g")),
      ([, value]) => value,
    );
  const [name = moduleName(path)] = values("name");
  return {
    name: moduleName(name),
    data,
    depends: values("depends").flatMap((names) => names.split(","))
      .filter(Boolean).map(moduleName),
    softly: values("softdep")
      .flatMap((text) => /pre:(.*?)(?:post:|$)/.exec(text)?.[1] ?? [])
      .flatMap((names) => names.split(/\s+/))
      .filter(Boolean).map(moduleName),
    release: values("vermagic").at(0)?.split(" ")[0],
    hasVersions: text.includes("\0__version"),
  };
}

async function decompressed(path: string): Promise<Uint8Array> {
  if (path.endsWith(".xz")) return await xzDecompressed(path);
  const bytes = await Deno.readFile(path).catch((error: Error) => {
    const isAbsent = error instanceof Deno.errors.NotFound;
    const reason = isAbsent ? "there is no such file" : error.message;
    throw cannotBoot(`cannot read '${path}': ${reason}`);
  });
  if (path.endsWith(".zst")) return zstdDecompressSync(bytes);
  return path.endsWith(".gz") ? gunzipSync(bytes) : bytes;
}

async function xzDecompressed(path: string): Promise<Uint8Array> {
  const output = await commandOutput("xz", ["-dc", "--", path]);
  if (output === undefined) {
    throw cannotBoot(
      "its modules are compressed by xz and there is no xz; install xz-utils",
    );
  }
  if (output.success) return output.stdout;
  const [reason] = new TextDecoder().decode(output.stderr).split("\n");
  throw cannotBoot(reason);
}

/**
 * The modules that were built by the user: they take the place of the kernel's
 * own. Throws a `TargetMissing` where one is for another kernel.
 */
async function readOwn(
  { release }: GuestImage,
  paths: readonly string[],
): Promise<Map<string, ReadModule>> {
  const own = new Map<string, ReadModule>();
  for (const path of paths) {
    const module = await readModule(path);
    if (module.release === undefined) {
      throw cannotBoot(`'${path}' is no module of a kernel`);
    }
    if (module.release !== release && !module.hasVersions) {
      throw cannotBoot(
        `the module '${path}' is for Linux ${module.release}, not ${release}`,
      );
    }
    own.set(module.name, module);
  }
  return own;
}

/**
 * The modules that are wanted and those of the user, as a guest loads them.
 * Throws a `TargetMissing` where the kernel is known to have one neither built
 * in nor as a module, or an option of `needed` not.
 */
export async function loadedModules(
  image: GuestImage,
  wanted: readonly Module[],
  ownPaths: readonly string[],
  needed: readonly string[],
): Promise<LoadedModules> {
  const own = await readOwn(image, ownPaths);
  refuseLacking(image, wanted, own, needed);
  const files = new Map<string, LoadedModule>();
  const add = async (name: string, parameters: string): Promise<boolean> => {
    if (files.has(name)) return true;
    const path = image.modules.get(name);
    const module = own.get(name) ??
      (path === undefined ? undefined : await readModule(path));
    if (module === undefined) return false;
    for (const other of module.softly) await add(other, "");
    for (const other of module.depends) {
      if (await add(other, "") || image.builtin?.has(other)) continue;
      throw cannotBoot(
        `the module '${name}' needs '${other}', which Linux ${image.release} has not as a module`,
      );
    }
    files.set(name, { name, data: module.data, parameters });
    return true;
  };
  const words: string[] = [];
  for (const { name, parameters = "" } of wanted) {
    if (await add(name, parameters)) continue;
    const each = parameters.split(" ").filter(Boolean);
    words.push(...each.map((one) => `${name}.${one}`));
  }
  for (const name of own.keys()) await add(name, "");
  return { files: [...files.values()], words };
}

/** Refuses a kernel that is known to be without something. */
function refuseLacking(
  image: GuestImage,
  wanted: readonly Module[],
  own: ReadonlyMap<string, ReadModule>,
  needed: readonly string[],
): void {
  const { release, modules, config } = image;
  const absent = wanted.filter(({ name, option, isOptional }) =>
    isOptional !== true && !own.has(name) && !modules.has(name) &&
    hasBuiltin(image, name, option) === false
  );
  const asModule = absent.filter(({ option }) => config?.get(option) === "m");
  if (asModule.length > 0) {
    const names = asModule.map(({ name }) => `'${name}'`).join(", ");
    throw cannotBoot(
      `Linux ${release} has ${names} as a module, and no such file is there; --modules or --module names it`,
    );
  }
  const options = [
    ...absent.map(({ option }) => option),
    ...lacking(
      config ?? new Map(),
      config ? [...GUEST_OPTIONS, ...needed] : [],
    ),
  ];
  if (options.length > 0) {
    const names = options.map((option) => `CONFIG_${option}`).join(", ");
    throw cannotBoot(`Linux ${release} is built without ${names}`);
  }
  const isLoading = own.size + modules.size > 0;
  if (isLoading && config !== undefined && lacking(config, ["MODULES"])[0]) {
    throw cannotBoot(
      `Linux ${release} loads no modules: CONFIG_MODULES is off`,
    );
  }
}
