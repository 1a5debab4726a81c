/** What `zspec conform` prints. */
import { ANSWERS } from "../judges/judge.ts";
import { junitXml } from "../report/junit.ts";
import { ktapResult } from "../report/ktap.ts";
import { unexercised, unexercisedText } from "../report/reach.ts";
import { counted } from "../report/table.ts";
import type { TestCase } from "../report/test_case.ts";
import type { Rule } from "../rules/invariant.ts";
import { type Shard, shortestRun } from "../search/batches.ts";
import type { ConformResult } from "../search/conform.ts";
import { describeFinding, type Finding } from "../search/finding.ts";
import { findingTranscript } from "../search/finding_transcript.ts";
import { pasteable } from "./invocation.ts";

/** What came of a run. */
export interface ConformOutcome extends Omit<ConformResult, "seed"> {
  /** The rules that were checked. */
  readonly rules: readonly Rule[];
  /** What the programs were made from; `undefined` for a transcript. */
  readonly seed: number | undefined;
  /** Which part of the programs were run. */
  readonly shard: Shard;
  /** Programs of the whole run; `undefined` where time ends it. */
  readonly runs: number | undefined;
  /** The transcript that was run, if one was. */
  readonly replayed: string | undefined;
}

/** All there is to tell of a run. */
export interface ConformReport extends ConformOutcome {
  /** What was put under test, as the command line ends: `-- COMMAND`. */
  readonly tested: string;
  /** The words that come before it: `zspec conform`. */
  readonly command: string;
  /** Whether the profile was found out of what was tested, and not named. */
  readonly isProfileFound: boolean;
  /** How long it took. */
  readonly seconds: number;
}

/** An argument as a shell reads it. */
export function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument)
    ? argument
    : `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** The one command that does the same again. */
function repeatCommand(report: ConformReport): string {
  const { target, plan, seed, shard, replayed, command, tested } = report;
  const { programs } = report;
  const profile = report.isProfileFound ? [] : ["--profile", plan.profile.name];
  const part = shard.count === 1
    ? []
    : ["--shard", `${shard.index}/${shard.count}`];
  const options = replayed === undefined
    ? [
      ...["--level", plan.level, ...profile, "--seed", `${seed}`],
      ...["--runs", `${shortestRun(Math.max(programs, 1), shard)}`, ...part],
    ]
    : ["--replay", quoted(replayed)];
  return [command, target, ...options, tested].join(" ").trimEnd();
}

/** The rules that count: that there is an answer is judged of every one. */
function countedOf({ rules }: ConformOutcome): readonly Rule[] {
  return rules.filter(({ id }) => id !== ANSWERS.id);
}

/** The rules of which a run says nothing. */
function silentOf(outcome: ConformOutcome): readonly string[] {
  return unexercised(countedOf(outcome), outcome.reach);
}

/** For people. */
export function conformText(report: ConformReport): string {
  const { target, plan, finding, programs, steps, seconds } = report;
  const { level, profile } = plan;
  const how = `at level ${level} to ${profile.name}`;
  const ran = `${counted(programs, "program")}, ${counted(steps, "step")} in ${
    seconds.toFixed(1)
  } s`;
  if (finding === undefined) return `${conformsText(report, how)}: ${ran}.\n`;
  return `${target} does not conform ${how}: ${finding.rule.id} after ${ran}.

${findingText(finding)}
${findingTranscript(target, plan, finding)}
To repeat it:

  ${pasteable(repeatCommand(report))}
`;
}

/** That nothing was found, and of how many rules that says anything. */
function conformsText(report: ConformReport, how: string): string {
  const { target } = report;
  const silent = silentOf(report);
  const most = countedOf(report).length;
  const exercised = most - silent.length;
  if (exercised === 0) {
    return `Nothing is known of how ${target} conforms ${how}, no rule was exercised`;
  }
  return `${
    unexercisedText(silent)
  }${target} conforms ${how}, ${exercised} of ${most} rules exercised`;
}

function findingText(finding: Finding): string {
  const { rule, steps, expected, found, shrinking } = finding;
  return `  the rule   ${rule.sentence}
  its source ${rule.source}
  expected   ${JSON.stringify(expected)}
  found      ${JSON.stringify(found)}
${shrinking === undefined ? "" : `  shrinking  ${shrinking}\n`}  after      ${
    counted(steps.length, "step")
  }:
