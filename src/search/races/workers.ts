/** Rooms explored by several workers, each on a thread of its own. */
import { batchesOf, countBatches, type Shard } from "../batches.ts";
import {
  type Crew,
  crewOf,
  failTurn,
  runCrew,
  runTurn,
  type Turn,
} from "../crew.ts";
import { listen } from "../listen.ts";
import type { RaceSearch } from "./programs.ts";
import { type RaceProgram, raceProgramText } from "./room.ts";
import { RACE_RULES } from "./rules.ts";
import {
  type FoundRaceMessage,
  type ProgramEnd,
  type ProgramFigures,
  type RaceReport,
  type RaceTask,
  type RaceWork,
  SHRINK_RACE_MILLISECONDS,
} from "./task.ts";

/** A room, and the kernel that it is of, described. */
export interface RoomAsked {
  /** The room's name. */
  readonly room: string;
  /** The kernel. */
  readonly profile: string;
}

/** Which programs: some at random, or one. */
export type RacePrograms =
  | { readonly seed: number; readonly programs: number; readonly shard: Shard }
  | { readonly program: RaceProgram; readonly seed: number };

/** What {@linkcode raceInWorkers} is told. */
export interface RaceWorkersOptions {
  /** The module that a worker runs, which serves the rooms. */
  readonly worker: URL;
  /** The rooms, which take turns. */
  readonly rooms: readonly RoomAsked[];
  /** The programs of each. */
  readonly work: RacePrograms;
  /** Which schedules of each program. */
  readonly search: RaceSearch;
  /** Workers. */
  readonly jobs: number;
  /** Milliseconds after which no schedule is begun. */
  readonly milliseconds: number;
  /** Milliseconds that one schedule may take. */
  readonly scheduleMilliseconds: number;
  /** Stops everything. */
  readonly signal: AbortSignal;
  /** The clock, in milliseconds. */
  readonly now: () => number;
  /** Called after each program. */
  onProgram(): void;
  /** Called where every schedule up to a bound held. */
  onBound(figures: ProgramFigures): void;
}

/** What was explored of one room. */
export interface RoomCount extends RoomAsked {
  /** Programs. */
  programs: number;
  /** Their schedules that differ. */
  schedules: number;
  /** Schedules that were run, those of every bound. */
  runs: number;
  /** Their stops. */
  stops: number;
  /** Programs of which every schedule up to the bound was run. */
  whole: number;
  /** Programs that have no schedules beyond those that were run. */
  all: number;
  /** Programs of which `schedules` were run and there are more. */
  capped: number;
  /** Milliseconds that workers were at it. */
  busy: number;
}

/** A program of a room that breaks something. */
export interface RaceFailure extends RoomAsked {
  /** The program, and its schedule. */
  readonly found: FoundRaceMessage;
}

/** What the workers did. */
export interface RacesResult {
  /** One for each room, in their order. */
  readonly counts: readonly RoomCount[];
  /** What the first batch broke that broke something. */
  readonly failure: RaceFailure | undefined;
}

/** Some programs of one room. */
interface RoomTurn extends Turn {
  readonly asked: RoomAsked;
  readonly work: RaceWork;
  readonly count: RoomCount;
}

/**
 * Explores rooms in workers until a program breaks something, which one depends
 * on the seed alone.
 */
export async function raceInWorkers(
  options: RaceWorkersOptions,
): Promise<RacesResult> {
  const { worker, rooms, signal, now } = options;
  const counts = rooms.map(nothingCounted);
  const end = now() + options.milliseconds;
  const crew = crewOf<RoomTurn, RaceFailure>(turnsOf(options, counts, end));
  await runCrew(crew, {
    module: worker,
    jobs: Math.min(options.jobs, countTurns(options)),
    signal,
    begin: (worker) => isThere(worker, signal),
    run: (worker, turn) => explore(crew, options, worker, turn, end - now()),
  });
  return { counts, failure: crew.failed?.failure };
}

function nothingCounted(asked: RoomAsked): RoomCount {
  return {
    ...asked,
    programs: 0,
    schedules: 0,
    runs: 0,
    stops: 0,
    whole: 0,
    all: 0,
    capped: 0,
    busy: 0,
  };
}

