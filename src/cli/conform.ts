/** `zspec conform`: an implementation of one's own against the model. */
import { ANSWER_MILLISECONDS, type ChildOptions } from "../oracle/child.ts";
import { CONFORM_RUNS } from "../oracle/conform.ts";
import { LEVELS } from "../oracle/judge.ts";
import { TargetMissing } from "../oracle/target.ts";
import { TranscriptError } from "../oracle/transcript.ts";
import {
  type Asked,
  CONFORM_KINDS,
  type ConformKind,
  type ConformOutcome,
} from "./conform_kinds.ts";
import { progress } from "./progress.ts";
import {
  conformJson,
  conformJunit,
  type ConformReport,
  conformText,
  quoted,
} from "./conform_report.ts";
import {
  type Options,
  parseOptions,
  pathError,
  PROFILE_NAMES,
  profileOption,
  UsageError,
  wholeOption,
  writeText,
} from "./usage.ts";

/** How long a finding is shrunk. */
const SHRINK_MILLISECONDS = 30_000;
/** Exit status of a command that SIGINT ended. */
const INTERRUPTED = 130;

const TARGETS = Object.keys(CONFORM_KINDS).join(", ");

/** How `zspec conform` is called. */
export const CONFORM_USAGE =
  `zspec conform TARGET [OPTION…] -- COMMAND [ARGUMENT…]
zspec conform TARGET --replay FILE [--timeout SECONDS] -- COMMAND [ARGUMENT…]

Starts COMMAND, asks it one request of the oracle protocol a line, and judges
every answer of random programs. The first program that fails is shrunk and
printed as a transcript. TARGET is ${TARGETS}.

  --level L          contract: what every implementation must keep; the default
                     exact: it makes Linux's own choices, every statistic is
                     the model's
  --profile P        the kernel to compare with: ${PROFILE_NAMES}
  --runs N           programs; by default ${CONFORM_RUNS}
  --seed N           what they are made from; by default a fresh one
  --timeout SECONDS  how long an answer may take; by default ${
    ANSWER_MILLISECONDS / 1000
  }
  --replay FILE      runs the steps of a printed transcript, at its level
  --junit FILE       writes the rules and what became of them as JUnit's XML
  --json             the outcome for machines

Exit status: 0 it conforms, 1 it does not, 2 it cannot be run, 130 interrupted.
`;

/** Runs the command and returns its exit status. */
export async function conformCommand(args: readonly string[]): Promise<number> {
  const end = args.indexOf("--");
  const before = end < 0 ? args : args.slice(0, end);
  const options = parseOptions(before, {
    string: ["level", "profile", "runs", "seed", "timeout", "replay", "junit"],
    boolean: ["json"],
  });
  const kind = kindOf(options.paths);
  const command = end < 0 ? [] : args.slice(end + 1);
  if (command.length === 0) {
    throw new UsageError("Cannot conform: no COMMAND is given after '--'");
  }
  const asked = askedOf(options);
  const isJson = options.flag("json");
  // Before anything is run, so that it is known however that ends.
  if (!isJson && asked.replay === undefined) console.log(`seed ${asked.seed}`);
  const report = await runUntilInterrupted(kind, asked, {
    command,
    timeout: timeoutOption(options),
  });
  if (report === undefined) return INTERRUPTED;
  const junit = options.text("junit");
  if (junit !== undefined) writeText(junit, conformJunit(report));
  console.log((isJson ? conformJson(report) : conformText(report)).trimEnd());
  return report.finding === undefined ? 0 : 1;
}

function kindOf(names: readonly string[]): ConformKind {
  const [name] = names;
  if (names.length !== 1 || !Object.hasOwn(CONFORM_KINDS, name)) {
    throw new UsageError(
      names.length === 1
        ? `Unknown target '${name}': the targets are ${TARGETS}`
        : `Cannot conform: one TARGET is needed, of ${TARGETS}`,
    );
  }
  return CONFORM_KINDS[name];
}

function askedOf(options: Options): Asked {
  const replay = options.text("replay");
  const named = options.text("level");
  const level = LEVELS.find((one) => one === (named ?? "contract"));
  if (level === undefined) {
    throw new UsageError(
      `The option '--level' is '${named}', not ${LEVELS.join(" or ")}`,
    );
  }
  if (replay !== undefined) {
    for (const name of ["level", "profile", "runs", "seed"]) {
      if (options.text(name) === undefined) continue;
      throw new UsageError(
        `The option '--${name}' is given with '--replay': the transcript says all that`,
      );
    }
  }
  return {
    level,
    profile: profileOption(options),
    runs: wholeOption(options, "runs", 1, 1e9) ?? CONFORM_RUNS,
    seed: wholeOption(options, "seed", 0, 2 ** 32 - 1) ??
      crypto.getRandomValues(new Uint32Array(1))[0],
    replay: replay === undefined ? undefined : readText(replay),
  };
}

/** `--timeout` in milliseconds: seconds, with a fraction if need be. */
function timeoutOption(options: Options): number | undefined {
  const text = options.text("timeout");
  if (text === undefined) return undefined;
  const seconds = /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : NaN;
  if (seconds > 0 && seconds <= 3600) return 1000 * seconds;
  throw new UsageError(
    `The option '--timeout' is '${text}', not a number of seconds up to 3600`,
  );
}

/** Runs it; `undefined` where SIGINT ended that, and the child with it. */
async function runUntilInterrupted(
  kind: ConformKind,
  asked: Asked,
  child: ChildOptions,
): Promise<ConformReport | undefined> {
  const shown = progress("conforming", asked.runs);
  const started = performance.now();
  const target = kind.open(child);
  const interrupted = Promise.withResolvers<undefined>();
  let programs = 0;
  const onInterrupt = () => interrupted.resolve(undefined);
  Deno.addSignalListener("SIGINT", onInterrupt);
  try {
    const run = target.run({
      ...asked,
      shrinkMilliseconds: SHRINK_MILLISECONDS,
      now: () => performance.now(),
      onProgram(count) {
        programs = count;
        shown.step(count);
      },
    });
    // Once it is interrupted, what becomes of it is of no interest.
    run.catch(() => {});
    const outcome: ConformOutcome | undefined = await Promise.race([
      run,
      interrupted.promise,
    ]);
    if (outcome === undefined) {
      shown.end();
      console.error(`zspec: Interrupted after ${programs} programs`);
      return undefined;
    }
    const seconds = (performance.now() - started) / 1000;
    const tested = `-- ${child.command.map(quoted).join(" ")}`;
    return { ...outcome, command: "zspec conform", tested, seconds };
  } catch (error) {
    if (error instanceof TargetMissing) throw new UsageError(error.message);
    if (error instanceof TranscriptError) {
      throw new UsageError(`line ${error.line}: ${error.message}`);
    }
    throw error;
  } finally {
    Deno.removeSignalListener("SIGINT", onInterrupt);
    await target.close();
    shown.end();
  }
}

function readText(path: string): { path: string; text: string } {
  try {
    return { path, text: Deno.readTextFileSync(path) };
  } catch (error) {
    throw pathError(path, error);
  }
}
