/**
 * What a guest boots: a kernel of Debian's package, and a first file system
 * with the modules that are needed and `guest_init.c`, compiled, as its only
 * program.
 */
import { cpioArchive, type CpioEntry } from "./cpio.ts";
import { TargetMissing } from "../targets/target.ts";

/** A module and the parameters with which it is loaded. */
export type Module = readonly [name: string, parameters?: string];

/** A kernel that can be booted. */
export interface GuestImage {
  /** Its release: `6.1.0-56-amd64`. */
  readonly release: string;
  /** The path of the compressed kernel. */
  readonly kernel: string;
  /** The paths of its modules, by their names. */
  readonly modules: ReadonlyMap<string, string>;
}

const DIRECTORY = 0o40755;
const EXECUTABLE = 0o100755;

function missing(what: string, install: string): TargetMissing {
  return new TargetMissing(
    `Cannot boot a guest: there is no ${what}; install ${install}`,
  );
}

/** Runs a command; `undefined` where there is none of that name. */
export async function commandOutput(
  name: string,
  args: readonly string[],
): Promise<Deno.CommandOutput | undefined> {
  try {
    return await new Deno.Command(name, { args: [...args], stdin: "null" })
      .output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * The newest kernel under `root`: an installed one for `/`, or else the folder
 * into which a package was unpacked. Throws a `TargetMissing` where there is
 * none with modules.
 */
export function findImage(root: string): GuestImage {
  const folder = root.replace(/\/+$/, "");
  const kernels = namesIn(`${folder}/boot`)
    .filter((name) => /^vmlinuz-[0-9].*-amd64$/.test(name))
    .sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
  for (const name of kernels.reverse()) {
    const release = name.slice("vmlinuz-".length);
    const modules = modulesIn(`${folder}/lib/modules/${release}/kernel`);
    if (modules.size === 0) continue;
    return { release, kernel: `${folder}/boot/${name}`, modules };
  }
  throw missing(
    `kernel with its modules in '${folder}/boot' and '${folder}/lib/modules'`,
    "linux-image-amd64, or unpack it and name the folder by --image",
  );
}

function namesIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function modulesIn(folder: string): Map<string, string> {
  const modules = new Map<string, string>();
  const walk = (inner: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(inner)) {
      if (isDirectory) walk(`${inner}/${name}`);
      else if (name.endsWith(".ko")) {
        modules.set(name.slice(0, -".ko".length), `${inner}/${name}`);
      }
    }
  };
  if (namesIn(folder).length > 0) walk(folder);
  return modules;
}

/** The modules that a module's `.modinfo` says it depends on. */
function dependenciesOf(module: Uint8Array): string[] {
  const text = new TextDecoder("latin1").decode(module);
  const names = /\0depends=([^\0]*)\0/.exec(text)?.[1] ?? "";
  return names.split(",").filter(Boolean);
}

/** Modules with all they depend on, each after those, as files. */
function closure(
  { modules: paths, release }: GuestImage,
  wanted: readonly Module[],
): Map<string, { data: Uint8Array; parameters: string }> {
  const files = new Map<string, { data: Uint8Array; parameters: string }>();
  const add = ([name, parameters = ""]: Module) => {
    if (files.has(name)) return;
    const path = paths.get(name);
    if (path === undefined) {
      throw new TargetMissing(
        `Cannot boot a guest: Linux ${release} has no module '${name}'`,
      );
    }
    const data = Deno.readFileSync(path);
    for (const other of dependenciesOf(data)) add([other]);
    files.set(name, { data, parameters });
  };
  wanted.forEach(add);
  return files;
}

/** Compiles `guest_init.c` to a program that needs no library. */
async function compileInit(folder: string): Promise<Uint8Array> {
  const source = `${folder}/init.c`;
  const program = `${folder}/init`;
  const url = new URL("./guest_init.c", import.meta.url);
  await Deno.writeTextFile(source, await (await fetch(url)).text());
  const output = await commandOutput("gcc", [
    "-O2",
    "-static",
    "-o",
    program,
    source,
  ]);
  if (output === undefined) throw missing("gcc", "gcc and libc6-dev");
  if (!output.success) {
    const [reason] = new TextDecoder().decode(output.stderr).split("\n");
    throw missing(`static libc that gcc can use (${reason})`, "libc6-dev");
  }
  return await Deno.readFile(program);
}

/**
 * Writes the first file system of a guest with those modules to
 * `folder`/initrd and returns the path. Throws a `TargetMissing` where it
 * cannot be built.
 */
export async function buildInitrd(
  image: GuestImage,
  modules: readonly Module[],
  folder: string,
): Promise<string> {
  const files = closure(image, modules);
  const order = Array.from(
    files,
    ([name, { parameters }]) => `/modules/${name}.ko ${parameters}\n`,
  ).join("");
  const entries: CpioEntry[] = [
    ...["dev", "proc", "sys", "modules"]
      .map((path) => ({ path, mode: DIRECTORY })),
    { path: "init", mode: EXECUTABLE, data: await compileInit(folder) },
    {
      path: "modules/order",
      mode: EXECUTABLE,
      data: new TextEncoder().encode(order),
    },
    ...Array.from(files, ([name, { data }]) => ({
      path: `modules/${name}.ko`,
      mode: EXECUTABLE,
      data,
    })),
  ];
  const path = `${folder}/initrd`;
  await Deno.writeFile(path, cpioArchive(entries));
  return path;
}
