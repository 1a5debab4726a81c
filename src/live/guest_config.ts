/** What a kernel's .config says of what a guest needs. */
import {
  type KernelConfig,
  parseKernelConfig,
} from "../linux/kernel_config.ts";
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
 * Reads a .config. Throws a `TargetMissing` where the file cannot be read or is
 * none.
 */
export function readConfig(path: string): KernelConfig {
  const refuse = (reason: string) =>
    new TargetMissing(`Cannot read '${path}': ${reason}`);
  try {
    const config = parseKernelConfig(Deno.readTextFileSync(path));
    if (config.size > 0) return config;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw refuse("there is no such file");
    }
    throw refuse(error instanceof Error ? error.message : String(error));
  }
  throw refuse("it is no kernel's .config, no line is CONFIG_NAME=value");
}

/** Those of some options that are not in the kernel itself. */
export function lacking(
  config: KernelConfig,
  options: readonly string[],
): string[] {
  return options.filter((option) => config.get(option) !== "y");
}
