/** What `zspec races` prints. */
import { fittedTable } from "../report/fitted_table.ts";
import { counted, grouped, perSecond, table } from "../report/table.ts";
import { wrap } from "../report/wrap.ts";
import { isEmptyShard } from "../search/batches.ts";
import type { RaceFinding } from "../search/races/explore.ts";
import { errorOf, faultOf } from "../search/races/fault.ts";
import { raceErrorText, raceText } from "../search/races/report.ts";
import { raceProgramText } from "../search/races/room.ts";
import { RACE_RULES } from "../search/races/rules.ts";
import type { ProgramFigures } from "../search/races/task.ts";
import type {
  RaceFailure,
  RacesResult,
  RoomCount,
} from "../search/races/workers.ts";
import {
  type PlannedRoom,
  RACE_SCHEDULES,
  type RacesPlan,
  type ReplayPlan,
} from "./races_plan.ts";
import { pasteable } from "./invocation.ts";

/** What was done. */
export interface RacesOutcome extends RacesResult {
  /** What every number of preemptions came to, where one program was given. */
  readonly bounds: readonly ProgramFigures[];
  /** How long it took. */
  readonly seconds: number;
  /** Whether it was stopped by a signal. */
  readonly interrupted: boolean;
}

/**
 * For people: what was explored, or what is broken; sentences in lines of
 * `width` characters, and the table of as many as `tables`.
 */
export function racesText(
  plan: RacesPlan,
  outcome: RacesOutcome,
  width: number,
  tables: number = width,
): string {
  const { failure } = outcome;
  if (failure !== undefined) {
    return failureText(plan, outcome, failure, width);
  }
  return plan.program === undefined
    ? programsText(plan, outcome, width, tables)
    : givenText(plan, outcome, width);
}

/** Which schedules, in words. */
function searchText({ search }: RacesPlan): string {
  if ("depth" in search) return `by PCT of depth ${search.depth}`;
  return Number.isFinite(search.preemptions)
    ? `to ${counted(search.preemptions, "preemption")}`
    : "every schedule";
}

function programsText(
  plan: RacesPlan,
  outcome: RacesOutcome,
  width: number,
  tables: number,
): string {
  const { counts, seconds } = outcome;
  const programs = sum(counts, "programs");
  const end = `${counted(programs, "program")} in ${seconds.toFixed(1)} s. ${
    verdictOf(plan, outcome, programs)
  }`;
  return `${countsText(plan, counts, tables)}\n${
    wrap(`${wholeText(plan, counts)}${end}`, width)
  }`;
}

/** One figure of all rooms. */
function sum(
  counts: readonly RoomCount[],
  figure: "programs" | "runs" | "all" | "capped",
): number {
  return counts.reduce((total, one) => total + one[figure], 0);
}

function countsText(
  plan: RacesPlan,
  counts: readonly RoomCount[],
  width: number,
): string {
  const isPct = "depth" in plan.search;
  const figures = ["programs", "schedules", "stops", "schedules/s"];
  return fittedTable(
    [
      { title: "room", align: "left" },
      { title: "kernel", align: "left" },
      ...[...figures, ...isPct ? [] : ["wholly"]].map((title, nth) => ({
        title,
        importance: title === "schedules" ? 1 : -nth,
      })),
    ],
    counts.map((count) => [
      count.room,
      count.profile,
      ...[count.programs, count.schedules, count.stops].map(grouped),
      grouped(perSecond(count.runs, count.busy, plan.jobs)),
      ...isPct ? [] : [grouped(count.whole)],
    ]),
    width,
  );
}

/** What was explored wholly, and what was not. */
function wholeText(plan: RacesPlan, counts: readonly RoomCount[]): string {
  if ("depth" in plan.search) return "";
  const [all, capped] = [sum(counts, "all"), sum(counts, "capped")];
  const late = counts.reduce(
    (total, { programs, whole, capped }) => total + programs - whole - capped,
    0,
  );
  const rest = capped === 0
    ? ""
    : ` ${counted(capped, "program")} ${
      capped === 1 ? "has" : "have"
    } more, of which the first ${grouped(RACE_SCHEDULES)} were run.`;
  return `Wholly: every schedule ${searchText(plan)} was run; ${
    counted(all, "program")
  } of them ${all === 1 ? "has" : "have"} no other.${rest}${
    late === 0 ? "" : ` ${counted(late, "program")} ended with the time.`
  } `;
}

function verdictOf(
  { programs: asked, shard }: RacesPlan,
  { interrupted }: RacesOutcome,
  explored: number,
): string {
  if (interrupted) return "Interrupted: they held so far.";
  if (isEmptyShard(asked, shard)) return "The shard has no programs.";
  return explored === 0
    ? "Nothing was explored, so nothing is known to hold."
    : "All hold.";
}

/** What came of threads that were given. */
function givenText(
  plan: RacesPlan,
  outcome: RacesOutcome,
  width: number,
): string {
  const { counts: [count], bounds, seconds } = outcome;
  const rate = grouped(perSecond(count.runs, count.busy));
  const end = verdictOf(plan, outcome, count.runs);
  return boundsText(bounds) + wrap(givenVerdict(plan, outcome), width) +
    `${counted(count.runs, "run")}, ${counted(count.stops, "stop")} in ${
      seconds.toFixed(1)
    } s: ${rate} schedules a second. ${end}\n`;
}

