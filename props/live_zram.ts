/** The running kernel's zram device, where one is idle, for tests and scripts. */
import { UsageError } from "../src/cli/usage.ts";
import { heedingSignals } from "../src/cli/interrupt.ts";
import { type LiveDevice, takeDevice } from "../src/live/device.ts";
import { isRefusal, TargetMissing } from "../mod.ts";

/** Bytes of a page on the device. */
export const PAGE_SIZE = 4096;

/** The zram devices that the kernel has. */
function devices(): string[] {
  try {
    return Array.from(Deno.readDirSync("/sys/block"), ({ name }) => name)
      .filter((name) => /^zram[0-9]+$/.test(name)).sort()
      .map((name) => `/dev/${name}`);
  } catch {
    return [];
  }
}

/** The path of a device that can be taken, or why there is none. */
export async function idleDevice(): Promise<
  { readonly path: string } | { readonly none: string }
> {
  const reasons: string[] = [];
  for (const path of devices()) {
    try {
      await using _device = await takeDevice(path);
      return { path };
    } catch (error) {
      if (!(error instanceof TargetMissing)) throw error;
      reasons.push(error.message);
    }
  }
  return { none: reasons.join("; ") || "the kernel has no zram device" };
}

/** Sets up the device with an algorithm and a disk of `pages`. */
export async function start(
  { target }: LiveDevice,
  algorithm: string,
  pages: number,
): Promise<void> {
  await target.create();
  const settings = [
    ["comp_algorithm", algorithm],
    ["disksize", String(pages * PAGE_SIZE)],
  ];
  for (const [attr, value] of settings) {
    const refusal = await target.set(attr, value);
    if (refusal === undefined) continue;
    throw new Error(
      `Cannot set '${attr}' to ${value}: the kernel answers ${refusal.error}`,
    );
  }
}

/** Writes a page and returns by how many bytes it counts in `compr_data_size`. */
export async function write(
  { target }: LiveDevice,
  page: number,
  data: Uint8Array,
): Promise<number> {
  const answer = await target.write(page, data);
  if (isRefusal(answer)) {
    throw new Error(
      `Cannot write page ${page}: the kernel answers ${answer.error}`,
    );
  }
  // Nothing is recompressed, so that it can be told.
  return answer.stored ?? NaN;
}

/** What is compared on a live device; it answers how many things differ. */
type Comparison = (device: LiveDevice) => Promise<number>;

/**
 * Runs a script's comparison on an idle device and sets the exit status: 0
 * where nothing differs or no device is idle, which is then said; 1 where
 * something differs; 2 for wrong arguments; 130 where a signal came.
 */
export async function runLive(
  name: string,
  compare: (args: readonly string[]) => Comparison,
): Promise<void> {
  try {
    const comparison = compare(Deno.args);
    const idle = await idleDevice();
    if ("none" in idle) {
      console.log(`Nothing compared: ${idle.none}.`);
      return;
    }
    Deno.exitCode = await heedingSignals(async (stop) => {
      await using device = await takeDevice(idle.path, { stop });
      return await comparison(device) === 0 ? 0 : 1;
    });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${name}: ${error.message}`);
    Deno.exitCode = 2;
  }
}
