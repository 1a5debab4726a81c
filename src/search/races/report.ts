/**
 * A schedule that breaks something, as kernel changelogs tell it: a column for
 * each CPU, a line for each stop, and the rule that spoke.
 */
import { assertHas } from "../../rules/argument.ts";
import { InvariantError } from "../../rules/invariant.ts";
import { hanging, wrap } from "../../report/wrap.ts";
import type { RaceFinding } from "./explore.ts";
import { type ColumnLine, columns } from "./report_columns.ts";
import { ordersText } from "./report_orders.ts";
import { scheduleLines } from "./report_stops.ts";
import { retrace, type Retraced } from "./retrace.ts";
import { RACE_RULES } from "./rules.ts";
import { type RaceTrial, THREAD_NAMES } from "./trial.ts";

/** What is told beside the schedule. */
export interface RaceTextOptions {
  /** What was explored, to begin with: `zram of linux-7.3`. */
  readonly title?: string;
  /** What was done before the threads began. */
  readonly before?: readonly string[];
  /** The most characters of a line; columns of three CPUs may need more. */
  readonly width?: number;
}

/** Characters of a line where nobody says how many. */
const WIDTH = 80;

/**
 * The text of a schedule: what each CPU did, in the order in which it happened,
 * and what that broke.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { exploreRaces, raceText, reads, writes } from "zspec";
 *
 * type Counter = { count: number };
 * const raise = {
 *   text: "raise",
 *   *begin(counter: Counter) {
 *     yield reads("the count", "raise, counter.c");
 *     const { count } = counter;
 *     yield writes("the count", "raise, counter.c");
 *     counter.count = count + 1;
 *   },
 * };
 * const trial = {
 *   threads: [[raise], [raise]],
 *   create: (): Counter => ({ count: 0 }),
 *   atRest: ({ count }: Counter) => count,
 * };
 * const { finding } = exploreRaces(trial);
 * const text = raceText(trial, finding ?? { schedule: "A1" });
 * assertStringIncludes(text, "races/linearizable is broken");
 * ```
 */
export function raceText<Subject>(
  trial: RaceTrial<Subject>,
  { schedule, error }: Pick<RaceFinding, "schedule"> & Partial<RaceFinding>,
  { title, before = [], width = WIDTH }: RaceTextOptions = {},
): string {
  assertHas("tell a race", "trial", trial, "threads", "a RaceTrial");
  const retraced = retrace(trial, schedule);
  const names = trial.threads.map((_, nth) => `CPU ${THREAD_NAMES[nth]}`);
  return [
    headline(title, retraced, names.length, error, width) +
    wrap("Time goes down. What is between two numbers happens at once.", width),
    beforeText(before, width),
    columns(names, endedLines(retraced, error), width),
    errorText(trial, retraced, error, width),
  ].filter((part) => part !== "").join("\n");
}

function headline(
  title: string | undefined,
  { stops, preemptions }: Retraced,
  cpus: number,
  error: unknown,
  width: number,
): string {
  const of = title === undefined ? "" : `${title}: `;
  const what = error === undefined
    ? "nothing is broken"
    : error instanceof InvariantError
    ? `${error.id} is broken`
    : "an operation fails";
  const figures = [
    count(cpus, "CPU"),
    count(stops.length, "step"),
    count(preemptions, "preemption"),
  ];
  return wrap(`${of}${what} (${figures.join(", ")}).`, width);
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? "" : "s"}`;
}

function beforeText(before: readonly string[], width: number): string {
  return before.length === 0
    ? ""
    : wrap(`Before, alone: ${before.join("; ")}`, width);
}

/** The lines of a schedule, and who waits where nobody can go on. */
function endedLines(retraced: Retraced, error: unknown): ColumnLine[] {
  const lines = scheduleLines(retraced);
  const isThere = retraced.stops.at(-1)?.error !== undefined;
  if (error !== undefined && !isThere && retraced.isDone) {
    lines.push({ text: "(everybody is done)" });
  }
  return lines;
}

function errorText<Subject>(
  trial: RaceTrial<Subject>,
  retraced: Retraced,
  error: unknown,
  width: number,
): string {
  if (error === undefined) return "";
  const isOrders = error instanceof InvariantError &&
    error.id === RACE_RULES.linearizable.id;
  return isOrders
    ? ruleText(error, width) + ordersText(trial, retraced, width)
    : raceErrorText(error, width);
}

/** What is broken, in words: the rule, where, what was expected and found. */
export function raceErrorText(error: unknown, width: number): string {
  if (!(error instanceof InvariantError)) {
    const message = error instanceof Error ? error.message : String(error);
    return wrap(`It throws: ${message}`, width);
  }
  const { where, expected, found } = error.violation;
  return ruleText(error, width) +
    detail("where", where, width) +
    detail("expected", String(expected), width) +
    detail("found", String(found), width);
}

function ruleText({ id, rule }: InvariantError, width: number): string {
  return wrap(`${id} is broken: ${rule.sentence}`, width) +
    detail("source", rule.source, width);
}

/** A name in a column of its own, and what it is. */
function detail(name: string, text: string, width: number): string {
  return hanging(`  ${name.padEnd(10)}`, text, width);
}