function boundsText(bounds: readonly ProgramFigures[]): string {
  if (bounds.length === 0) return "";
  return table(
    [{ title: "preemptions" }, { title: "schedules" }],
    bounds.map(({ preemptions, schedules }, nth) => [
      nth === 0 ? "none" : `up to ${preemptions}`,
      grouped(schedules),
    ]),
  ) + "\n";
}

/** Whether these schedules are all that there are. */
function givenVerdict(
  { search, milliseconds }: RacesPlan,
  { counts: [count], bounds, interrupted }: RacesOutcome,
): string {
  const last = bounds.at(-1);
  if ("depth" in search) {
    return `${
      counted(count.runs, "schedule")
    } of PCT of depth ${search.depth} ${
      count.runs === 1 ? "was" : "were"
    } tried; which others there are is not known.`;
  }
  if (last?.isAll) {
    return `These are all the schedules that there are: ${
      counted(last.schedules, "schedule")
    }.`;
  }
  const whole = last === undefined
    ? "Not even those without a preemption were all run."
    : `All of the ${counted(last.schedules, "schedule")} with up to ${
      counted(last.preemptions, "preemption")
    } were run.`;
  if (last !== undefined && last.preemptions >= search.preemptions) {
    return `${whole} There are more with more.`;
  }
  const why = interrupted
    ? "The search was interrupted"
    : `The search was cut after ${milliseconds / 1000} s`;
  return `${why}. ${whole} Beyond that ${
    grouped(count.runs - (last?.runs ?? 0))
  } were tried; --pct D or a longer --time tries others.`;
}

/** The command that runs a schedule again. */
export function replayCommand(
  { room, profile, found: { program, schedule } }: RaceFailure,
): string {
  const text = raceProgramText(program);
  return schedule === undefined
    ? `zspec races ${room} --profile ${profile} --threads '${text}'`
    : `zspec races ${room} --replay '${text} @ ${schedule} @ ${profile}'`;
}

function failureText(
  plan: RacesPlan,
  { counts, seconds }: RacesOutcome,
  failure: RaceFailure,
  width: number,
): string {
  const { found } = failure;
  const shrunk = found.isSmallest
    ? "Nothing smaller breaks that rule."
    : "There may be something smaller that breaks that rule.";
  const whence = `Found after ${counted(sum(counts, "runs"), "schedule")} of ${
    counted(sum(counts, "programs"), "program")
  }; to find and shrink it took ${seconds.toFixed(1)} s. ${shrunk}`;
  return `${foundText(plan.rooms, failure, width)}
${wrap(whence, width)}
To run it again:

  ${pasteable(replayCommand(failure))}
`;
}

/** The columns of a failure, and the rule. */
function foundText(
  rooms: readonly PlannedRoom[],
  { room, profile, found }: RaceFailure,
  width: number,
): string {
  const error = errorOf(found.fault);
  const { program, schedule } = found;
  const planned = rooms.find((one) => one.room.name === room);
  if (schedule === undefined || planned === undefined) {
    return `${room} of ${profile}: ${raceErrorText(error, width)}`;
  }
  return replayText(
    { ...planned, program, schedule },
    { schedule, error },
    width,
  );
}

/** What a schedule did, for people, and what it broke. */
export function replayText(
  { room, profile, program, schedule }: ReplayPlan,
  finding: RaceFinding | undefined,
  width: number,
): string {
  return room.explore(
    profile,
    program,
    (trial) =>
      raceText(trial, finding ?? { schedule }, {
        title: `${room.name} of ${profile.name}`,
        before: program.before,
        width,
      }),
  );
}

/** The same for machines. */
export function replayResult(
  { room, profile, program, schedule }: ReplayPlan,
  finding: RaceFinding | undefined,
): unknown {
  return {
    room: room.name,
    kernel: profile.name,
    program: raceProgramText(program),
    schedule: finding?.schedule ?? schedule,
    broken: finding && faultOf(finding.error),
  };
}

/** For machines. */
export function racesResult(plan: RacesPlan, outcome: RacesOutcome): unknown {
  const { seed, jobs, shard, programs, program } = plan;
  const { counts, bounds, failure, seconds, interrupted } = outcome;
  const runs = program === undefined && Number.isFinite(programs)
    ? programs
    : undefined;
  return {
    search: `races of ${kernelsText(plan)}, ${searchText(plan)}`,
    program: program && raceProgramText(program),
    seed,
    shard,
    runs,
    jobs,
    seconds,
    interrupted,
    bounds: program && bounds,
    machines: counts.map(partOf),
    failure: failure && failureResult(failure),
  };
}

function kernelsText({ rooms }: RacesPlan): string {
  return [...new Set(rooms.map(({ profile }) => profile.name))].join(", ");
}

/** A room as 'zspec merge' reads it, with figures of its own. */
function partOf({ room, profile, ...count }: RoomCount) {
  // Each schedule is judged by each of these.
  const rules = Object.values(RACE_RULES).map(({ id }) => [id, count.runs]);
  return {
    machine: room,
    kernel: profile,
    ...count,
    steps: count.stops,
    reach: Object.fromEntries(rules),
  };
}

function failureResult(failure: RaceFailure) {
  const { room, profile, found } = failure;
  const { program, schedule, fault, isSmallest } = found;
  return {
    machine: room,
    kernel: profile,
    program: raceProgramText(program),
    schedule,
    isSmallest,
    broken: fault,
    error: errorOf(fault).message,
    command: replayCommand(failure),
  };
}
