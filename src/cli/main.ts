/** The zspec command. */
import configuration from "../../deno.json" with { type: "json" };
import { NothingExercised } from "../search/conform.ts";
import { AGE_USAGE, ageCommand } from "./age.ts";
import { CLAIMS_USAGE, claimsCommand } from "./claims.ts";
import { CLASSES_USAGE, classesCommand } from "./classes.ts";
import { CONFORM_USAGE, conformCommand } from "./conform.ts";
import { EXPLAIN_USAGE, explainCommand } from "./explain.ts";
import { FUZZ_USAGE, fuzzCommand } from "./fuzz.ts";
import { GUEST_USAGE, guestCommand } from "./guest.ts";
import { INVARIANTS_USAGE, invariantsCommand } from "./invariants.ts";
import { standWhereCalled } from "./invocation.ts";
import { MERGE_USAGE, mergeCommand } from "./merge.ts";
import { PREDICT_USAGE, predictCommand } from "./predict.ts";
import { print } from "./print.ts";
import { RACES_USAGE, racesCommand } from "./races.ts";
import { RECORD_USAGE, recordCommand } from "./record.ts";
import { REPLAY_USAGE, replayCommand } from "./replay.ts";
import { RUN_USAGE, runCommand } from "./run.ts";
import { SIZE_USAGE, sizeCommand } from "./size.ts";
import { SWAP_USAGE, swapCommand } from "./swap.ts";
import { unknown } from "./unknown.ts";
import { isOutOfMemory, splitArguments, UsageError } from "./usage.ts";
import { tell } from "./usage_error.ts";

/** One subcommand. */
interface Command {
  readonly usage: string;
  readonly summary: string;
  /** Runs it and returns the exit status. */
  run(args: readonly string[]): number | Promise<number>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  run: {
    usage: RUN_USAGE,
    summary: "write files through zram, age, compact, read back",
    run: runCommand,
  },
  predict: {
    usage: PREDICT_USAGE,
    summary: "what mm_stat would show for files, by algorithm and chain size",
    run: predictCommand,
  },
  size: {
    usage: SIZE_USAGE,
    summary: "how large zram may be for data like this, and its settings",
    run: sizeCommand,
  },
  explain: {
    usage: EXPLAIN_USAGE,
    summary: "say what a pasted mm_stat, zramctl or zswap counter means",
    run: explainCommand,
  },
  replay: {
    usage: REPLAY_USAGE,
    summary: "compare the model with what a live kernel did",
    run: replayCommand,
  },
  record: {
    usage: RECORD_USAGE,
    summary: "write down what a live zram device does",
    run: recordCommand,
  },
  classes: {
    usage: CLASSES_USAGE,
    summary: "print a kernel's size classes, or two kernels' side by side",
    run: classesCommand,
  },
  conform: {
    usage: CONFORM_USAGE,
    summary: "run random programs on an implementation of one's own",
    run: conformCommand,
  },
  guest: {
    usage: GUEST_USAGE,
    summary: "judge or record a kernel that is booted in QEMU",
    run: guestCommand,
  },
  fuzz: {
    usage: FUZZ_USAGE,
    summary: "run random programs on the model and on naive ones",
    run: fuzzCommand,
  },
  races: {
    usage: RACES_USAGE,
    summary: "let operations overlap in every way that there is",
    run: (args) => racesCommand(args),
  },
  merge: {
    usage: MERGE_USAGE,
    summary: "put the results of a search on several machines together",
    run: mergeCommand,
  },
  swap: {
    usage: SWAP_USAGE,
    summary: "compare zram and zswap over every allocator, under pressure",
    run: swapCommand,
  },
  age: {
    usage: AGE_USAGE,
    summary: "age a zram-swap by swapping in and out, and compact it",
    run: ageCommand,
  },
  claims: {
    usage: CLAIMS_USAGE,
    summary: "what the threads of 2013 to 2015 claim, and how it ended",
    run: claimsCommand,
  },
  invariants: {
    usage: INVARIANTS_USAGE,
    summary: "print the rules that hold after every operation",
    run: invariantsCommand,
  },
};

function usage(): string {
  const rows = Object.entries(COMMANDS)
    .map(([name, { summary }]) => `  ${name.padEnd(10)}  ${summary}\n`);
  return `zspec: an executable specification of Linux's compressed memory

usage: zspec COMMAND [ARGUMENT…]

${rows.join("")}
zspec help COMMAND says more; zspec --version, which zspec it is.
`;
}

const isHelp = (arg: string | undefined) => arg === "--help" || arg === "-h";

function commandNamed(name: string): Command {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name];
  throw unknown("command", name, [...Object.keys(COMMANDS), "help"]);
}

/** Runs the command line and returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    if (isOutOfMemory(error)) {
      tell(`Cannot ${args[0]}: there is too little memory`);
    } else if (
      error instanceof UsageError || error instanceof NothingExercised
    ) {
      tell(error.message);
    } else throw error;
    return 2;
  }
}

async function run([name, ...rest]: readonly string[]): Promise<number> {
  if (name === "--version" || name === "-V") {
    print(`zspec ${configuration.version}`);
    return 0;
  }
  const isGeneral = name === undefined || isHelp(name) || name === "help";
  if (isGeneral && rest.length === 0) {
    print(usage());
    return 0;
  }
  const command = commandNamed(name === "help" ? rest[0] : name);
  if (name === "help" || splitArguments(rest).own.some(isHelp)) {
    print(command.usage);
    return 0;
  }
  return await command.run(rest);
}

if (import.meta.main) {
  standWhereCalled();
  Deno.exit(await main(Deno.args));
}
