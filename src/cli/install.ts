/**
 * `deno task install`: writes a script `zspec`, which runs this checkout, to
 * where `deno install` puts such (which itself cannot, as it takes the links of
 * `deno.json` for links beside its copy of that file).
 */
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CALLED, denoCommand } from "./invocation.ts";
import { print } from "./print.ts";
import { onPath, UsageError } from "./usage_error.ts";

/** An argument as a shell reads it. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** The script. */
function scriptOf(): string {
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  const deno = denoCommand();
  const command = deno.startsWith("/") ? quoted(deno) : deno;
  return `#!/bin/sh
${CALLED}=zspec exec ${command} run -A ${quoted(main)} "$@"
`;
}

/** The folder of such scripts, as `deno install` has it. */
function scriptFolder(): string {
  const root = Deno.env.get("DENO_INSTALL_ROOT") || join(homedir(), ".deno");
  return join(root, "bin");
}

/** Writes the script, and says where it is and what a shell needs to find it. */
function install(): void {
  const folder = scriptFolder();
  const path = join(folder, "zspec");
  onPath(path, () => {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(path, scriptOf(), { mode: 0o755 });
    Deno.chmodSync(path, 0o755);
  }, "write");
  print(`zspec is ${path}`);
  const folders = (Deno.env.get("PATH") ?? "").split(delimiter);
  if (folders.includes(folder)) return;
  print(`A shell finds it after: export PATH="${folder}:$PATH"`);
}

if (import.meta.main) {
  try {
    install();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`zspec: ${error.message}`);
    Deno.exit(2);
  }
}
