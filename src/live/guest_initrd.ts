/**
 * A guest's first file system: the modules that it loads, and `guest_init.c`,
 * compiled, as its only program.
 */
import { commandOutput } from "./command_output.ts";
import { cpioArchive, type CpioEntry } from "./cpio.ts";
import { cannotBoot } from "./guest_image.ts";
import type { LoadedModule } from "./guest_modules.ts";

const DIRECTORY = 0o40755;
const EXECUTABLE = 0o100755;

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
  if (output === undefined) {
    throw cannotBoot("there is no gcc; install gcc and libc6-dev");
  }
  if (!output.success) {
    const [reason] = new TextDecoder().decode(output.stderr).split("\n");
    throw cannotBoot(
      `there is no static libc that gcc can use (${reason}); install libc6-dev`,
    );
  }
  return await Deno.readFile(program);
}

/**
 * Writes the first file system of a guest with those modules to
 * `folder`/initrd. Throws a `TargetMissing` where it cannot be built.
 */
export async function buildInitrd(
  modules: readonly LoadedModule[],
  folder: string,
): Promise<void> {
  const order = modules
    .map(({ name, parameters }) => `/modules/${name}.ko ${parameters}\n`)
    .join("");
  const entries: CpioEntry[] = [
    ...["dev", "proc", "sys", "modules"]
      .map((path) => ({ path, mode: DIRECTORY })),
    { path: "init", mode: EXECUTABLE, data: await compileInit(folder) },
    {
      path: "modules/order",
      mode: EXECUTABLE,
      data: new TextEncoder().encode(order),
    },
    ...modules.map(({ name, data }) => ({
      path: `modules/${name}.ko`,
      mode: EXECUTABLE,
      data,
    })),
  ];
  await Deno.writeFile(`${folder}/initrd`, cpioArchive(entries));
}
