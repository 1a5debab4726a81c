/** What `zspec conform` prints. */
import { findingTranscript } from "../oracle/conform_transcript.ts";
import type { Finding } from "../oracle/finding.ts";
import type { Plan } from "../oracle/judge.ts";
import { junitXml } from "../report/junit.ts";
import { grouped } from "../report/table.ts";
import type { Rule } from "../rules/invariant.ts";

/** What came of a run. */
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
  const { target, plan, seed, replayed, programs, command, tested } = report;
  const profile = report.isProfileFound ? [] : ["--profile", plan.profile.name];
  const options = replayed === undefined
    ? [
      ...["--level", plan.level, ...profile],
      ...["--seed", `${seed}`, "--runs", `${Math.max(programs, 1)}`],
    ]
    : ["--replay", quoted(replayed)];
  return [command, target, ...options, tested].join(" ").trimEnd();
}

function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** For people. */
export function conformText(report: ConformReport): string {
  const { target, plan, finding, programs, steps, seconds } = report;
  const { level, profile } = plan;
  const how = `at level ${level} to ${profile.name}`;
  const ran = `${counted(programs, "program")}, ${counted(steps, "step")} in ${
    seconds.toFixed(1)
  } s`;
  if (finding === undefined) return `${target} conforms ${how}: ${ran}.\n`;
  return `${target} does not conform ${how}: ${finding.rule.id} after ${ran}.

${findingText(finding)}
${findingTranscript(target, plan, finding)}
To repeat it:

  ${repeatCommand(report)}
`;
}

function findingText({ rule, steps, expected, found }: Finding): string {
  return `  the rule   ${rule.sentence}
  its source ${rule.source}
  expected   ${JSON.stringify(expected)}
  found      ${JSON.stringify(found)}
  after      ${counted(steps.length, "step")}:
`;
}

/** For machines. */
export function conformJson(report: ConformReport): string {
  const { target, plan, seed, programs, steps, seconds, finding } = report;
  return JSON.stringify(
    {
      target,
      level: plan.level,
      profile: plan.profile.name,
      seed,
      programs,
      steps,
      seconds,
      command: repeatCommand(report),
      finding: finding === undefined ? undefined : {
        ...finding,
        transcript: findingTranscript(target, plan, finding),
      },
    },
    null,
    2,
  );
}

/** For continuous integration: a test case for each rule. */
export function conformJunit(report: ConformReport): string {
  const { target, plan, rules, finding, seconds } = report;
  const cases = rules.map((rule) => ({
    name: `${rule.id}: ${rule.sentence}`,
    failure: finding?.rule.id !== rule.id ? undefined : {
      message: `expected ${JSON.stringify(finding.expected)}, found ${
        JSON.stringify(finding.found)
      }`,
      text: `${findingTranscript(target, plan, finding)}${
        repeatCommand(report)
      }\n`,
    },
  }));
  return junitXml(`zspec conform ${target} ${plan.level}`, cases, seconds);
}
