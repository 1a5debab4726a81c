/** What `zspec races` is asked for. */
import { type Profile, PROFILES } from "../linux/profile.ts";
import type { Shard } from "../search/batches.ts";
import type { RaceSearch } from "../search/races/programs.ts";
import {
  type RaceProgram,
  type RaceRoom,
  readRaceProgram,
} from "../search/races/room.ts";
import { readSchedule } from "../search/races/schedule.ts";
import { MOST_THREADS } from "../search/races/trial.ts";
import { shardOption } from "./shard.ts";
import { readText } from "./text_file.ts";
import { namedOnes } from "./unknown.ts";
import {
  findProfile,
  freshSeed,
  namedProfile,
  type Options,
  refused,
  refuseOptions,
  searchOptions,
  seedOption,
  UsageError,
  wholeOption,
} from "./usage.ts";

/** Programs of each room where neither their number nor a time is given. */
export const RACE_PROGRAMS = 16;
/** Preemptions up to which random programs are explored. */
export const RACE_PREEMPTIONS = 2;
/** Schedules that a random program may have where no bound is asked for. */
export const RACE_SCHEDULES = 1_000;
/** Schedules of PCT that a random program has. */
const PCT_SCHEDULES = 500;
/** Seconds that threads which are given are explored. */
export const RACE_SECONDS = 60;

/** A room, and the kernel that it is of. */
export interface PlannedRoom {
  /** The room. */
  readonly room: RaceRoom;
  /** The kernel. */
  readonly profile: Profile;
}

/** What is asked for. */
export interface RacesPlan {
  /** The rooms. */
  readonly rooms: readonly PlannedRoom[];
  /** The one program that is explored, if one is given. */
  readonly program: RaceProgram | undefined;
  /** Which schedules of each program. */
  readonly search: RaceSearch;
  /** What random programs and schedules are made from. */
  readonly seed: number;
  /** Random programs of each room; Infinity where time alone ends them. */
  readonly programs: number;
  /** When to stop; Infinity where the number of programs alone says. */
  readonly milliseconds: number;
  /** Threads. */
  readonly jobs: number;
  /** Which part of the programs are explored. */
  readonly shard: Shard;
}

/** A schedule that is run again. */
export interface ReplayPlan extends PlannedRoom {
  /** The program. */
  readonly program: RaceProgram;
  /** Its schedule. */
  readonly schedule: string;
}

/** Whether a plan has anything that is drawn at random. */
export function isRandom({ program, search }: RacesPlan): boolean {
  return program === undefined || "depth" in search;
}

/** Reads the options of a search. */
export function racesPlanOf(
  options: Options,
  known: readonly RaceRoom[],
): RacesPlan {
  const text = options.text("threads");
  const { profile } = namedProfile(options);
  const rooms = roomsOf(options.paths, known, profile);
  const program = text === undefined ? undefined : programOf(text, rooms);
  const isGiven = program !== undefined;
  if (isGiven) refuseWith(options, "threads", ["runs", "jobs", "shard"]);
  const seed = seedOption(options);
  const { runs, time, jobs } = searchOptions(options);
  const search = searchOf(options, isGiven);
  if (isGiven && !("depth" in search)) refuseWith(options, "threads", ["seed"]);
  return {
    rooms,
    program,
    search,
    seed: seed ?? freshSeed(),
    programs: runs ?? (time === undefined ? RACE_PROGRAMS : Infinity),
    milliseconds: 1000 * (time ?? (isGiven ? RACE_SECONDS : Infinity)),
    jobs: isGiven ? 1 : jobs ?? navigator.hardwareConcurrency,
    shard: shardOption(options),
  };
}

/** Which schedules: all up to some preemptions, or those of PCT. */
function searchOf(options: Options, isGiven: boolean): RaceSearch {
  const depth = wholeOption(options, "pct", 1, 100);
  const preemptions = wholeOption(options, "preemptions", 0, 1000);
  if (depth === undefined) {
    return isGiven || preemptions !== undefined
      ? { preemptions: preemptions ?? Infinity, schedules: Infinity }
      : { preemptions: RACE_PREEMPTIONS, schedules: RACE_SCHEDULES };
  }
  refuseWith(options, "pct", ["preemptions"]);
  return { depth, schedules: isGiven ? Infinity : PCT_SCHEDULES };
}

