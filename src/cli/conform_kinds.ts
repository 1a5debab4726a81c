/** What can be put under test, and how each is run. */
import type { Profile } from "../linux/profile.ts";
import { profileNamed } from "../linux/profile.ts";
import type { Rule } from "../rules/invariant.ts";
import type { ChildOptions } from "../oracle/child.ts";
import {
  childZram,
  childZsmalloc,
  childZswap,
  type Ending,
} from "../oracle/child_targets.ts";
import { conform, replayFinding } from "../oracle/conform.ts";
import { parseFindingTranscript } from "../oracle/conform_transcript.ts";
import { type Finding, findingOf } from "../oracle/finding.ts";
import {
  ANSWERS,
  EXACT,
  type Level,
  type Plan,
  type Step,
  type Suite,
} from "../oracle/judge.ts";
import type { Target } from "../oracle/target.ts";
import { TranscriptError } from "../oracle/transcript.ts";
import { ZRAM_SUITE } from "../oracle/zram_suite.ts";
import { ZSMALLOC_SUITE } from "../oracle/zsmalloc_suite.ts";
import { ZSWAP_SUITE } from "../oracle/zswap_suite.ts";

/** What is asked for. */
export interface Asked {
  /** How much of the implementation. */
  readonly level: Level;
  /** The kernel. */
  readonly profile: Profile;
  /** Programs. */
  readonly runs: number;
  /** What they are made from. */
  readonly seed: number;
  /** A transcript that is to be run instead. */
  readonly replay: { readonly path: string; readonly text: string } | undefined;
}

/** How it is run. */
export interface Running extends Asked {
  /** How long a finding is shrunk. */
  readonly shrinkMilliseconds: number;
  /** The time in milliseconds. */
  now(): number;
  /** Told how many programs were run. */
  onProgram(programs: number): void;
}

/** What came of it. */
export interface ConformOutcome {
  /** What kind of target. */
  readonly target: string;
  /** What it was judged by. */
  readonly plan: Plan;
  /** The rules that were checked. */
  readonly rules: readonly Rule[];
  /** What the programs were made from; `undefined` for a transcript. */
  readonly seed: number | undefined;
  /** The transcript that was run, if one was. */
  readonly replayed: string | undefined;
  /** Programs that were run. */
  readonly programs: number;
  /** Their steps. */
  readonly steps: number;
  /** How it fails, if it does. */
  readonly finding: Finding | undefined;
}

/** An implementation that is open. */
export interface OpenTarget {
  /** Runs programs, or the transcript. */
  run(running: Running): Promise<ConformOutcome>;
  /** Lets it go, whatever it does. */
  close(): Promise<void>;
}

/** A kind of target, as the command opens it. */
export interface ConformKind {
  /** Takes hold of an implementation in a child process. */
  open(options: ChildOptions): OpenTarget;
}

function kind<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  start: (options: ChildOptions) => T & Ending,
): ConformKind {
  return {
    open(options) {
      const target = start(options);
      return {
        run: (running) => runTarget(suite, target, running),
        async close() {
          await target.restart();
        },
      };
    },
  };
}

/** The kinds by their names. */
export const CONFORM_KINDS: Readonly<Record<string, ConformKind>> = {
  zsmalloc: kind(ZSMALLOC_SUITE, childZsmalloc),
  zram: kind(ZRAM_SUITE, childZram),
  zswap: kind(ZSWAP_SUITE, childZswap),
};

/** Runs a suite against a child, which must end when its input ends. */
async function runTarget<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  target: T & Ending,
  running: Running,
): Promise<ConformOutcome> {
  const outcome = await runSuite(suite, target, running);
  if (outcome.finding !== undefined) return outcome;
  try {
    await target.end();
    return outcome;
  } catch (error) {
    return { ...outcome, finding: findingOf(error, []) };
  }
}

/** Runs programs, or the transcript, against any target. */
export function runSuite<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  target: T,
  running: Running,
): Promise<ConformOutcome> {
  return running.replay === undefined
    ? runPrograms(suite, target, running)
    : runTranscript(suite, target, running.replay);
}

async function runPrograms<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  target: T,
  { level, profile, runs, seed, shrinkMilliseconds, now, onProgram }: Running,
): Promise<ConformOutcome> {
  let shrinkingSince: number | undefined;
  const result = await conform(suite, target, {
    level,
    profile,
    runs,
    seed,
    onProgram,
    isShrunk() {
      shrinkingSince ??= now();
      return now() - shrinkingSince > shrinkMilliseconds;
    },
  });
  return { ...result, rules: rulesOf(suite, level), replayed: undefined };
}

async function runTranscript<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  target: T,
  { path, text }: { readonly path: string; readonly text: string },
): Promise<ConformOutcome> {
  const { header, steps } = parseFindingTranscript(text, suite.parse);
  const profile = profileNamed(header.profile);
  if (header.target !== suite.target || profile === undefined) {
    throw new TranscriptError(
      1,
      `the field 'target' is '${header.target}', not '${suite.target}'`,
    );
  }
  const asked = { level: header.level, profile };
  const { plan, finding } = await replayFinding(suite, target, asked, steps);
  return {
    target: suite.target,
    plan,
    rules: rulesOf(suite, header.level),
    seed: undefined,
    replayed: path,
    programs: 1,
    steps: steps.length,
    finding,
  };
}

function rulesOf(
  { rules }: { readonly rules: readonly Rule[] },
  level: Level,
): readonly Rule[] {
  return level === "exact" ? [ANSWERS, ...rules, EXACT] : [ANSWERS, ...rules];
}
