/**
 * Records the length of every page of `props/codec_pages.ts` that a kernel's
 * zram compresses, with every algorithm and parameters of
 * `props/codec_lengths/plan.ts`, in a guest:
 *
 *     deno run -A props/record_lengths.ts [--algorithm A,…] [OPTION…]
 *
 * The file in `props/codec_lengths` is the kernel's; with `--algorithm` the
 * others stay in it as they were. The options are those of `zspec guest`: by
 * `--module` comes a zram that has an algorithm which the kernel's own has not,
 * such as Debian's lzo since 6.12.
 */
import { heedingSignals } from "../src/cli/interrupt.ts";
import { BOOT_OPTIONS, bootOf } from "../src/cli/guest_boot.ts";
import {
  namedProfile,
  type Options,
  parseOptions,
  PROFILE_OPTIONS,
  UsageError,
} from "../src/cli/usage.ts";
import { GuestGone } from "../src/live/guest.ts";
import { bootZram, type GuestZram } from "../src/live/guest_zram.ts";
import { profileOf } from "../src/live/kernel_profile.ts";
import type { LiveZram } from "../src/live/live_zram.ts";
import { isRefusal } from "../mod.ts";
import { CODEC_PAGES, codecPagesDigest } from "./codec_pages.ts";
import { attributesOf, DICTIONARY_FILES } from "./codec_lengths/setup.ts";
import { settingsOf } from "./codec_lengths/plan.ts";
import {
  isRecorded,
  type LengthsRecording,
  type Outcome,
  readRecording,
  type RecordedEntry,
  type Setting,
  writeRecording,
} from "./codec_lengths/recording.ts";

async function putDictionaries({ machine }: GuestZram): Promise<void> {
  for (const [path, bytes] of DICTIONARY_FILES) {
    const refusal = await machine.putFile(path, bytes);
    if (refusal === undefined) continue;
    throw new Error(`Cannot put ${path} into the guest: ${refusal.error}`);
  }
}

/** Writes all pages, each of which must come back as it was. */
async function measure(device: LiveZram): Promise<Outcome> {
  const lengths: number[] = [];
  for (const [page, { name, bytes }] of CODEC_PAGES.entries()) {
    const answer = await device.write(page, bytes);
    if (isRefusal(answer) && page === 0) {
      return { refused: ["write", answer.error] };
    }
    const { stored = 0 } = answered(answer);
    const { data } = answered(await device.read(page));
    if (stored === 0 || data.some((byte, at) => byte !== bytes[at])) {
      throw new Error(`Cannot record: the page '${name}' is not stored`);
    }
    lengths.push(stored);
  }
  return { lengths };
}

/** What the kernel answers where it must not refuse. */
function answered<Answer extends object>(
  answer: Answer,
): Exclude<Answer, { error: string }> {
  if (isRefusal(answer)) throw new Error(`The kernel answers ${answer.error}`);
  return answer as Exclude<Answer, { error: string }>;
}

/** Sets the device up and measures; what is refused, or stops it, ends it. */
async function outcomeOf(
  guest: GuestZram,
  algorithm: string,
  setting: Setting,
): Promise<Outcome> {
  const attributes = attributesOf(algorithm, setting);
  for (const [attr, value] of [["reset", "1"], ...attributes]) {
    const answer = await guest.target.set(attr, value)
      .catch((error) => restarted(guest, error));
    if (answer === "stopped") return { stopped: attr };
    if (answer !== undefined) return { refused: [attr, answer.error] };
  }
  return await measure(guest.target);
}

/** Boots another guest where this one's kernel stopped. */
async function restarted(
  guest: GuestZram,
  error: unknown,
): Promise<"stopped"> {
  if (!(error instanceof GuestGone)) throw error;
  await guest.machine.restart();
  await putDictionaries(guest);
  return "stopped";
}

/** The algorithms that a device lists. */
async function listedAlgorithms(device: LiveZram): Promise<string[]> {
  const { value } = answered(await device.get("comp_algorithm"));
  return value.replace(/[[\]]/g, "").trim().split(/\s+/);
}

/** Records a guest's algorithms; says on standard error how far it is. */
async function recordGuest(
  guest: GuestZram,
  asked: readonly string[] | undefined,
): Promise<LengthsRecording> {
  const { target, profile, release, machine } = guest;
  const version = answered(await machine.readFile("/proc/version")).text.trim();
  const hasParams = "algorithm_params" in profile.zram.attributes;
  const entries: RecordedEntry[] = [];
  await putDictionaries(guest);
  for (const algorithm of asked ?? await listedAlgorithms(target)) {
    const settings = settingsOf(algorithm, hasParams);
    for (const setting of settings) {
      const outcome = await outcomeOf(guest, algorithm, setting);
      entries.push({ algorithm, setting, ...outcome });
    }
    console.error(`${algorithm}: ${settings.length} settings`);
  }
  const pages = await codecPagesDigest();
  return { kernel: profileOf(release).name, version, pages, entries };
}

/** A recording, and of the one before the algorithms that it has not. */
function merged(recording: LengthsRecording): LengthsRecording {
  const anew = new Set(recording.entries.map(({ algorithm }) => algorithm));
  const { pages, entries } = readRecording(recording.kernel);
  if (pages !== recording.pages) {
    throw new UsageError(
      `Cannot add to the recording of ${recording.kernel}: the pages are others than its own`,
    );
  }
  const kept = entries.filter(({ algorithm }) => !anew.has(algorithm));
  return { ...recording, entries: [...kept, ...recording.entries] };
}

async function record(options: Options, stop: AbortSignal): Promise<number> {
  const asked = options.text("algorithm")?.split(",");
  const boot = { ...bootOf(options, stop), ...namedProfile(options) };
  await using guest = await bootZram(boot);
  const recording = await recordGuest(guest, asked);
  const isAdded = asked !== undefined && isRecorded(recording.kernel);
  writeRecording(isAdded ? merged(recording) : recording);
  return 0;
}

if (import.meta.main) {
  try {
    const options = parseOptions(Deno.args, {
      string: [...BOOT_OPTIONS, ...PROFILE_OPTIONS, "algorithm"],
      boolean: [],
    });
    Deno.exit(await heedingSignals((stop) => record(options, stop)));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`record_lengths: ${error.message}`);
    Deno.exit(2);
  }
}