/** Refuses options that say nothing beside another. */
const refuseWith = (
  options: Options,
  name: string,
  others: readonly string[],
) => refuseOptions(options, others, `says nothing beside '--${name}'`);

/** The rooms that are named, each once; all that there are where none is. */
function roomsOf(
  names: readonly string[],
  known: readonly RaceRoom[],
  profile: Profile | undefined,
): readonly PlannedRoom[] {
  return namedOnes("room", names, known).flatMap((room) => {
    const kernel = kernelOf(room, profile);
    if (kernel !== undefined) return [{ room, profile: kernel }];
    if (names.length === 0) return [];
    throw new UsageError(
      `Cannot explore ${room.name}: ${profile?.name ?? "no kernel"} has none`,
    );
  });
}

/** The kernel that was asked for, or the newest, if it has a room. */
function kernelOf(
  room: RaceRoom,
  profile: Profile | undefined,
): Profile | undefined {
  return profile === undefined
    ? PROFILES.find((one) => room.isIn(one))
    : room.isIn(profile)
    ? profile
    : undefined;
}

/** The one room of a program. */
function onlyRoom(
  rooms: readonly PlannedRoom[],
  option: string,
): PlannedRoom {
  if (rooms.length === 1) return rooms[0];
  throw new UsageError(`The option '--${option}' needs one ROOM`);
}

/** The threads that a text, or the file that it names, has. */
function programOf(
  text: string,
  rooms: readonly PlannedRoom[],
): RaceProgram {
  const only = onlyRoom(rooms, "threads");
  const program = refused(() => readRaceProgram(threadsText(text)));
  assertFits(only, program);
  return program;
}

/** A word with a dot is a file's name: operations have none. */
const isFileName = (text: string) => /^\S*\.\S*$/.test(text);

function threadsText(text: string): string {
  if (isFileName(text)) return readText(text).trim();
  try {
    return Deno.statSync(text).isFile ? readText(text).trim() : text;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return text;
  }
}

/** Refuses a program that has other operations than a room, or cannot begin. */
function assertFits(
  { room, profile }: PlannedRoom,
  program: RaceProgram,
): void {
  const { length } = program.threads;
  if (length > MOST_THREADS) {
    throw new UsageError(
      `Cannot explore ${room.name}: the threads are ${length}, not 1 to ${MOST_THREADS}`,
    );
  }
  refused(() =>
    room.explore(profile, program, (trial) => {
      try {
        trial.create();
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        throw new UsageError(
          `Cannot explore ${room.name}: what is done before '/' fails: ${
            message.split("\n", 1)[0]
          }`,
        );
      }
    })
  );
}

/** Reads what is to be run again: `PROGRAM @ SCHEDULE @ PROFILE`. */
export function replayPlanOf(
  options: Options,
  text: string,
  known: readonly RaceRoom[],
): ReplayPlan {
  const others = "threads preemptions pct runs time jobs shard seed";
  refuseWith(options, "replay", others.split(" "));
  const parts = text.split("@").map((part) => part.trim());
  if (parts.length < 2 || parts.length > 3) {
    throw new UsageError(
      `The option '--replay' is '${text}', not PROGRAM @ SCHEDULE @ PROFILE`,
    );
  }
  const [words, schedule, kernel] = parts;
  const { profile } = namedProfile(options);
  const asked = profile ??
    (kernel === undefined ? undefined : findProfile(kernel));
  const only = onlyRoom(roomsOf(options.paths, known, asked), "replay");
  const program = refused(() => readRaceProgram(words));
  assertFits(only, program);
  refused(() => readSchedule(schedule, program.threads.length));
  return { ...only, program, schedule };
}
