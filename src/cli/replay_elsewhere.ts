/** `zspec replay` on a device, a guest or a command in place of the model. */
import { takeDevice } from "../live/device.ts";
import { bootSwap } from "../live/guest_swap.ts";
import { bootZram } from "../live/guest_zram.ts";
import { swapRecording } from "../programs/swap/recording.ts";
import { isOfZswap, parseTranscript } from "../programs/transcript.ts";
import type { ZramTranscript } from "../programs/transcript_zram.ts";
import type { ZswapTranscript } from "../programs/transcript_zswap.ts";
import { zramRecording } from "../programs/zram/recording.ts";
import { hasFinding } from "../search/finding_transcript.ts";
import type { Verdict } from "../search/replay.ts";
import { followSwap } from "../search/replays/swap.ts";
import { followZram } from "../search/replays/zram.ts";
import { runWaiting } from "../search/trial.ts";
import { childZram } from "../targets/child_zram.ts";
import { objectSwap } from "../targets/swap/object_swap.ts";
import type { SwapTarget } from "../targets/swap_target.ts";
import type { ZramTarget } from "../targets/target.ts";
import { objectZram } from "../targets/zram/object.ts";
import { conformCommand } from "./conform.ts";
import { guestCommand } from "./guest.ts";
import { BOOT_OPTIONS, bootArguments, bootOf } from "./guest_boot.ts";
import { heedingSignals } from "./interrupt.ts";
import { print } from "./print.ts";
import { readText } from "./text_file.ts";
import { inTranscript } from "./transcript_file.ts";
import { type Options, UsageError } from "./usage.ts";

/** The options that name where the steps are done. */
export const ELSEWHERE_OPTIONS = {
  string: ["device", ...BOOT_OPTIONS, "config"],
  boolean: ["guest"],
} as const;

/** Whether it is not the model that does the steps. */
export function isElsewhere(
  options: Options,
  command: readonly string[] | undefined,
): boolean {
  return command !== undefined || options.flag("guest") ||
    options.text("device") !== undefined || bootArguments(options).length > 0;
}

/** Where the steps are done. */
type Place =
  | { readonly command: readonly string[] }
  | { readonly device: string }
  | { readonly guest: Options };

function placeOf(
  options: Options,
  command: readonly string[] | undefined,
): Place {
  const device = options.text("device");
  const isGuest = options.flag("guest") || bootArguments(options).length > 0;
  const named = [command, device, isGuest || undefined]
    .filter((one) => one !== undefined);
  if (named.length > 1 || options.text("sizes") !== undefined) {
    throw new UsageError(
      "Cannot replay: one of '--device', '--guest' and '-- COMMAND' is taken, and '--sizes' with none of them",
    );
  }
  if (device !== undefined) return { device };
  if (command === undefined) return { guest: options };
  if (command.length > 0) return { command };
  throw new UsageError("Cannot replay: no COMMAND is given after '--'");
}

/** Runs one transcript there; `render` tells how a recording was followed. */
export async function replayElsewhere(
  options: Options,
  command: readonly string[] | undefined,
  render: (path: string, verdict: Verdict) => string,
): Promise<number> {
  const place = placeOf(options, command);
  const [path, ...more] = options.paths;
  if (more.length > 0) {
    throw new UsageError(
      `Cannot replay: one FILE is taken at a time with '--device', '--guest' or '-- COMMAND', not ${options.paths.length}`,
    );
  }
  const text = readText(path);
  if (hasFinding(text)) return await judgeFinding(path, text, place);
  const transcript = inTranscript(path, () => parseTranscript(text));
  return await heedingSignals(async (stop) => {
    const verdict = isOfZswap(transcript)
      ? await followZswap(transcript, place, stop)
      : await followDevice(transcript, place, stop);
    print(render(path, verdict));
    return verdict.failure === undefined ? 0 : 1;
  });
}

/** What each place can be asked to do: a finding's target, and its own name of it. */
const KINDS = {
  command: { zsmalloc: "zsmalloc", zram: "zram", zswap: "zswap" },
  device: { zram: "zram" },
  guest: { zram: "zram", swap: "zswap" },
} as const;

/** The name of a finding's target there. */
function kindOf(
  path: string,
  text: string,
  where: string,
  kinds: Readonly<Record<string, string>>,
): string {
  const target = /"target":"(\w+)"/.exec(text)?.[1] ?? "";
  // What a guest's conformance run printed has the name that it has there.
  const isOfGuest = where === "--guest" && /"level":"exact"/.test(text);
  const kind = isOfGuest && target === "zswap" ? target : kinds[target];
  if (kind !== undefined) return kind;
  throw new UsageError(
    `Cannot replay '${path}' on ${where}: it is of '${target}', not of ${
      Object.keys(kinds).join(" or ")
    }`,
  );
}

/** What was found is judged as what may be found is. */
function judgeFinding(
  path: string,
  text: string,
  place: Place,
): Promise<number> {
  if ("command" in place) {
    const kind = kindOf(path, text, "a COMMAND", KINDS.command);
    return conformCommand([kind, "--replay", path, "--", ...place.command]);
  }
  if ("device" in place) {
    const { device } = place;
    const kind = kindOf(path, text, "--device", KINDS.device);
    return conformCommand([kind, "--replay", path, "--device", device]);
  }
  const kind = kindOf(path, text, "--guest", KINDS.guest);
  const boot = bootArguments(place.guest);
  return guestCommand(["conform", kind, "--replay", path, ...boot]);
}

/** A recording of a zram device on another. */
async function followDevice(
  transcript: ZramTranscript,
  place: Place,
  stop: AbortSignal,
): Promise<Verdict> {
  const recording = zramRecording(transcript);
  const follow = (target: ZramTarget) =>
    runWaiting(followZram(
      recording,
      "computed",
      objectZram(target, recording.program.profile),
    ));
  if ("command" in place) {
    const child = childZram({ command: place.command, stop });
    return await follow(child).finally(() => child.restart());
  }
  const { header: { backingPages } } = transcript;
  await using live = "device" in place
    ? await takeDevice(place.device, { stop })
    : await bootZram({ ...bootOf(place.guest, stop), backingPages });
  return await follow(live.target);
}

/** A recording of a process's pages on another kernel. */
async function followZswap(
  transcript: ZswapTranscript,
  place: Place,
  stop: AbortSignal,
): Promise<Verdict> {
  if (!("guest" in place)) {
    throw new UsageError(
      "Cannot replay: the transcript is of zswap, which only a guest has",
    );
  }
  const recording = swapRecording(transcript);
  await using guest = await bootSwap(bootOf(place.guest, stop));
  const target: SwapTarget = guest.target;
  const { profile } = recording.program;
  return await runWaiting(followSwap(recording, objectSwap(target, profile)));
}
