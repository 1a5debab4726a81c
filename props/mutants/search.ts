/** The search alone, on a copy of the checkout that has a mutant in it. */
import { cp, mkdir } from "node:fs/promises";
import { type Mutant, planted, type Test } from "./mutant.ts";

/** What `zspec fuzz` needs of a checkout. */
const PARTS = ["deno.json", "deno.lock", "mod.ts", "src"];
/** What the tests of rooms need that no machine is of. */
const TESTS = ["fuzz.ts", "zcache_ops.ts", "zcache_test.ts", "zcache_walk.ts"];

/** The part of `zspec fuzz --json` that says what failed. */
interface FuzzResult {
  readonly seconds: number;
  readonly failure?: { readonly machine: string; readonly error: string };
}

/** How the search is run. */
export interface SearchOptions {
  /** What its programs are made from. */
  readonly seed: number;
  /** Seconds that it has. */
  readonly time: number;
  /** Ends it. */
  readonly stop: AbortSignal;
}

/** Who found a mutant. */
export interface Kill {
  /** The machine. */
  readonly machine: string;
  /** What spoke: a rule by its id, or what was compared. */
  readonly by: string;
  /** Seconds until it was found and its program was shrunk. */
  readonly seconds: number;
}

/** What the search says: who found it, that all held, or that nothing was looked at. */
export type Outcome = Kill | "held" | "idle";

/** Copies of the checkout at `root` in `folder`, one for each job. */
export async function copyCheckout(
  root: string,
  folder: string,
  jobs: number,
): Promise<string[]> {
  const copies = Array.from({ length: jobs }, (_, nth) => `${folder}/${nth}`);
  for (const copy of copies) {
    await mkdir(copy);
    for (const part of PARTS) {
      await cp(`${root}/${part}`, `${copy}/${part}`, { recursive: true });
    }
    for (const test of TESTS) {
      await cp(`${root}/props/${test}`, `${copy}/props/${test}`);
    }
  }
  return copies;
}

/** Plants a mutant in a copy, searches, and takes it back. */
export async function searchMutant(
  copy: string,
  mutant: Mutant,
  options: SearchOptions,
): Promise<Outcome> {
  const file = `${copy}/${mutant.file}`;
  const text = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, planted(text, mutant));
  try {
    return await search(copy, mutant, options);
  } finally {
    await Deno.writeTextFile(file, text);
  }
}

/** Preemptions up to which threads are searched. */
const PREEMPTIONS = 3;

/** The command that searches for what machines or threads find. */
function searchOf(
  { machines, race }: Pick<Mutant, "machines" | "race">,
  { seed, time }: SearchOptions,
): string[] {
  const bounds = ["--time", `${time}`, "--json"];
  if (race === undefined) {
    return ["fuzz", ...machines, "--seed", `${seed}`, "--jobs", "1", ...bounds];
  }
  const { profile, threads } = race;
  const most = ["--preemptions", `${PREEMPTIONS}`];
  const program = ["--threads", threads, "--profile", profile];
  return ["races", ...machines, ...program, ...most, ...bounds];
}

/** What is searched with. */
type Searched = Pick<Mutant, "machines" | "race" | "test">;

/**
 * Runs machines in turns, threads, or a test, until one fails or the time is
 * up; a test goes on to its end.
 */
export async function search(
  copy: string,
  what: Searched,
  options: SearchOptions,
): Promise<Outcome> {
  return what.test === undefined
    ? await searchMachines(copy, what, options)
    : await searchTest(copy, what.test, options);
}

/** Runs a test from the search's seed. */
async function searchTest(
  copy: string,
  { file, name }: Test,
  { seed, stop }: SearchOptions,
): Promise<Outcome> {
  const started = performance.now();
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", "--quiet", "--filter", name, file],
    cwd: copy,
    env: { ZSPEC_SEED: `${seed}`, NO_COLOR: "1" },
    stdin: "null",
    signal: stop,
  });
  const { code, stdout, stderr } = await command.output();
  stop.throwIfAborted();
  const said = textOf(stdout);
  if (code === 0) return said.includes("1 passed") ? "held" : "idle";
  // What does not come to run the test is no finding.
  if (!said.includes("1 failed")) {
    throw new Error(`The test ended with ${code}: ${said}${textOf(stderr)}`);
  }
  const seconds = (performance.now() - started) / 1000;
  const broken = /(\S+) is broken at/.exec(said)?.[1];
  const thrown = /(?:Caused by|Got error): (?:\w*Error: )?(.*)/.exec(said)?.[1];
  const by = broken ?? thrown?.slice(0, 50) ?? "the test";
  return { machine: file, by, seconds };
}

async function searchMachines(
  copy: string,
  what: Searched,
  options: SearchOptions,
): Promise<Outcome> {
  const { stop } = options;
  const main = ["run", "-A", "--no-check", "--quiet", "src/cli/main.ts"];
  const command = new Deno.Command(Deno.execPath(), {
    args: [...main, ...searchOf(what, options)],
    cwd: copy,
    stdin: "null",
    signal: stop,
  });
  const { code, stdout, stderr } = await command.output();
  stop.throwIfAborted();
  const said = textOf(stdout);
  if (code !== 0 && code !== 1 || said === "") {
    throw new Error(`The search ended with ${code}: ${textOf(stderr)}`);
  }
  const { seconds, failure }: FuzzResult = JSON.parse(said);
  if (failure === undefined) return code === 0 ? "held" : "idle";
  return { machine: failure.machine, by: speakerOf(failure.error), seconds };
}

/** What an error says first: a rule's id, else what was compared. */
export function speakerOf(error: string): string {
  const said = error.replace(/^Step \d+[^:]*: /, "");
  return /^(\S+) is broken/.exec(said)?.[1] ??
    said.split(/: |\n/)[0].slice(0, 50);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim();
}
