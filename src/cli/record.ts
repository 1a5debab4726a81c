/** `zspec record`: what a live zram device does, as a transcript. */
import { gzipSync } from "node:zlib";
import type { Profile } from "../linux/profile.ts";
import { takeDevice } from "../live/device.ts";
import { recordZram } from "../live/record.ts";
import { grouped } from "../report/table.ts";
import { heedingSignals } from "./interrupt.ts";
import { print } from "./print.ts";
import { progress } from "./progress.ts";
import {
  checkWritable,
  namedProfile,
  type Options,
  parseOptions,
  PROFILE_OPTIONS,
  profileHelp,
  seedOption,
  UsageError,
  wholeOption,
  writeBytes,
} from "./usage.ts";

/** Operations that are recorded where their number is not given. */
export const RECORD_STEPS = 2000;

/** How `zspec record` is called. */
export const USAGE =
  `zspec record --device /dev/zramN --out FILE [--seed N] [--steps N]
             [--profile P] [--config FILE]

Does random operations on an idle zram device of the running kernel, and writes
what it observes as a transcript, which 'zspec replay' follows. Root alone can.
The device is reset before and after, and gets its settings back, also after an
interrupt.

  --device PATH   the device: one without a disk, that nobody has open
  --out FILE      the transcript; gzipped where FILE ends in .gz
  --seed N        what the operations are made from (default 1)
  --steps N       how many there are (default ${RECORD_STEPS})
${
    profileHelp(
      18,
      "what the transcript says of the kernel, instead of what is found out",
    )
  }
Exit status: 0 recorded, 2 it cannot be recorded, 130 interrupted.
`;

/** Runs the command and returns its exit status. */
export function command(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: ["device", "out", "seed", "steps", ...PROFILE_OPTIONS],
    boolean: [],
  });
  refuseWords(options.paths);
  const { out, ...plan } = recordOptions(options);
  const device = options.text("device");
  if (device === undefined) {
    throw new UsageError("Cannot record: no --device is given");
  }
  const named = namedProfile(options);
  return heedingSignals(async (stop) => {
    await using live = await takeDevice(device, { stop, ...named });
    const { target, release, profile } = live;
    const lines = recordZram(target, release, { ...plan, profile });
    await writeRecording(lines, out, plan.steps);
    sayRecorded(out, plan.steps, profile, `the running ${release}`);
    return 0;
  });
}

function refuseWords([word]: readonly string[]): void {
  if (word === undefined) return;
  throw new UsageError(`Cannot record: '${word}' is not an option`);
}

/** What every recording is told: where to, from which seed, and how much. */
export function recordOptions(
  options: Options,
): { out: string; seed: number; steps: number } {
  const out = options.text("out");
  if (out === undefined) {
    throw new UsageError("Cannot record: no --out is given");
  }
  checkWritable(out);
  return {
    out,
    seed: seedOption(options) ?? 1,
    steps: wholeOption(options, "steps", 1, 1e6) ?? RECORD_STEPS,
  };
}

/**
 * Writes the lines of a recording of `steps` operations to the file `out` once
 * all are there: gzipped where its name says so.
 */
export async function writeRecording(
  recording: AsyncIterable<string>,
  out: string,
  steps: number,
): Promise<void> {
  const bar = progress("recording", steps, "steps");
  const lines: string[] = [];
  try {
    for await (const line of recording) bar.step(lines.push(line) - 1);
  } finally {
    bar.end();
  }
  const plain = new TextEncoder().encode(lines.join(""));
  writeBytes(out, out.endsWith(".gz") ? gzipSync(plain) : plain);
}

/** Says what was recorded of which kernel. */
export function sayRecorded(
  out: string,
  steps: number,
  { name, chainSize }: Profile,
  kernel: string,
): void {
  print(
    `${out}: ${
      grouped(steps)
    } operations of ${name} with chains of ${chainSize}, ${kernel}`,
  );
}
