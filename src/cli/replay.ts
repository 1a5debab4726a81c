/** `zspec replay`: transcripts of live kernels, and of findings. */
import { parseTranscript } from "../programs/transcript.ts";
import { Reach } from "../rules/reach.ts";
import { exercisedOf } from "../report/reach.ts";
import { counted, grouped, table } from "../report/table.ts";
import { parseMachineTranscript } from "../search/counterexample.ts";
import { explainFinding } from "../search/finding.ts";
import { hasFinding } from "../search/finding_transcript.ts";
import { judgeProgram } from "../search/machine.ts";
import {
  describeOperation,
  replay,
  type Sizes,
  type Verdict,
} from "../search/replay.ts";
import { print } from "./print.ts";
import {
  ELSEWHERE_OPTIONS,
  isElsewhere,
  replayElsewhere,
} from "./replay_elsewhere.ts";
import { readTranscript } from "./transcript_file.ts";
import {
  choiceOption,
  parseOptions,
  splitArguments,
  UsageError,
} from "./usage.ts";
import { tell } from "./usage_error.ts";

/** How `zspec replay` is called. */
export const USAGE = `zspec replay FILE… [--sizes recorded|computed]
zspec replay FILE --device /dev/zramN | --guest [--image DIR] | -- COMMAND…

Runs the steps of transcripts (JSON Lines, or the same gzipped) through the
model. What was recorded of a live kernel is compared, observation by
observation. What 'zspec fuzz' or 'zspec conform' found, as it was printed, runs
under every judge of the model. With a device, a guest or a COMMAND it is that
which does the steps: a recording is compared with what it answers, a finding
judged as 'zspec conform' and 'zspec guest conform' do.

  --sizes recorded  take each compressed length from the transcript
  --sizes computed  compress with the model's own encoder; the default where
                    that encoder equals the kernel's. It says of how many pages
                    the length is taken as recorded all the same, and why
  --device PATH     an idle zram device of the running kernel
  --guest           a kernel that is booted in QEMU, see 'zspec guest --help'
  --image DIR       the folder of its image; --guest is meant then, as with the
                    other options of 'zspec guest' that say what it boots

Exit status: 0 all equal, 1 a difference, 2 a file that cannot be followed.
`;

/** Runs the command and returns its exit status. */
export async function command(args: readonly string[]): Promise<number> {
  const { own, command } = splitArguments(args);
  const options = parseOptions(own, {
    string: ["sizes", ...ELSEWHERE_OPTIONS.string],
    boolean: ELSEWHERE_OPTIONS.boolean,
  });
  const sizes = choiceOption(options, "sizes", ["recorded", "computed"]);
  if (options.paths.length === 0) {
    throw new UsageError("Cannot replay: no FILE is given");
  }
  if (isElsewhere(options, command)) {
    return await replayElsewhere(options, command, renderElsewhere);
  }
  return Math.max(...options.paths.map((path) => replayOne(path, sizes)));
}

/** Replays one file, so that one that cannot be read keeps none from its turn. */
function replayOne(path: string, sizes: Sizes | undefined): number {
  try {
    return readTranscript(path, (text) => {
      if (hasFinding(text)) return replayFinding(path, text);
      const verdict = replay(parseTranscript(text), sizes);
      print(renderVerdict(path, verdict));
      return verdict.failure === undefined ? 0 : 1;
    });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    tell(error.message);
    return 2;
  }
}

/** Runs what was found on a fresh model, under all its judges. */
function replayFinding(path: string, text: string): number {
  const { machine, program } = parseMachineTranscript(text);
  const { steps } = program;
  if (steps.length === 0) {
    throw new UsageError(`Cannot replay '${path}': it has no steps`);
  }
  const reach = new Reach();
  const finding = judgeProgram(machine, program, reach);
  if (finding === undefined) {
    const rules = exercisedOf(machine.rules, reach.counts());
    print(
      `${path}: ${machine.name}, ${
        counted(steps.length, "step")
      }, all hold (${rules} rules exercised)`,
    );
    return 0;
  }
  print(`${path}: ${machine.name} fails: ${explainFinding(finding)}`);
  return 1;
}

/** Where the model took lengths from. */
function sizesText({ sizes, asRecorded }: Verdict): string {
  if (asRecorded === undefined) return `sizes ${sizes}`;
  const { pages, why } = asRecorded;
  return `sizes ${sizes}, but as recorded of ${counted(pages, "page")}: ${why}`;
}

/** How the model follows a recording. */
function renderVerdict(path: string, verdict: Verdict): string {
  return renderFollowed(path, verdict, {
    equal: `all equal (${sizesText(verdict)})`,
    different: `not what the model shows (${sizesText(verdict)})`,
    // What the recording has, and what the model predicts.
    columns: ["observed", "expected"],
  });
}

/** How something else does. */
function renderElsewhere(path: string, verdict: Verdict): string {
  return renderFollowed(path, verdict, {
    equal: "all equal",
    different: "not what was recorded",
    columns: ["recorded", "found"],
  });
}

function renderFollowed(
  path: string,
  { failure, operations, observations }: Verdict,
  { equal, different, columns: [recorded, found] }: {
    readonly equal: string;
    readonly different: string;
    readonly columns: readonly [string, string];
  },
): string {
  if (failure === undefined) {
    return `${path}: ${grouped(operations)} operations, ${
      grouped(observations)
    } observations, ${equal}\n`;
  }
  const { operation, differences } = failure;
  return `${path}:${operation.line}: ${
    describeOperation(operation)
  }: ${different}\n` + table(
    [
      { title: "", align: "left" },
      { title: recorded },
      { title: found },
    ],
    differences.map(({ what, observed, expected }) => [
      `  ${what}`,
      observed,
      expected,
    ]),
  );
}
