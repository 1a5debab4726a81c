/** `zspec replay`: transcripts of live kernels through the model. */
import {
  describeOperation,
  type Difference,
  replay,
  type Sizes,
  type Verdict,
} from "../search/replay.ts";
import { parseTranscript, TranscriptError } from "../programs/transcript.ts";
import { grouped, table } from "../report/table.ts";
import { parseOptions, readText, UsageError } from "./usage.ts";

/** How `zspec replay` is called. */
export const REPLAY_USAGE = `zspec replay FILE… [--sizes recorded|computed]

Runs the operations of transcripts (JSON Lines, or the same gzipped) through
the model and compares every observation.

  --sizes recorded  take each compressed length from the transcript
  --sizes computed  compress with the model's own encoder; the default where
                    that encoder equals the kernel's

Exit status: 0 all equal, 1 a difference, 2 a file that cannot be followed.
`;

/** Runs the command and returns its exit status. */
export function replayCommand(args: readonly string[]): number {
  const options = parseOptions(args, { string: ["sizes"], boolean: [] });
  const sizes = options.text("sizes");
  if (sizes !== undefined && sizes !== "recorded" && sizes !== "computed") {
    throw new UsageError(
      `The option '--sizes' is '${sizes}', not recorded or computed`,
    );
  }
  if (options.paths.length === 0) {
    throw new UsageError("Cannot replay: no FILE is given");
  }
  return Math.max(...options.paths.map((path) => replayOne(path, sizes)));
}

/** Replays one file, so that one that cannot be read keeps none from its turn. */
function replayOne(path: string, sizes: Sizes | undefined): number {
  try {
    const verdict = replayFile(path, sizes);
    console.log(renderVerdict(path, verdict).trimEnd());
    return verdict.failure === undefined ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`zspec: ${error.message}`);
    return 2;
  }
}

function replayFile(path: string, sizes: Sizes | undefined): Verdict {
  try {
    return replay(parseTranscript(readText(path)), sizes);
  } catch (error) {
    if (!(error instanceof TranscriptError)) throw error;
    throw new UsageError(`${path}:${error.line}: ${error.message}`);
  }
}

function renderVerdict(path: string, verdict: Verdict): string {
  const { failure, sizes, operations, observations } = verdict;
  if (failure === undefined) {
    return `${path}: ${grouped(operations)} operations, ${
      grouped(observations)
    } observations, all equal (sizes ${sizes})\n`;
  }
  const { operation, differences } = failure;
  return `${path}:${operation.line}: ${
    describeOperation(operation)
  }: not what the model shows (sizes ${sizes})\n` +
    renderDifferences(differences);
}

function renderDifferences(differences: readonly Difference[]): string {
  return table(
    [
      { title: "", align: "left" },
      { title: "observed" },
      { title: "expected" },
    ],
    differences.map(({ what, observed, expected }) => [
      `  ${what}`,
      observed,
      expected,
    ]),
  );
}
