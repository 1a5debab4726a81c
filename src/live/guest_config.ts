/** What a kernel's .config says of what a guest needs. */
import { TargetMissing } from "../targets/target.ts";

/** Options that every guest needs, without which it does not answer. */
export const GUEST_OPTIONS: readonly string[] = [
  "BINFMT_ELF",
  "BLK_DEV_INITRD",
  "DEVTMPFS",
  "PCI",
  "PROC_FS",
  "SYSFS",
];

/**
 * Reads a .config: the options that are set, by their names without `CONFIG_`.
 * Throws a `TargetMissing` where the file cannot be read or has none.
 */
export function readConfig(path: string): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new TargetMissing(`Cannot read '${path}': ${reason}`);
  }
  const options = new Map<string, string>();
  for (const [, name, value] of text.matchAll(/^CONFIG_(\w+)=(.*)$/gm)) {
    options.set(name, value);
  }
  if (options.size > 0) return options;
  throw new TargetMissing(
    `Cannot read '${path}': it is no kernel's .config, no line is CONFIG_…=…`,
  );
}

/** Whether an option is in the kernel itself, and no module of it. */
export function isBuilt(
  config: ReadonlyMap<string, string>,
  option: string,
): boolean {
  return config.get(option) === "y";
}

/** Those of some options that a kernel is built without. */
export function lacking(
  config: ReadonlyMap<string, string>,
  options: readonly string[],
): string[] {
  return options.filter((option) => !isBuilt(config, option));
}
