/** Judging one target: what was asked for, how it is run, what is told of it. */
import { type Profile, profileNamed } from "../linux/profile.ts";
import { conform, CONFORM_RUNS, replayFinding } from "../oracle/conform.ts";
import { parseFindingTranscript } from "../oracle/conform_transcript.ts";
import {
  ANSWERS,
  EXACT,
  type Level,
  LEVELS,
  type Step,
  type Suite,
} from "../oracle/judge.ts";
import type { Target } from "../targets/target.ts";
import { TranscriptError } from "../programs/transcript.ts";
import type { Rule } from "../rules/invariant.ts";
import {
  conformJson,
  conformJunit,
  type ConformOutcome,
  conformText,
} from "./conform_report.ts";
import { INTERRUPTED } from "./interrupt.ts";
import { progress } from "./progress.ts";
import {
  type Options,
  profileOption,
  readText,
  UsageError,
  wholeOption,
  writeText,
} from "./usage.ts";

/** How long a finding is shrunk. */
const SHRINK_MILLISECONDS = 30_000;

/** What is asked for. */
export interface Asked {
  /** How much of the implementation. */
  readonly level: Level;
  /** The kernel that it is compared with. */
  readonly profile: Profile;
  /** Programs. */
  readonly runs: number;
  /** What they are made from. */
  readonly seed: number;
  /** A transcript that is to be run instead. */
  readonly replay: { readonly path: string; readonly text: string } | undefined;
  /** Whether the outcome is told to machines. */
  readonly isJson: boolean;
  /** Where a report in JUnit's form goes. */
  readonly junit: string | undefined;
}

/** What is put under test. */
export interface Tested<T extends Target> {
  /** It itself. */
  readonly target: T;
  /** The command line's words before the kind of target: `zspec conform`. */
  readonly command: string;
  /** The words that name it, after the options: `-- COMMAND`. */
  readonly words: string;
  /** Whether its profile was found out of it, and not named. */
  readonly isProfileFound: boolean;
  /** Once it is aborted, the target throws. */
  readonly stop: AbortSignal;
}

/** The options that every conformance run knows. */
export const CONFORM_OPTIONS = {
  string: ["level", "profile", "runs", "seed", "replay", "junit"],
  boolean: ["json"],
} as const;

/** How they are told of. */
export const CONFORM_OPTIONS_USAGE =
  `  --runs N           programs; by default ${CONFORM_RUNS}
  --seed N           what they are made from; by default a fresh one
  --replay FILE      runs the steps of a printed transcript, at its level
  --junit FILE       writes the rules and what became of them as JUnit's XML
  --json             the outcome for machines`;

/** Reads those options; `fallback` is the level where none is given. */
export function askedOf(options: Options, fallback: Level): Asked {
  const replay = options.text("replay");
  const named = options.text("level") ?? fallback;
  const level = LEVELS.find((one) => one === named);
  if (level === undefined) {
    throw new UsageError(
      `The option '--level' is '${named}', not ${LEVELS.join(" or ")}`,
    );
  }
  for (const name of ["level", "profile", "runs", "seed"]) {
    if (replay === undefined || options.text(name) === undefined) continue;
    throw new UsageError(
      `The option '--${name}' is given with '--replay': the transcript says all that`,
    );
  }
  return {
    level,
    profile: profileOption(options),
    runs: wholeOption(options, "runs", 1, 1e9) ?? CONFORM_RUNS,
    seed: wholeOption(options, "seed", 0, 2 ** 32 - 1) ??
      crypto.getRandomValues(new Uint32Array(1))[0],
    replay: replay === undefined
      ? undefined
      : { path: replay, text: readText(replay) },
    isJson: options.flag("json"),
    junit: options.text("junit"),
  };
}

/** Judges a target, prints the outcome, returns the exit status. */
export async function judgeTarget<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  asked: Asked,
  tested: Tested<T>,
): Promise<number> {
  const { command, words, isProfileFound, stop } = tested;
  const { replay, seed, isJson, junit } = asked;
  // Before anything is run, so that it is known however that ends.
  if (!isJson && replay === undefined) console.log(`seed ${seed}`);
  const started = performance.now();
  const outcome = replay === undefined
    ? await runPrograms(suite, asked, tested)
    : await runTranscript(suite, asked, tested, replay);
  const seconds = (performance.now() - started) / 1000;
  if (stop.aborted) {
    console.error(`zspec: Interrupted after ${outcome.programs} programs`);
    return INTERRUPTED;
  }
  const report = {
    ...outcome,
    command,
    tested: words,
    isProfileFound,
    seconds,
  };
  if (junit !== undefined) writeText(junit, conformJunit(report));
  console.log((isJson ? conformJson(report) : conformText(report)).trimEnd());
  return report.finding === undefined ? 0 : 1;
}

async function runPrograms<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  { level, profile, runs, seed }: Asked,
  { target, stop }: Tested<T>,
): Promise<ConformOutcome> {
  const shown = progress("conforming", runs);
  let shrinkingSince: number | undefined;
  const result = await conform(suite, target, {
    level,
    profile,
    runs,
    seed,
    onProgram: (programs) => shown.step(programs),
    isShrunk() {
      shrinkingSince ??= performance.now();
      return stop.aborted ||
        performance.now() - shrinkingSince > SHRINK_MILLISECONDS;
    },
  }).finally(() => shown.end());
  return { ...result, rules: rulesOf(suite, level), replayed: undefined };
}

async function runTranscript<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  asked: Asked,
  { target }: Tested<T>,
  { path, text }: { readonly path: string; readonly text: string },
): Promise<ConformOutcome> {
  const { header, steps } = parseReplay(path, () => {
    const transcript = parseFindingTranscript(text, suite.parse);
    const { target: kind } = transcript.header;
    if (kind === suite.target) return transcript;
    throw new TranscriptError(
      1,
      `the field 'target' is '${kind}', not '${suite.target}'`,
    );
  });
  const { level } = header;
  // What was found out of a live kernel is more than its profile's name says.
  const profile = header.profile === asked.profile.name
    ? asked.profile
    : profileNamed(header.profile) ?? asked.profile;
  const replayed = await replayFinding(
    suite,
    target,
    { level, profile },
    steps,
  );
  return {
    target: suite.target,
    ...replayed,
    rules: rulesOf(suite, level),
    seed: undefined,
    replayed: path,
    programs: 1,
    steps: steps.length,
  };
}

/** What `parse` answers; what is wrong with a line is told with its file. */
function parseReplay<Parsed>(path: string, parse: () => Parsed): Parsed {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TranscriptError)) throw error;
    throw new UsageError(`${path}:${error.line}: ${error.message}`);
  }
}

function rulesOf(
  { rules }: { readonly rules: readonly Rule[] },
  level: Level,
): readonly Rule[] {
  return level === "exact" ? [ANSWERS, ...rules, EXACT] : [ANSWERS, ...rules];
}