/** How many turns there are: no more workers have anything to do. */
function countTurns({ rooms, work }: RaceWorkersOptions): number {
  return rooms.length *
    ("program" in work ? 1 : countBatches(work.programs, work.shard));
}

/** The first batch of each room, then the second, … as long as there is time. */
function* turnsOf(
  { rooms, work, now }: RaceWorkersOptions,
  counts: readonly RoomCount[],
  end: number,
): Generator<RoomTurn> {
  let order = 0;
  const works = "program" in work ? [work] : batchWorks(work);
  for (const one of works) {
    for (const [nth, asked] of rooms.entries()) {
      if (now() >= end) return;
      yield { order: order++, asked, work: one, count: counts[nth] };
    }
  }
}

function* batchWorks(
  { seed, programs, shard }: Exclude<RacePrograms, { program: RaceProgram }>,
): Generator<RaceWork> {
  for (const batch of batchesOf(seed, programs, shard)) yield { batch };
}

/**
 * Waits until a worker has read what it runs, which takes as long as it takes:
 * only then is a schedule expected to end. Answers whether that is so before
 * all is closed.
 */
function isThere(worker: Worker, signal: AbortSignal): Promise<boolean> {
  const { promise, end } = listen<RaceReport, boolean>(
    worker,
    "explore",
    (one, end) => end(one === "there"),
  );
  if (signal.aborted) end(false);
  signal.addEventListener("abort", () => end(false), { once: true });
  return promise;
}

/** Has a worker explore a turn's programs; answers whether it did so to the end. */
function explore(
  crew: Crew<RoomTurn, RaceFailure>,
  options: RaceWorkersOptions,
  worker: Worker,
  turn: RoomTurn,
  milliseconds: number,
): Promise<boolean> {
  const { asked, work, count } = turn;
  const { search, scheduleMilliseconds } = options;
  const fail = (found: FoundRaceMessage) =>
    failTurn(crew, turn, { ...asked, found });
  let program: RaceProgram | undefined;
  /** Of a program that is not done. */
  let soFar = { runs: 0, milliseconds: 0 };
  return runTurn(crew, worker, turn, {
    task: { ...asked, work, search, milliseconds } satisfies RaceTask,
    what: `explore ${asked.room}`,
    patience: scheduleMilliseconds,
    shrinking: SHRINK_RACE_MILLISECONDS,
    report(one: Exclude<RaceReport, "done" | "there">) {
      if ("begun" in one) program = one.begun;
      else if ("bound" in one) options.onBound(one.bound);
      else if ("found" in one) fail(one.found);
      else if ("runs" in one) soFar = one;
      else {
        soFar = { runs: 0, milliseconds: 0 };
        countProgram(count, one);
        options.onProgram();
      }
    },
    /** A schedule does not end, or one that was found is being shrunk. */
    silent() {
      if (program === undefined || crew.failed?.turn === turn) return;
      fail(endless(program, scheduleMilliseconds));
    },
    /** What is known of its program counts. */
    ended() {
      count.runs += soFar.runs;
      count.schedules += soFar.runs;
      count.busy += soFar.milliseconds;
    },
  });
}

function countProgram(
  count: RoomCount,
  { explored, end, milliseconds }: Extract<RaceReport, { end: ProgramEnd }>,
): void {
  count.programs++;
  count.schedules += explored.schedules;
  count.runs += explored.runs;
  count.stops += explored.stops;
  count.busy += milliseconds;
  if (explored.isAll) count.all++;
  if (end === "whole") count.whole++;
  if (end === "capped") count.capped++;
}

/** What is found of a program of which a schedule does not end. */
function endless(program: RaceProgram, milliseconds: number): FoundRaceMessage {
  const violation = {
    where: raceProgramText(program),
    expected: "an end",
    found: `none within ${milliseconds / 1000} seconds`,
  };
  const fault = { rule: RACE_RULES.livelock, violation };
  return { program, fault, isSmallest: false };
}
