/** What a thread that explores is told and tells, and how it does its work. */
import type { Profile } from "../../linux/profile.ts";
import { type Batch, placesOf } from "../batches.ts";
import type { Explored, RaceFinding } from "./explore.ts";
import { faultOf, type RaceFault } from "./fault.ts";
import { raceProgramAt, type RaceSearch, searching } from "./programs.ts";
import type { RaceProgram, RaceRoom } from "./room.ts";
import { shrinkRace } from "./shrink.ts";

/** What is to be explored: the random programs of a batch, or one. */
export type RaceWork =
  | { readonly batch: Batch }
  | { readonly program: RaceProgram; readonly seed: number };

/** What a thread is told. */
export interface RaceTask {
  /** The room's name. */
  readonly room: string;
  /** The kernel, described. */
  readonly profile: string;
  /** The programs. */
  readonly work: RaceWork;
  /** Which of their schedules. */
  readonly search: RaceSearch;
  /** Milliseconds after which no schedule is begun. */
  readonly milliseconds: number;
}

/** What came of one program, or has so far. */
export type ProgramFigures = Omit<Explored, "finding">;

/** A program that breaks something, and the schedule. */
export interface FoundRaceMessage {
  /** The program. */
  readonly program: RaceProgram;
  /** The schedule: `A3 B2 A1`; none where it did not end. */
  readonly schedule?: string;
  /** What it breaks. */
  readonly fault: RaceFault;
  /** Whether nothing smaller does. */
  readonly isSmallest: boolean;
}

/**
 * How exploring a program ended: every schedule was run that was asked for, or
 * as many as a program may have, or time was up, or one broke something.
 */
export type ProgramEnd = "whole" | "capped" | "late" | "broken";

/**
 * What a thread tells: that it is there; which program it begins, how far it is
 * with a program, that every schedule up to a bound held, that a program was
 * explored, that one breaks something (as it was found, then again when it is
 * shrunk), that the task is done.
 */
export type RaceReport =
  | { readonly begun: RaceProgram }
  | { readonly runs: number; readonly milliseconds: number }
  | { readonly bound: ProgramFigures }
  | {
    readonly explored: ProgramFigures;
    readonly end: ProgramEnd;
    readonly milliseconds: number;
  }
  | { readonly found: FoundRaceMessage }
  | "there"
  | "done";

/** Milliseconds between two tellings of how far a thread is. */
const MILLISECONDS_TOLD = 200;

/** How long a program that breaks something is shrunk, in milliseconds. */
export const SHRINK_RACE_MILLISECONDS = 20_000;

/** Explores the programs of a task up to the first that breaks something. */
export function exploreTask(
  room: RaceRoom,
  profile: Profile,
  task: RaceTask,
  report: (one: RaceReport) => void,
): void {
  const { search, milliseconds } = task;
  const end = performance.now() + milliseconds;
  for (const { program, seed } of programsOf(room, profile, task)) {
    report({ begun: program });
    const pace = paceOf(end, report);
    const way = searching(search, {
      seed,
      goesOn: pace.goesOn,
      onBound: (explored) => report({ bound: figuresOf(explored) }),
    });
    const explored = room.explore(profile, program, way);
    const { finding } = explored;
    const how = endOf(explored, search, pace.isOver());
    report({
      explored: figuresOf(explored),
      end: how,
      milliseconds: pace.milliseconds(),
    });
    if (finding !== undefined) {
      return reportFinding(room, profile, { program, finding }, report);
    }
    if (how === "late") return;
  }
}

function endOf(
  { finding, isAll, preemptions, schedules }: Explored,
  search: RaceSearch,
  isLate: boolean,
): ProgramEnd {
  if (finding !== undefined) return "broken";
  const isWhole = "depth" in search
    ? schedules === search.schedules
    : isAll || preemptions >= search.preemptions;
  return isWhole ? "whole" : isLate ? "late" : "capped";
}

function* programsOf(
  room: RaceRoom,
  profile: Profile,
  { work, search }: RaceTask,
): Generator<{ readonly program: RaceProgram; readonly seed: number }> {
  if ("program" in work) return yield work;
  for (const place of placesOf([work.batch])) {
    const program = raceProgramAt(room, profile, place, search);
    yield { program, seed: place.seed + place.nth >>> 0 };
  }
}

/** Whether there is time left; tells now and then that a thread is at work. */
function paceOf(end: number, report: (one: RaceReport) => void) {
  let isOver = false;
  let runs = 0;
  const started = performance.now();
  let told = started;
  return {
    isOver: () => isOver,
    milliseconds: () => performance.now() - started,
    goesOn() {
      runs++;
      const now = performance.now();
      if (now - told > MILLISECONDS_TOLD) {
        told = now;
        report({ runs, milliseconds: now - started });
      }
      isOver = now >= end;
      return !isOver;
    },
  };
}

function figuresOf(explored: Explored): ProgramFigures {
  const { schedules, runs, stops, preemptions, isAll } = explored;
  return { schedules, runs, stops, preemptions, isAll };
}

/** Tells of a finding at once, and again when it is shrunk. */
function reportFinding(
  room: RaceRoom,
  profile: Profile,
  found: { readonly program: RaceProgram; readonly finding: RaceFinding },
  report: (one: RaceReport) => void,
): void {
  const messageOf = (
    { program, finding: { schedule, error } }: typeof found,
    isSmallest: boolean,
  ) => ({ program, schedule, fault: faultOf(error), isSmallest });
  report({ found: messageOf(found, false) });
  const end = performance.now() + SHRINK_RACE_MILLISECONDS;
  const isTimeUp = () => performance.now() > end;
  const shrunk = shrinkRace(room, profile, found, isTimeUp);
  report({ found: messageOf(shrunk, shrunk.isSmallest) });
}
