/** `zspec guest`: a kernel booted in QEMU, judged or recorded. */
import type { Profile } from "../linux/profile.ts";
import { bootSwap, type GuestSwap } from "../live/guest_swap.ts";
import { bootZram, type GuestZram } from "../live/guest_zram.ts";
import { recordZram } from "../live/record.ts";
import { recordSwap } from "../live/record_swap.ts";
import { swapSuite } from "../search/suites/swap.ts";
import { backedZramSuite, ZRAM_SUITE } from "../search/suites/zram.ts";
import {
  type Asked,
  askedOf,
  CONFORM_OPTIONS,
  CONFORM_OPTIONS_USAGE,
  judgeTarget,
} from "./conform_judge.ts";
import { quoted } from "./conform_report.ts";
import { heedingSignals } from "./interrupt.ts";
import {
  RECORD_STEPS,
  recordOptions,
  sayRecorded,
  writeRecording,
} from "./record.ts";
import {
  namedProfile,
  type Options,
  parseOptions,
  PROFILE_OPTIONS,
  profileHelp,
  UsageError,
} from "./usage.ts";

const TARGETS = ["zram", "zswap"];
/** The folder of the image where none is named. */
export const IMAGE = "/";
/** Pages of the backing device that is judged with: soon all in use. */
const BACKING_PAGES = 8;

/** How `zspec guest` is called. */
export const GUEST_USAGE = `zspec guest conform zram|zswap [OPTION…]
zspec guest record zram|zswap --out FILE [--seed N] [--steps N] [OPTION…]

Boots a kernel of Debian in QEMU, with no device of this machine, and runs
random programs in it: conform judges every answer by the model, record writes
them as a transcript, which 'zspec replay' follows. zram has a backing device to
write back to. zswap is judged by what becomes of a process's pages that are
paged out, and by its counters in debugfs; a recording has the allocator that
comes with its seed.

It takes qemu-system-x86, gcc and libc6-dev, and a linux-image-amd64, which is
installed, or unpacked into a folder by 'dpkg-deb -x'.

  --image FOLDER     where boot/vmlinuz-* and lib/modules are; by default ${IMAGE}
${
  profileHelp(
    21,
    "the kernel to compare with, instead of the one of the image's release",
  )
}  --level L          contract or exact; by default exact, and zswap always
${CONFORM_OPTIONS_USAGE}

  --out FILE         the transcript; gzipped where FILE ends in .gz
  --seed N           what the operations are made from (default 1)
  --steps N          how many there are (default ${RECORD_STEPS})

Exit status: 0 it conforms or is recorded, 1 it does not conform, 2 it cannot be
run, 130 interrupted.
`;

/** Runs the command and returns its exit status. */
export async function guestCommand(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  if (verb === "conform") return await guestConform(rest);
  if (verb === "record") return await guestRecord(rest);
  throw new UsageError(
    verb === undefined
      ? "Cannot use a guest: conform or record is needed"
      : `Cannot use a guest: '${verb}' is not conform or record`,
  );
}

function targetOf(names: readonly string[]): string {
  const [name] = names;
  if (names.length === 1 && TARGETS.includes(name)) return name;
  throw new UsageError(
    `Cannot use a guest: one target is needed, ${TARGETS.join(" or ")}, not '${
      names.join(" ")
    }'`,
  );
}

/** What a guest is booted with. */
interface BootOptions {
  readonly image: string;
  readonly stop: AbortSignal;
  readonly profile?: Profile;
}

function bootOptionsOf(options: Options, stop: AbortSignal): BootOptions {
  return {
    image: options.text("image") ?? IMAGE,
    stop,
    ...namedProfile(options),
  };
}

async function guestConform(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: [...CONFORM_OPTIONS.string, "image"],
    boolean: CONFORM_OPTIONS.boolean,
  });
  const name = targetOf(options.paths);
  const asked = askedOf(options, "exact");
  if (name === "zswap" && asked.level !== "exact") {
    throw new UsageError(
      `The option '--level' is '${asked.level}', not exact: a guest's zswap is compared with the model`,
    );
  }
  return await heedingSignals((stop) => {
    const boot = bootOptionsOf(options, stop);
    const tested = testedOf(options, stop);
    return name === "zram"
      ? conformZram(asked, boot, tested)
      : conformZswap(asked, boot, tested);
  });
}

/** What is told of a guest that is judged. */
function testedOf(options: Options, stop: AbortSignal) {
  const image = options.text("image");
  return {
    command: "zspec guest conform",
    words: image === undefined ? "" : `--image ${quoted(image)}`,
    isProfileFound: namedProfile(options).profile === undefined,
    stop,
  };
}

async function conformZram(
  asked: Asked,
  boot: BootOptions,
  tested: ReturnType<typeof testedOf>,
): Promise<number> {
  await using guest = await bootZram({ ...boot, backingPages: BACKING_PAGES });
  const { target, profile, backingPages } = guest;
  const suite = backingPages === undefined
    ? ZRAM_SUITE
    : backedZramSuite(backingPages);
  if (!asked.isJson) sayBooted(guest);
  return await judgeTarget(suite, { ...asked, profile }, { ...tested, target });
}

async function conformZswap(
  asked: Asked,
  boot: BootOptions,
  tested: ReturnType<typeof testedOf>,
): Promise<number> {
  await using guest = await bootSwap(boot);
  const { target, profile, setup } = guest;
  const suite = swapSuite(setup);
  if (!asked.isJson) sayBooted(guest);
  return await judgeTarget(suite, { ...asked, profile }, { ...tested, target });
}

function sayBooted({ release, profile }: GuestZram | GuestSwap): void {
  console.log(
    `Linux ${release} in QEMU: ${profile.name} with chains of ${profile.chainSize}`,
  );
}

async function guestRecord(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: ["image", ...PROFILE_OPTIONS, "out", "seed", "steps"],
    boolean: [],
  });
  const name = targetOf(options.paths);
  const { out, seed, steps } = recordOptions(options);
  return await heedingSignals(async (stop) => {
    const boot = bootOptionsOf(options, stop);
    await using guest = name === "zram"
      ? await bootZram(boot)
      : await bootSwap(boot);
    const { release, profile } = guest;
    const plan = { ...guest, seed, steps };
    const recording = "setup" in plan
      ? recordSwap(plan.target, release, plan)
      : recordZram(plan.target, release, plan);
    await writeRecording(recording, out, steps);
    sayRecorded(out, steps, profile, `Linux ${release} in QEMU`);
    return 0;
  });
}
