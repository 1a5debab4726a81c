/** Tests that run the zspec command, and what they need to be allowed to. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { randomFrom } from "../mod.ts";

const PERMISSIONS = [
  ...["run", "read", "write", "net", "env"] as const,
  ...["sys", "ffi"] as const,
];

/** Why tests of commands are left out, where not all is allowed. */
export const NOT_ALLOWED: string | undefined =
  PERMISSIONS.every((name) =>
      Deno.permissions.querySync({ name }).state === "granted"
    )
    ? undefined
    : "it needs --allow-all, which 'deno task test' gives";

/** The checkout's folder. */
export const ROOT: string = new URL("..", import.meta.url).pathname;

/** A test that is left out, and says why, where there is a reason. */
export function commandTestUnless(
  reason: string | undefined,
  name: string,
  fn: (folder: string) => Promise<void>,
): void {
  const why = NOT_ALLOWED ?? reason;
  Deno.test({
    name: why === undefined ? name : `${name} (left out: ${why})`,
    ignore: why !== undefined,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "zspec-" });
      try {
        await fn(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** A test of a command in a folder of its own, left out where not all is allowed. */
export function commandTest(
  name: string,
  fn: (folder: string) => Promise<void>,
): void {
  commandTestUnless(undefined, name, fn);
}

/** Whether there is such a file. */
export function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}

/** Waits until something holds; throws after a time that nothing needs. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  for (let tries = 0; tries < 2400; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain until ${what}`);
}

/** What a command printed, and its exit status. */
export interface Outcome {
  /** Exit status. */
  readonly code: number;
  /** Standard output. */
  readonly stdout: string;
  /** Standard error. */
  readonly stderr: string;
}

/** Runs Deno in `folder`. */
export async function deno(
  folder: string,
  ...args: string[]
): Promise<Outcome> {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Runs the zspec command in `folder`. */
export function zspec(folder: string, ...args: string[]): Promise<Outcome> {
  return deno(
    folder,
    "run",
    "-A",
    "--quiet",
    `${ROOT}src/cli/main.ts`,
    ...args,
  );
}

/** A refusal is one line on standard error, and exit status 2. */
export function assertRefused(
  { code, stdout, stderr }: Outcome,
  message: string,
): void {
  assertEquals(code, 2, stderr);
  assertEquals(stdout, "");
  assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  assertStringIncludes(stderr, message);
}

/** Bytes that do not compress, the same ones each time. */
export function noise(length: number, symbols = 256): Uint8Array {
  const random = randomFrom(1);
  return Uint8Array.from({ length }, () => random(symbols));
}

/** Writes three files that `zspec run` finds in the folder `files`: 45 pages. */
export async function writeFiles(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/files/inner`, { recursive: true });
  const text = "a line of a file that compresses well\n".repeat(3000);
  await Deno.writeTextFile(`${folder}/files/text`, text);
  await Deno.writeFile(
    `${folder}/files/inner/noise`,
    noise(60000),
  );
  await Deno.writeFile(`${folder}/files/inner/zeros`, new Uint8Array(8192));
  await Deno.writeFile(`${folder}/files/empty`, new Uint8Array(0));
}
