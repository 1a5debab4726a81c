/** `zspec conform` and `zspec guest conform` against a live kernel. */
import { takeDevice } from "../live/device.ts";
import type { Step, Suite } from "../oracle/judge.ts";
import type { Target } from "../oracle/target.ts";
import { TranscriptError } from "../oracle/transcript.ts";
import { ZRAM_SUITE } from "../oracle/zram_suite.ts";
import { type Asked, type Running, runSuite } from "./conform_kinds.ts";
import { conformJson, conformJunit, conformText } from "./conform_report.ts";
import { heedingSignals } from "./interrupt.ts";
import { progress } from "./progress.ts";
import { type Options, profileOption, UsageError, writeText } from "./usage.ts";

/** How long a finding is shrunk. */
const SHRINK_MILLISECONDS = 30_000;

/** What a live kernel is asked, and how the outcome is told. */
export interface LiveRun {
  /** What was asked for. */
  readonly asked: Asked;
  /** Whether it is told to machines. */
  readonly isJson: boolean;
  /** Where a report in JUnit's form goes. */
  readonly junit: string | undefined;
  /** The command that it was, `zspec conform`, and what it ended with. */
  readonly command: string;
  /** What was put under test, as the command line names it. */
  readonly tested: string;
}

/** Judges a target that is there, prints the outcome, returns the status. */
export async function judgeLive<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  target: T,
  { asked, isJson, junit, command, tested }: LiveRun,
): Promise<number> {
  const shown = progress("conforming", asked.runs);
  const started = performance.now();
  const running: Running = {
    ...asked,
    shrinkMilliseconds: SHRINK_MILLISECONDS,
    now: () => performance.now(),
    onProgram: (count) => shown.step(count),
  };
  const outcome = await runSuite(suite, target, running)
    .catch((error) => {
      if (!(error instanceof TranscriptError)) throw error;
      throw new UsageError(`line ${error.line}: ${error.message}`);
    })
    .finally(() => shown.end());
  const seconds = (performance.now() - started) / 1000;
  const report = { ...outcome, command, tested, seconds };
  if (junit !== undefined) writeText(junit, conformJunit(report));
  console.log((isJson ? conformJson(report) : conformText(report)).trimEnd());
  return report.finding === undefined ? 0 : 1;
}

/** `zspec conform zram --device`: an idle zram device of this machine. */
export function conformDevice(
  target: string,
  device: string,
  options: Options,
  asked: Asked,
): Promise<number> {
  if (target !== "zram") {
    throw new UsageError(
      `Cannot conform: '${target}' has no device to test by --device, zram alone has`,
    );
  }
  const isJson = options.flag("json");
  return heedingSignals(async (stop) => {
    await using live = await takeDevice(device, {
      stop,
      ...options.text("profile") === undefined
        ? {}
        : { profile: profileOption(options) },
    });
    const { profile, release } = live;
    if (!isJson) {
      console.log(
        `${device} of the running ${release}: ${profile.name} with chains of ${profile.chainSize}`,
      );
    }
    return await judgeLive(ZRAM_SUITE, live.target, {
      asked: { ...asked, profile },
      isJson,
      junit: options.text("junit"),
      command: "zspec conform",
      tested: `--device ${device}`,
    });
  });
}
