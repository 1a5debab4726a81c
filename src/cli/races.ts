/** `zspec races`: every interleaving of small programs. */
import { replayRace } from "../search/races/explore.ts";
import type { RaceRoom } from "../search/races/room.ts";
import { RACE_ROOMS } from "../search/races/rooms.ts";
import type { ProgramFigures } from "../search/races/task.ts";
import { raceInWorkers } from "../search/races/workers.ts";
import { heedingSignals } from "./interrupt.ts";
import { print, printResult } from "./print.ts";
import { programProgress } from "./progress.ts";
import {
  isRandom,
  RACE_PREEMPTIONS,
  RACE_PROGRAMS,
  RACE_SCHEDULES,
  RACE_SECONDS,
  type RacesPlan,
  racesPlanOf,
  type ReplayPlan,
  replayPlanOf,
} from "./races_plan.ts";
import {
  type RacesOutcome,
  racesResult,
  racesText,
  replayResult,
  replayText,
} from "./races_report.ts";
import { shardHelp } from "./shard.ts";
import { columns, tableColumns } from "./terminal.ts";
import {
  optionHelp,
  type Options,
  optionsHelp,
  parseOptions,
  PROFILE_OPTIONS,
  profileHelp,
} from "./usage.ts";

/** Milliseconds that one schedule may take: a million times what it does. */
const SCHEDULE_MILLISECONDS = 60_000;

/** How `zspec races` is called. */
export const USAGE =
  `zspec races [ROOM…] [--preemptions N | --pct D] [--seed N] [--runs N]
            [--time SECONDS] [--jobs N] [--shard I/N] [--profile P]
            [--config FILE] [--json]
zspec races ROOM --threads TEXT|FILE [--preemptions N | --pct D]
            [--time SECONDS] [--profile P] [--config FILE] [--json]
zspec races ROOM --replay TEXT [--profile P] [--config FILE] [--json]

Lets the operations of a part of the kernel, a room, overlap in every way that
differs in anything that could be seen: each thread stops before it takes a
lock, where it waits, where it lets a lock go, and before it looks at or changes
what no lock covers. Memory is sequentially consistent. Schedules with the
fewest preemptions are run first. In each of them somebody must always be able
to go on, locks must be taken as lockdep wants, the room's rules must hold at
its end with nothing leaked, and what the operations answered and left must be
what they do one after another in some order. A schedule that breaks something
is shrunk and printed, a column for each CPU.

The rooms, all of which are explored where none is named:

${RACE_ROOMS.map(roomHelp).join("")}
A disk of zram is set up and open at first: the kernel refuses a 'reset' until
it is closed, and a 'set disksize' until it is reset. An object is made before
the slash or by who uses it, and no two have one name: 'malloc 100 a / free a'.

${
    optionsHelp(19, {
      "--threads T":
        "the threads of one program, between bars, or a file that has them; what is done before stands before a slash: 'write 0 A / write 0 B; read 0 | discard 0'. Without it programs are made at random",
      "--preemptions N":
        `the most preemptions of a schedule, and all schedules with as many: random programs may then have three threads of three operations. By default with --threads as many as there are, of random programs ${RACE_PREEMPTIONS} and at most ${RACE_SCHEDULES} schedules`,
      "--pct D":
        "draws schedules at random instead, by priorities that change D-1 times",
      "--replay TEXT":
        "runs one schedule again: PROGRAM @ SCHEDULE @ PROFILE, as it was printed",
    })
  }${profileHelp(19, "the kernel, by default the newest that has the room")}${
    optionsHelp(19, {
      "--seed N": "what the programs are made from; by default a fresh one",
      "--runs N":
        `programs of each room: by default ${RACE_PROGRAMS}, or as many as --time allows`,
      "--time SECONDS":
        `when to stop; with --threads by default ${RACE_SECONDS}`,
      "--jobs N": "threads to run them; by default as many as there are CPUs",
    })
  }${shardHelp(19)}
  --json           the figures for machines

Exit status: 0 all hold, 1 something is broken or nothing was explored, 2 it
cannot be run, 130 interrupted.
`;

function roomHelp({ name, operations }: RaceRoom): string {
  return optionHelp(name, 12, operations.join(", "));
}

/** The rooms that a command explores, and the module that does so in a thread. */
export interface RaceRooms {
  /** The rooms. */
  readonly rooms: readonly RaceRoom[];
  /** The module, which serves the same rooms. */
  readonly worker: URL;
}

const ROOMS: RaceRooms = {
  rooms: RACE_ROOMS,
  worker: new URL("../search/races/worker.ts", import.meta.url),
};

/** Runs the command and returns its exit status. */
export async function racesCommand(
  args: readonly string[],
  { rooms, worker }: RaceRooms = ROOMS,
): Promise<number> {
  const options = parseOptions(args, {
    string: [
      ...PROFILE_OPTIONS,
      ...["threads", "preemptions", "pct", "replay"],
      ...["seed", "runs", "time", "jobs", "shard"],
    ],
    boolean: ["json"],
  });
  const replay = options.text("replay");
  if (replay !== undefined) {
    return runAgain(replayPlanOf(options, replay, rooms), options);
  }
  const plan = racesPlanOf(options, rooms);
  return await heedingSignals((stop) => explore(plan, options, worker, stop));
}

function runAgain(plan: ReplayPlan, options: Options): number {
  const { room, profile, program, schedule } = plan;
  const { finding } = room.explore(
    profile,
    program,
    (trial) => replayRace(trial, schedule),
  );
  printResult(
    options,
    replayResult(plan, finding),
    () => replayText(plan, finding, columns()),
  );
  return finding === undefined ? 0 : 1;
}

/** Explores, and prints what came of it. */
async function explore(
  plan: RacesPlan,
  options: Options,
  worker: URL,
  signal: AbortSignal,
): Promise<number> {
  // Before anything is run, so that it is known however that ends.
  if (!options.flag("json") && isRandom(plan)) print(`seed ${plan.seed}`);
  const outcome = await run(plan, worker, signal);
  printResult(
    options,
    racesResult(plan, outcome),
    () => racesText(plan, outcome, columns(), tableColumns()),
  );
  if (outcome.failure !== undefined) return 1;
  return outcome.counts.some(({ runs }) => runs > 0) ? 0 : 1;
}

async function run(
  plan: RacesPlan,
  worker: URL,
  signal: AbortSignal,
): Promise<RacesOutcome> {
  const { rooms, program, programs, seed, shard, milliseconds } = plan;
  const now = () => performance.now();
  const started = now();
  const total = program === undefined ? programs * rooms.length : Infinity;
  const shown = programProgress("exploring", total, milliseconds);
  const bounds: ProgramFigures[] = [];
  try {
    const result = await raceInWorkers({
      ...plan,
      worker,
      rooms: rooms.map(({ room, profile }) => ({
        room: room.name,
        profile: profile.name,
      })),
      work: program === undefined
        ? { seed, programs, shard }
        : { program, seed },
      scheduleMilliseconds: SCHEDULE_MILLISECONDS,
      signal,
      now,
      onProgram: shown.step,
      onBound: (figures) => {
        if (program !== undefined) bounds.push(figures);
      },
    });
    return {
      ...result,
      bounds,
      seconds: (now() - started) / 1000,
      interrupted: signal.aborted,
    };
  } finally {
    shown.end();
  }
}

export { racesCommand as command };
