/** `zspec guest`: a kernel booted in QEMU, judged or recorded. */
import type { Profile } from "../linux/profile.ts";
import { GuestGone } from "../live/guest.ts";
import type { GuestBoot } from "../live/guest_boot.ts";
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
  withTarget,
} from "./conform_judge.ts";
import {
  BOOT_OPTIONS,
  BOOT_OPTIONS_USAGE,
  bootOf,
  bootWords,
} from "./guest_boot.ts";
import { GET_USAGE, guestGet } from "./guest_get.ts";
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
/** Pages of the backing device that is judged with: soon all in use. */
const BACKING_PAGES = 8;

/** How `zspec guest` is called. */
export const USAGE = `zspec guest conform zram|zswap [OPTION…]
zspec guest record zram|zswap --out FILE [--seed N] [--steps N] [OPTION…]
zspec guest get RELEASE FOLDER

Boots a kernel in QEMU, with no device of this machine, and runs random programs
in it: conform judges every answer by the model, record writes them as a
transcript, which 'zspec replay' follows. zram has a backing device to write
back to. zswap is judged by what becomes of a process's pages that are paged
out, and by its counters in debugfs; a recording has the allocator that comes
with its seed. The kernel is one of Debian, of any release from 5.10 on, or one
that was just built.

It takes qemu-system-x86, gcc and libc6-dev, and xz-utils where the modules are
compressed by xz.

${BOOT_OPTIONS_USAGE}
${
  profileHelp(
    21,
    "the kernel to compare with, instead of the one of the image's release",
  )
}
conform also takes

  --level L          contract or exact; by default exact, and zswap always
${CONFORM_OPTIONS_USAGE}

record also takes

  --out FILE         the transcript; gzipped where FILE ends in .gz
  --seed N           what the operations are made from (default 1)
  --steps N          how many there are (default ${RECORD_STEPS})

${GET_USAGE}
A module of one's own is built with the kernel's headers and source, R being
what 'guest get' says and S the folder of the source:

  make -C /usr/src/linux-headers-R M=S/drivers/block/zram \\
    CONFIG_ZRAM_MULTI_COMP=y KCFLAGS=-DCONFIG_ZRAM_MULTI_COMP=1 modules
  zspec guest conform zram --image FOLDER --module S/drivers/block/zram/zram.ko

and a kernel that was just built is booted by

  zspec guest conform zram --kernel arch/x86/boot/bzImage --config .config

Exit status: 0 it conforms or is recorded or fetched, 1 it does not conform,
2 it cannot be run, 130 interrupted.
`;

/** Runs the command and returns its exit status. */
export async function guestCommand(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  if (verb === "conform") return await guestConform(rest);
  if (verb === "record") return await guestRecord(rest);
  if (verb === "get") return await guestGet(rest);
  throw new UsageError(
    verb === undefined
      ? "Cannot use a guest: conform, record or get is needed"
      : `Cannot use a guest: '${verb}' is not conform, record or get`,
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
type BootOptions = GuestBoot & { readonly profile?: Profile };

function bootOptionsOf(options: Options, stop: AbortSignal): BootOptions {
  return { ...bootOf(options, stop), ...namedProfile(options) };
}

async function guestConform(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: [...CONFORM_OPTIONS.string, ...BOOT_OPTIONS],
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
    return withTarget(
      name,
      asked,
      () =>
        name === "zram"
          ? conformZram(asked, boot, tested)
          : conformZswap(asked, boot, tested),
    );
  });
}

/** What is told of a guest that is judged. */
function testedOf(options: Options, stop: AbortSignal) {
  return {
    command: "zspec guest conform",
    words: bootWords(options),
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
  return await judgeTarget(suite, { ...asked, profile }, {
    ...tested,
    target,
    about: bootedText(guest),
  });
}

async function conformZswap(
  asked: Asked,
  boot: BootOptions,
  tested: ReturnType<typeof testedOf>,
): Promise<number> {
  await using guest = await bootSwap(boot);
  const { target, profile, setup } = guest;
  const suite = swapSuite(setup);
  return await judgeTarget(suite, { ...asked, profile }, {
    ...tested,
    target,
    about: bootedText(guest),
  });
}

function bootedText({ release, profile }: GuestZram | GuestSwap): string {
  return `Linux ${release} in QEMU: ${profile.name} with chains of ${profile.chainSize}`;
}

async function guestRecord(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: [...BOOT_OPTIONS, ...PROFILE_OPTIONS, "out", "seed", "steps"],
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
    await writeRecording(recording, out, steps).catch(refuseGone);
    sayRecorded(out, steps, profile, `Linux ${release} in QEMU`);
    return 0;
  });
}

/** A guest that dies while it is recorded: refused with its last words. */
function refuseGone(error: unknown): never {
  if (!(error instanceof GuestGone)) throw error;
  const [what, words = ""] = error.message.split("\n");
  throw new UsageError(
    `Cannot record: ${what} ${words}; another --seed does other operations`
      .replace(" ;", ";"),
  );
}

export { guestCommand as command };
