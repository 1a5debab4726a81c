/** How zspec was called: where from, and how to call it again there. */
import { basename, delimiter, join, relative } from "node:path";

/**
 * The environment variable by which whoever calls says how: `task` for the
 * task of `deno.json`, `zspec` for the script that `deno task install` writes.
 */
export const CALLED = "ZSPEC_CALLED";

const MAIN = new URL("./main.ts", import.meta.url);

/**
 * Goes back to where the caller stands: a task of Deno's runs in the folder of
 * its `deno.json`, and says in INIT_CWD where it was asked for.
 */
export function standWhereCalled(): void {
  const from = Deno.env.get("INIT_CWD");
  if (Deno.env.get(CALLED) !== "task" || from === undefined) return;
  Deno.chdir(from);
}

/** A command `zspec …` as it can be pasted where the caller stands. */
export function pasteable(command: string): string {
  return command.replace(/^zspec\b/, caller());
}

function caller(): string {
  const called = Deno.env.get(CALLED);
  if (called === "zspec") return "zspec";
  if (called === "task") return `${denoCommand()} task zspec`;
  return `${denoCommand()} run -A ${mainPath()}`;
}

/** The Deno that runs this, as a shell finds it. */
export function denoCommand(): string {
  const path = Deno.execPath();
  if (path.includes("/_npx/")) return `npx -y deno@${Deno.version.deno}`;
  return isFound(path) ? basename(path) : path;
}

/** Whether a shell that is given a file's name alone finds that file. */
function isFound(path: string): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(delimiter);
  const first = folders.map((folder) => join(folder, basename(path)))
    .find((one) => realPath(one) !== undefined);
  return first !== undefined && realPath(first) === realPath(path);
}

function realPath(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined;
  }
}

/** The module that is run, from where the caller stands if that is shorter. */
function mainPath(): string {
  if (MAIN.protocol !== "file:") return MAIN.href;
  const path = relative(Deno.cwd(), MAIN.pathname);
  return path.length < MAIN.pathname.length ? path : MAIN.pathname;
}
