/** `zspec record`: what a live zram device does, as a transcript. */
import { gzipSync } from "node:zlib";
import { takeDevice } from "../live/device.ts";
import type { LiveZram } from "../live/live_zram.ts";
import { recordZram } from "../live/record.ts";
import type { RecordPlan } from "../live/record_steps.ts";
import { grouped } from "../report/table.ts";
import { heedingSignals } from "./interrupt.ts";
import { progress } from "./progress.ts";
import {
  type Options,
  parseOptions,
  PROFILE_NAMES,
  profileOption,
  UsageError,
  wholeOption,
  writeBytes,
} from "./usage.ts";

/** Operations that are recorded where their number is not given. */
const STEPS = 2000;

/** How `zspec record` is called. */
export const RECORD_USAGE =
  `zspec record --device /dev/zramN --out FILE [--seed N] [--steps N] [--profile NAME]

Does random operations on an idle zram device of the running kernel, and writes
what it observes as a transcript, which 'zspec replay' follows. Root alone can.
The device is reset before and after, and gets its settings back, also after an
interrupt.

  --device PATH   the device: one without a disk, that nobody has open
  --out FILE      the transcript; gzipped where FILE ends in .gz
  --seed N        what the operations are made from (default 1)
  --steps N       how many there are (default ${STEPS})
  --profile NAME  what the transcript says of the kernel, instead of what is
                  found out: ${PROFILE_NAMES}

Exit status: 0 recorded, 2 it cannot be recorded, 130 interrupted.
`;

/** Runs the command and returns its exit status. */
export function recordCommand(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: ["device", "out", "seed", "steps", "profile"],
    boolean: [],
  });
  const { out, ...plan } = recordOptions(options);
  const device = options.text("device");
  if (device === undefined) {
    throw new UsageError("Cannot record: no --device is given");
  }
  const asked = options.text("profile") && profileOption(options);
  return heedingSignals(async (stop) => {
    await using live = await takeDevice(device, {
      stop,
      ...asked ? { profile: asked } : {},
    });
    const { target, release, profile } = live;
    await record(target, release, { ...plan, profile }, out);
    return 0;
  });
}

/** What every recording is told: where to, from which seed, and how much. */
export function recordOptions(
  options: Options,
): { out: string; seed: number; steps: number } {
  const out = options.text("out");
  const { paths: [path] } = options;
  if (path !== undefined) {
    throw new UsageError(`Cannot record: '${path}' is not an option`);
  }
  if (out === undefined) {
    throw new UsageError("Cannot record: no --out is given");
  }
  return {
    out,
    seed: wholeOption(options, "seed", 0, 2 ** 32 - 1) ?? 1,
    steps: wholeOption(options, "steps", 1, 1e6) ?? STEPS,
  };
}

/** Records, writes the file once all is recorded, and says so. */
export async function record(
  target: LiveZram,
  kernel: string,
  plan: RecordPlan,
  out: string,
): Promise<void> {
  const bar = progress("recording", plan.steps);
  const lines: string[] = [];
  try {
    for await (const line of recordZram(target, kernel, plan)) {
      bar.step(lines.push(line) - 1);
    }
  } finally {
    bar.end();
  }
  writeTranscript(out, lines.join(""));
  console.log(
    `${out}: ${
      grouped(plan.steps)
    } operations of ${plan.profile.name} with chains of ${plan.profile.chainSize}, the running ${kernel}`,
  );
}

/** Writes a transcript's text, gzipped where the file's name says so. */
export function writeTranscript(path: string, text: string): void {
  const plain = new TextEncoder().encode(text);
  writeBytes(path, path.endsWith(".gz") ? gzipSync(plain) : plain);
}
