/** The zspec command. */
import configuration from "../../deno.json" with { type: "json" };
import { NothingExercised } from "../search/nothing_exercised.ts";
import { standWhereCalled } from "./invocation.ts";
import { print } from "./print.ts";
import { unknown } from "./unknown.ts";
import { isOutOfMemory, splitArguments, UsageError } from "./usage.ts";
import { tell } from "./usage_error.ts";

/** One subcommand, as its module has it. */
interface Command {
  readonly USAGE: string;
  /** Runs it and returns the exit status. */
  command(args: readonly string[]): number | Promise<number>;
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
    load: () => import("./run.ts"),
  },
  predict: {
    summary: "what mm_stat would show for files, by algorithm and chain size",
    load: () => import("./predict.ts"),
  },
  size: {
    summary: "how large zram may be for data like this, and its settings",
    load: () => import("./size.ts"),
  },
  explain: {
    summary: "say what a pasted mm_stat, zramctl or zswap counter means",
    load: () => import("./explain.ts"),
  },
  replay: {
    summary: "compare the model with what a live kernel did",
    load: () => import("./replay.ts"),
  },
  record: {
    summary: "write down what a live zram device does",
    load: () => import("./record.ts"),
  },
  classes: {
    summary: "print a kernel's size classes, or two kernels' side by side",
    load: () => import("./classes.ts"),
  },
  conform: {
    summary: "run random programs on an implementation of one's own",
    load: () => import("./conform.ts"),
  },
  guest: {
    summary: "judge or record a kernel that is booted in QEMU",
    load: () => import("./guest.ts"),
  },
  fuzz: {
    summary: "run random programs on the model and on naive ones",
    load: () => import("./fuzz.ts"),
  },
  races: {
    summary: "let operations overlap in every way that there is",
    load: () => import("./races.ts"),
  },
  merge: {
    summary: "put the results of a search on several machines together",
    load: () => import("./merge.ts"),
  },
  swap: {
    summary: "compare zram and zswap over every allocator, under pressure",
    load: () => import("./swap.ts"),
  },
  age: {
    summary: "age a zram-swap by swapping in and out, and compact it",
    load: () => import("./age.ts"),
  },
  claims: {
    summary: "what the threads of 2013 to 2015 claim, and how it ended",
    load: () => import("./claims.ts"),
  },
  invariants: {
    summary: "print the rules that hold after every operation",
    load: () => import("./invariants.ts"),
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
  const asked = commandNamed(name === "help" ? rest[0] : name);
  const { USAGE, command } = await asked.load();
  if (name === "help" || splitArguments(rest).own.some(isHelp)) {
    print(USAGE);
    return 0;
  }
  return await command(rest);
}

if (import.meta.main) {
  standWhereCalled();
  Deno.exit(await main(Deno.args));
}
