/** Rooms explored by several workers, each on a thread of its own. */
import { batchesOf, countBatches, type Shard } from "../batches.ts";
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

/** Some programs of one room, and their place among all. */
interface Turn {
  readonly order: number;
  readonly asked: RoomAsked;
  readonly work: RaceWork;
  readonly count: RoomCount;
}

/** What the workers share. */
interface Crew {
  readonly options: RaceWorkersOptions;
  readonly turns: Generator<Turn>;
  /** When no schedule is begun any more. */
  readonly end: number;
  /** Ends those that are under way. */
  readonly running: Map<Turn, () => void>;
  failed: { readonly turn: Turn; readonly failure: RaceFailure } | undefined;
  isClosed: boolean;
}

/**
 * Explores rooms in workers until a program breaks something. Which program
 * that is depends on the seed, not on how many workers there are: batches
 * before the one that it is in are explored to their end.
 */
export async function raceInWorkers(
  options: RaceWorkersOptions,
): Promise<RacesResult> {
  const { rooms, signal, now, milliseconds } = options;
  const counts = rooms.map(nothingCounted);
  const crew: Crew = {
    options,
    turns: turnsOf(options, counts),
    end: now() + milliseconds,
    running: new Map(),
    failed: undefined,
    isClosed: signal.aborted,
  };
  const stop = () => close(crew, () => true);
  signal.addEventListener("abort", stop);
  try {
    const jobs = Math.min(options.jobs, countTurns(options));
    const workers = Array.from({ length: jobs }, () => work(crew));
    await Promise.all(workers);
  } finally {
    stop();
    signal.removeEventListener("abort", stop);
  }
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

/** The first batch of each room, then the second, … */
function* turnsOf(
  { rooms, work }: RaceWorkersOptions,
  counts: readonly RoomCount[],
): Generator<Turn> {
  let order = 0;
  const works = "program" in work ? [work] : batchWorks(work);
  for (const one of works) {
    for (const [nth, asked] of rooms.entries()) {
      yield { order: order++, asked, work: one, count: counts[nth] };
    }
  }
}

function* batchWorks(
  { seed, programs, shard }: Exclude<RacePrograms, { program: RaceProgram }>,
): Generator<RaceWork> {
  for (const batch of batchesOf(seed, programs, shard)) yield { batch };
}

/** Hands out no more, and ends what is under way that `ends` names. */
function close(crew: Crew, ends: (turn: Turn) => boolean): void {
  crew.isClosed = true;
  for (const [turn, end] of crew.running) if (ends(turn)) end();
}

/** One worker's life: turns until there are none, or until one is ended. */
async function work(crew: Crew): Promise<void> {
  const worker = new Worker(crew.options.worker, { type: "module" });
  try {
    if (!await isThere(worker, crew)) return;
    // Closed or late before a turn is taken, lest it be lost.
    while (!crew.isClosed && crew.options.now() < crew.end) {
      const { done, value: turn } = crew.turns.next();
      if (done || !await runTurn(crew, worker, turn)) return;
    }
  } finally {
    worker.terminate();
  }
}

/**
 * Waits until a worker has read what it runs, which takes as long as it takes:
 * only then is a schedule expected to end. Answers whether that is so before
 * all is closed.
 */
function isThere(worker: Worker, { options }: Crew): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  worker.onmessage = ({ data }: MessageEvent<RaceReport>) =>
    resolve(data === "there");
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`Cannot explore: ${event.message}`));
  };
  const { signal } = options;
  if (signal.aborted) resolve(false);
  signal.addEventListener("abort", () => resolve(false), { once: true });
  return promise;
}

/** Has a worker do a turn; returns whether it did so to the end. */
async function runTurn(
  crew: Crew,
  worker: Worker,
  turn: Turn,
): Promise<boolean> {
  const { now, search, scheduleMilliseconds } = crew.options;
  const { asked } = turn;
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const heard = hearing(crew, turn);
  const silence = watchdog(() => {
    heard.nothing();
    resolve(false);
  });
  crew.running.set(turn, () => {
    heard.noMore();
    resolve(false);
  });
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`Cannot explore ${asked.room}: ${event.message}`));
  };
  worker.onmessage = ({ data }: MessageEvent<RaceReport>) => {
    if (data === "done") return resolve(true);
    if (data === "there") throw new Error("a worker is there twice");
    const isShrunkNext = "found" in data;
    silence.wait(
      scheduleMilliseconds + (isShrunkNext ? SHRINK_RACE_MILLISECONDS : 0),
    );
    heard.report(data);
  };
  silence.wait(scheduleMilliseconds);
  const milliseconds = crew.end - now();
  worker.postMessage(
    { ...asked, work: turn.work, search, milliseconds } satisfies RaceTask,
  );
  try {
    return await promise;
  } finally {
    silence.end();
    crew.running.delete(turn);
  }
}

/** What a turn's reports come to. */
function hearing(crew: Crew, turn: Turn) {
  const { options } = crew;
  const { count } = turn;
  let program: RaceProgram | undefined;
  /** Of a program that is not done. */
  let soFar = { runs: 0, milliseconds: 0 };
  return {
    report(one: Exclude<RaceReport, "done" | "there">) {
      if ("begun" in one) program = one.begun;
      else if ("bound" in one) options.onBound(one.bound);
      else if ("found" in one) fail(crew, turn, one.found);
      else if ("runs" in one) soFar = one;
      else {
        soFar = { runs: 0, milliseconds: 0 };
        countProgram(count, one);
        options.onProgram();
      }
    },
    /** It is ended: what is known of its program counts. */
    noMore() {
      count.runs += soFar.runs;
      count.schedules += soFar.runs;
      count.busy += soFar.milliseconds;
    },
    /** It does not answer: a schedule does not end. */
    nothing() {
      // Or one that was found is being shrunk.
      if (program === undefined || crew.failed?.turn === turn) return;
      fail(crew, turn, endless(program, options.scheduleMilliseconds));
    },
  };
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

/** Calls `onSilence` once it has waited in vain. */
function watchdog(onSilence: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    /** Waits from now on, and for no earlier call. */
    wait(milliseconds: number) {
      clearTimeout(timer);
      timer = setTimeout(onSilence, milliseconds);
    },
    end: () => clearTimeout(timer),
  };
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

/** Notes what a turn broke, and ends the turns behind it. */
function fail(crew: Crew, turn: Turn, found: FoundRaceMessage): void {
  const { failed } = crew;
  if (failed !== undefined && failed.turn.order < turn.order) return;
  crew.failed = { turn, failure: { ...turn.asked, found } };
  close(crew, ({ order }) => order > turn.order);
}
