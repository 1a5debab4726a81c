/** Judging one target: what was asked for, how it is run, what is told of it. */
import { ANSWERS, EXACT, type Level, LEVELS } from "../judges/judge.ts";
import { profileNamed } from "../linux/description.ts";
import type { Profile } from "../linux/profile.ts";
import type { Step } from "../programs/program.ts";
import { TranscriptError } from "../programs/transcript_fields.ts";
import type { Rule } from "../rules/invariant.ts";
import { isEmptyShard, type Shard, WHOLE_RUN } from "../search/batches.ts";
import { conform, replaySteps } from "../search/conform.ts";
import {
  type FindingTranscript,
  parseFindingTranscript,
} from "../search/finding_transcript.ts";
import type { Plan, Suite } from "../search/suite.ts";
import { shrinkLimit } from "../search/shrink.ts";
import { type Target, TargetMissing } from "../targets/target.ts";
import { counted } from "../report/table.ts";
import { ktapError, ktapSkippedResult, ktapStart } from "../report/ktap.ts";
import {
  conformJson,
  conformJunit,
  conformKtap,
  type ConformOutcome,
  type ConformReport,
  conformText,
  ktapName,
} from "./conform_report.ts";
import { INTERRUPTED } from "./interrupt.ts";
import { print } from "./print.ts";
import { programProgress } from "./progress.ts";
import { shardHelp, shardOption } from "./shard.ts";
import { readText } from "./text_file.ts";
import { inTranscript } from "./transcript_file.ts";
import {
  checkWritable,
  choiceOption,
  freshSeed,
  type Options,
  PROFILE_OPTIONS,
  profileOption,
  refuseOptions,
  searchOptions,
  seedOption,
  UsageError,
  writeText,
} from "./usage.ts";
import { tell } from "./usage_error.ts";

/** Seconds for which programs are run where nothing else is said. */
const SECONDS = 20;

/** For whom an outcome is: people, programs, the kernel's own test tools. */
export type Form = "text" | "json" | "ktap";

/** What is asked for. */
export interface Asked {
  /** How much of the implementation. */
  readonly level: Level;
  /** The kernel that it is compared with. */
  readonly profile: Profile;
  /** Programs; Infinity where time alone ends them. */
  readonly runs: number;
  /** When to stop. */
  readonly milliseconds: number | undefined;
  /** What they are made from. */
  readonly seed: number;
  /** Which part of the programs are run. */
  readonly shard: Shard;
  /** A transcript that is to be run instead. */
  readonly replay: { readonly path: string; readonly text: string } | undefined;
  /** How the outcome is told. */
  readonly form: Form;
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
  /** What it is found to be, for people; absent where the words say it. */
  readonly about?: string;
  /** Whether its profile was found out of it, and not named. */
  readonly isProfileFound: boolean;
  /** Once it is aborted, the target throws. */
  readonly stop: AbortSignal;
}

/** The options that every conformance run knows. */
export const CONFORM_OPTIONS = {
  string: [
    "level",
    ...PROFILE_OPTIONS,
    "runs",
    "time",
    "seed",
    "shard",
    "replay",
    "junit",
  ],
  boolean: ["json", "ktap"],
} as const;

/** How they are told of. */
export const CONFORM_OPTIONS_USAGE =
  `  --runs N           programs; by default as many as --time allows
  --time SECONDS     when to stop; by default after ${SECONDS}, or after all --runs
  --seed N           what they are made from; by default a fresh one
${shardHelp(21)}
  --replay FILE      runs the steps of a printed transcript, at its level
  --junit FILE       writes the rules and what became of them as JUnit's XML
  --json             the outcome for machines
  --ktap             the rules and what became of them as KTAP, which kselftest
                     and KernelCI read`;

/** Reads those options; `fallback` is the level where none is given. */
export function askedOf(options: Options, fallback: Level): Asked {
  const replay = options.text("replay");
  if (replay !== undefined) {
    refuseOptions(
      options,
      ["level", ...PROFILE_OPTIONS, "runs", "time", "seed", "shard"],
      "is given with '--replay': the transcript says all that",
    );
  }
  const junit = options.text("junit");
  if (junit !== undefined) checkWritable(junit);
  const { runs, time = runs === undefined ? SECONDS : undefined } =
    searchOptions(options);
  return {
    level: choiceOption(options, "level", LEVELS) ?? fallback,
    profile: profileOption(options),
    runs: runs ?? Infinity,
    milliseconds: time === undefined ? undefined : 1000 * time,
    seed: seedOption(options) ?? freshSeed(),
    shard: shardOption(options),
    replay: replay === undefined
      ? undefined
      : { path: replay, text: readText(replay) },
    form: formOf(options),
    junit,
  };
}

function formOf(options: Options): Form {
  const [form = "text", other] = (["json", "ktap"] as const)
    .filter((name) => options.flag(name));
  if (other === undefined) return form;
  throw new UsageError(
    "Cannot conform: both '--json' and '--ktap' are given, not one of them",
  );
}

/** Runs what needs a target; that there is none is told in the form asked for. */
export async function withTarget(
  name: string,
  { form, level }: Asked,
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof TargetMissing && form === "ktap") {
      const skipped = ktapSkippedResult(ktapName(name, level), error.message);
      print(ktapStart([]) + skipped);
    }
    throw error;
  }
}

const OUTCOMES: Readonly<Record<Form, (report: ConformReport) => string>> = {
  text: conformText,
  json: conformJson,
  ktap: conformKtap,
};