`;
}

/** For machines. */
export function conformJson(report: ConformReport): string {
  const { target, plan, reach, seed, shard, finding } = report;
  const { programs, steps, seconds } = report;
  const { level, profile } = plan;
  const zeros = Object.fromEntries(countedOf(report).map(({ id }) => [id, 0]));
  return JSON.stringify(
    {
      search: `conform ${target} at level ${level} to ${profile.name}`,
      target,
      level,
      profile: profile.name,
      seed,
      shard,
      runs: report.runs,
      interrupted: false,
      programs,
      steps,
      seconds,
      machines: [
        { machine: target, programs, steps, reach: { ...zeros, ...reach } },
      ],
      command: repeatCommand(report),
      failure: finding && {
        machine: target,
        error: describeFinding(finding),
        command: repeatCommand(report),
      },
      finding: finding && {
        ...finding,
        transcript: findingTranscript(target, plan, finding),
      },
    },
    null,
    2,
  );
}

/** What became of each rule. */
function casesOf<Failure>(
  report: ConformReport,
  { nameOf, failureOf, skipped }: {
    nameOf(rule: Rule): string;
    failureOf(finding: Finding): Failure;
    readonly skipped: string;
  },
): TestCase<Failure>[] {
  const { rules, finding } = report;
  const silent = silentOf(report);
  return rules.map((rule) => {
    const name = nameOf(rule);
    if (finding?.rule.id === rule.id) {
      return { name, failure: failureOf(finding) };
    }
    return silent.includes(rule.id) ? { name, skipped } : { name };
  });
}

/** For continuous integration: a test case for each rule. */
export function conformJunit(report: ConformReport): string {
  const { target, plan, seconds } = report;
  const cases = casesOf(report, {
    nameOf: ({ id, sentence }) => `${id}: ${sentence}`,
    failureOf(finding) {
      const { expected, found } = finding;
      const message = `expected ${JSON.stringify(expected)}, found ${
        JSON.stringify(found)
      }`;
      const transcript = findingTranscript(target, plan, finding);
      const lines = [...shrinkingLines(finding), repeatCommand(report)];
      return { message, text: `${transcript}${lines.join("\n")}\n` };
    },
    skipped: "not exercised",
  });
  return junitXml(`zspec conform ${target} ${plan.level}`, cases, seconds);
}

/** For the kernel's own test tools: a subtest for each rule. */
export function conformKtap(report: ConformReport): string {
  const { plan, finding } = report;
  const cases = casesOf(report, {
    nameOf: ({ id }) => id,
    failureOf: (finding) => failureLines(report, finding),
    skipped: "nothing exercised it",
  });
  const isSilent = silentOf(report).length === countedOf(report).length;
  return ktapResult(
    ktapName(report.target, plan.level),
    cases,
    finding === undefined,
    finding === undefined && isSilent ? "no rule was exercised" : undefined,
  );
}

/** What a conformance run is called there. */
export function ktapName(target: string, level: string): string {
  return `zspec ${target} ${level}`;
}

/** How a rule is broken, by what program, and how that is repeated. */
function failureLines(report: ConformReport, finding: Finding): string[] {
  const { target, plan, seed } = report;
  return [
    `rule: ${finding.rule.id}: ${finding.rule.sentence}`,
    `source: ${finding.rule.source}`,
    ...(seed === undefined ? [] : [`seed: ${seed}`]),
    ...shownLines("expected", finding.expected),
    ...shownLines("found", finding.found),
    ...shrinkingLines(finding),
    `program, ${counted(finding.steps.length, "step")}:`,
    findingTranscript(target, plan, finding),
    `repeat: ${repeatCommand(report)}`,
  ];
}

/** What is said of shrinking that did not come to its end. */
function shrinkingLines({ shrinking }: Finding): string[] {
  return shrinking === undefined ? [] : [`shrinking ${shrinking}`];
}

/** A value, and the lines of a text in it, such as a console's. */
function shownLines(what: string, value: unknown): string[] {
  const texts = typeof value === "object" && value !== null
    ? Object.values(value).filter((one): one is string =>
      typeof one === "string" && one.includes("\n")
    )
    : [];
  return texts.length > 0
    ? [`${what}:`, ...texts]
    : [`${what}: ${JSON.stringify(value)}`];
}
