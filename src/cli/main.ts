/** The zspec command. */
import configuration from "../../deno.json" with { type: "json" };
import { NothingExercised } from "../search/nothing_exercised.ts";
import { standWhereCalled } from "./invocation.ts";
import { print } from "./print.ts";
import { unknown } from "./unknown.ts";
import { isOutOfMemory, splitArguments, UsageError } from "./usage.ts";
import { tell } from "./usage_error.ts";

/** One subcommand. */
interface Command {
  readonly usage: string;
  /** Runs it and returns the exit status. */
  run(args: readonly string[]): number | Promise<number>;
}

/** One that may be asked for. */
interface Listed {
  readonly summary: string;
  /** Loads it: what another command needs would only make it start later. */
  load(): Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Listed>> = {
  run: {
    summary: "write files through zram, age, compact, read back",
    async load() {
      const { RUN_USAGE, runCommand } = await import("./run.ts");
      return { usage: RUN_USAGE, run: runCommand };
    },
  },
  predict: {
    summary: "what mm_stat would show for files, by algorithm and chain size",
    async load() {
      const { PREDICT_USAGE, predictCommand } = await import("./predict.ts");
      return { usage: PREDICT_USAGE, run: predictCommand };
    },
  },
  size: {
    summary: "how large zram may be for data like this, and its settings",
    async load() {
      const { SIZE_USAGE, sizeCommand } = await import("./size.ts");
      return { usage: SIZE_USAGE, run: sizeCommand };
    },
  },
  explain: {
    summary: "say what a pasted mm_stat, zramctl or zswap counter means",
    async load() {
      const { EXPLAIN_USAGE, explainCommand } = await import("./explain.ts");
      return { usage: EXPLAIN_USAGE, run: explainCommand };
    },
  },
  replay: {
    summary: "compare the model with what a live kernel did",
    async load() {
      const { REPLAY_USAGE, replayCommand } = await import("./replay.ts");
      return { usage: REPLAY_USAGE, run: replayCommand };
    },
  },
  record: {
    summary: "write down what a live zram device does",
    async load() {
      const { RECORD_USAGE, recordCommand } = await import("./record.ts");
      return { usage: RECORD_USAGE, run: recordCommand };
    },
  },
  classes: {
    summary: "print a kernel's size classes, or two kernels' side by side",
    async load() {
      const { CLASSES_USAGE, classesCommand } = await import("./classes.ts");
      return { usage: CLASSES_USAGE, run: classesCommand };
    },
  },
  conform: {
    summary: "run random programs on an implementation of one's own",
    async load() {
      const { CONFORM_USAGE, conformCommand } = await import("./conform.ts");
      return { usage: CONFORM_USAGE, run: conformCommand };
    },
  },
  guest: {
    summary: "judge or record a kernel that is booted in QEMU",
    async load() {
      const { GUEST_USAGE, guestCommand } = await import("./guest.ts");
      return { usage: GUEST_USAGE, run: guestCommand };
    },
  },
  fuzz: {
    summary: "run random programs on the model and on naive ones",
    async load() {
      const { FUZZ_USAGE, fuzzCommand } = await import("./fuzz.ts");
      return { usage: FUZZ_USAGE, run: fuzzCommand };
    },
  },
  races: {
    summary: "let operations overlap in every way that there is",
    async load() {
      const { RACES_USAGE, racesCommand } = await import("./races.ts");
      return { usage: RACES_USAGE, run: (args) => racesCommand(args) };
    },
  },
  merge: {
    summary: "put the results of a search on several machines together",
    async load() {
      const { MERGE_USAGE, mergeCommand } = await import("./merge.ts");
      return { usage: MERGE_USAGE, run: mergeCommand };
    },
  },
  swap: {
    summary: "compare zram and zswap over every allocator, under pressure",
    async load() {
      const { SWAP_USAGE, swapCommand } = await import("./swap.ts");
      return { usage: SWAP_USAGE, run: swapCommand };
    },
  },
  age: {
    summary: "age a zram-swap by swapping in and out, and compact it",
    async load() {
      const { AGE_USAGE, ageCommand } = await import("./age.ts");
      return { usage: AGE_USAGE, run: ageCommand };
    },
  },
  claims: {
    summary: "what the threads of 2013 to 2015 claim, and how it ended",
    async load() {
      const { CLAIMS_USAGE, claimsCommand } = await import("./claims.ts");
      return { usage: CLAIMS_USAGE, run: claimsCommand };
    },
  },
  invariants: {
    summary: "print the rules that hold after every operation",
    async load() {
      const { INVARIANTS_USAGE, invariantsCommand } = await import(
        "./invariants.ts"
      );
      return { usage: INVARIANTS_USAGE, run: invariantsCommand };
    },
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

function commandNamed(name: string): Listed {
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
  const command = await commandNamed(name === "help" ? rest[0] : name).load();
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