/** Judges a target, prints the outcome, returns the exit status. */
export async function judgeTarget<
  T extends Target,
  One extends Step,
  Known extends Plan,
>(
  suite: Suite<T, One, Known>,
  asked: Asked,
  tested: Tested<T>,
): Promise<number> {
  const { command, words, isProfileFound, stop } = tested;
  const { replay, seed, form, junit, level } = asked;
  // Before anything is run, so that it is known however that ends.
  const notes = [
    ...tested.about === undefined ? [] : [tested.about],
    ...replay === undefined ? [`seed ${seed}`] : [],
  ];
  if (form === "text") notes.forEach((note) => print(note));
  if (form === "ktap") print(ktapStart(notes));
  const started = performance.now();
  const running = replay === undefined
    ? runPrograms(suite, asked, tested)
    : runTranscript(suite, asked, tested, replay);
  const outcome = await running.catch((error) => {
    if (!(error instanceof TargetMissing) || form !== "ktap") throw error;
    print(ktapSkippedResult(ktapName(suite.target, level), error.message));
    throw new UsageError(error.message);
  });
  const seconds = (performance.now() - started) / 1000;
  if (stop.aborted) {
    if (form === "ktap") {
      print(ktapError(ktapName(suite.target, level), "interrupted"));
    }
    tell(`Interrupted after ${counted(outcome.programs, "program")}`);
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
  print(OUTCOMES[form](report));
  const isKnown = Object.keys(report.reach).length > 0 ||
    (replay === undefined && isEmptyShard(asked.runs, asked.shard));
  return report.finding === undefined && isKnown ? 0 : 1;
}

async function runPrograms<
  T extends Target,
  One extends Step,
  Known extends Plan,
>(
  suite: Suite<T, One, Known>,
  asked: Asked,
  { target, stop }: Tested<T>,
): Promise<ConformOutcome> {
  const { level, profile, runs, seed, shard, milliseconds } = asked;
  const started = performance.now();
  const passed = () => performance.now() - started;
  const shown = programProgress("conforming", runs, milliseconds);
  const isLate = shrinkLimit();
  const result = await conform(suite, target, {
    level,
    profile,
    runs,
    seed,
    shard,
    onProgram: shown.step,
    isTimeUp: () => milliseconds !== undefined && passed() > milliseconds,
    isShrunk: () => stop.aborted || isLate(),
  }).finally(() => shown.end());
  return {
    ...result,
    rules: rulesOf(suite, level),
    shard,
    runs: Number.isFinite(runs) ? runs : undefined,
    replayed: undefined,
  };
}

async function runTranscript<
  T extends Target,
  One extends Step,
  Known extends Plan,
>(
  suite: Suite<T, One, Known>,
  asked: Asked,
  { target, isProfileFound }: Tested<T>,
  { path, text }: { readonly path: string; readonly text: string },
): Promise<ConformOutcome> {
  const { header, steps } = parseReplay(path, text, suite);
  const refuse = (why: string) =>
    new UsageError(`Cannot replay '${path}' there: ${why}`);
  const refusal = steps.length === 0
    ? "it has no steps"
    : suite.refusal?.(steps);
  if (refusal !== undefined) throw refuse(refusal);
  // What fuzzing found of the model is asked of others as far as they promise it.
  const level = header.level === "model" ? asked.level : header.level;
  // What was found out of a live kernel is more than its profile's name says;
  // and what fuzzing found of a model is asked of it as the kernel that it is.
  const isOwn = header.profile === asked.profile.name ||
    (header.level === "model" && isProfileFound);
  const profile = isOwn
    ? asked.profile
    : profileNamed(header.profile) ?? asked.profile;
  const isMade = steps[0].op === "create";
  const begun = isMade || suite.create === undefined
    ? steps
    : [suite.create, ...steps];
  const { passed, ...replayed } = await replaySteps(
    suite,
    target,
    { level, profile },
    begun,
  );
  const [first] = passed;
  const isAsked = steps.some((step) =>
    step.op !== "create" && !passed.includes(step)
  );
  if (first !== undefined && !isAsked && replayed.finding === undefined) {
    const why = begun[0].op === "create"
      ? "is nothing that it can be asked"
      : "is not 'create', which comes first";
    throw refuse(
      `step ${steps.indexOf(first) + 1} '${first.op}' ${
        suite.whyPassed?.(first) ?? why
      }`,
    );
  }
  return {
    target: suite.target,
    ...replayed,
    rules: rulesOf(suite, level),
    seed: undefined,
    shard: WHOLE_RUN,
    runs: undefined,
    replayed: path,
    programs: 1,
    steps: steps.length - passed.length,
  };
}

/** Reads a transcript; what is wrong with a line is told with its file. */
function parseReplay<One extends Step>(
  path: string,
  text: string,
  { target: kind, language }: Pick<
    Suite<Target, One>,
    "target" | "language"
  >,
): FindingTranscript<One> {
  return inTranscript(path, () =>
    parseFindingTranscript(text, ({ target }) => {
      // The machine of a language may have another name than a kind of target.
      const isOwn = target === kind || target === language.name;
      if (isOwn) return (fields) => language.parse(fields);
      throw new TranscriptError(
        1,
        `the field 'target' is '${target}', not '${kind}'`,
      );
    }));
}

function rulesOf(
  suite: { rules(level: Level): readonly Rule[] },
  level: Level,
): readonly Rule[] {
  const own = suite.rules(level);
  const rules = level === "exact" && !own.includes(EXACT)
    ? [...own, EXACT]
    : own;
  return [ANSWERS, ...rules];
}
