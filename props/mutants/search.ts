/** The search alone, on a copy of the checkout that has a mutant in it. */
import { cp, mkdir } from "node:fs/promises";
import { type Mutant, type MutantRace, planted } from "./mutant.ts";

/** What `zspec fuzz` needs of a checkout. */
const PARTS = ["deno.json", "deno.lock", "mod.ts", "src"];

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
    return mutant.race === undefined
      ? await search(copy, mutant.machines, options)
      : await explore(copy, mutant.race, options);
  } finally {
    await Deno.writeTextFile(file, text);
  }
}

/** Runs machines in turns until one fails or the time is up. */
export async function search(
  copy: string,
  machines: readonly string[],
  { seed, time, stop }: SearchOptions,
): Promise<Outcome> {
  const fuzz = ["src/cli/main.ts", "fuzz", ...machines, "--json"];
  const bounds = ["--seed", `${seed}`, "--time", `${time}`, "--jobs", "1"];
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", ...fuzz, ...bounds],
    cwd: copy,
    stdin: "null",
    signal: stop,
  });
  const { code, stdout, stderr } = await command.output();
  stop.throwIfAborted();
  if (code !== 0 && code !== 1) {
    throw new Error(`The search ended with ${code}: ${textOf(stderr)}`);
  }
  const { seconds, failure }: FuzzResult = JSON.parse(textOf(stdout));
  if (failure === undefined) return code === 0 ? "held" : "idle";
  return { machine: failure.machine, by: speakerOf(failure.error), seconds };
}

/** Preemptions up to which races are explored. */
const PREEMPTIONS = 3;

/** What explores races in a checkout, and prints what came of it. */
const exploring = ({ room, profile, program }: MutantRace) => `
import { brokenBy, describedProfile, exploreRaces } from "./mod.ts";
import { readRaceProgram } from "./src/search/races/room.ts";
import * as rooms from "./src/search/races/rooms/${room}.ts";
const from = performance.now();
const { finding } = rooms.${room.toUpperCase()}_RACES.explore(
  describedProfile(${JSON.stringify(profile)}),
  readRaceProgram(${JSON.stringify(program)}),
  (trial) => exploreRaces(trial, { preemptions: ${PREEMPTIONS} }),
);
const seconds = (performance.now() - from) / 1000;
console.log(JSON.stringify({ by: finding && brokenBy(finding), seconds }));
`;

/** Explores threads until they break something or all was seen. */
export async function explore(
  copy: string,
  race: MutantRace,
  { stop }: SearchOptions,
): Promise<Kill | "held"> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", exploring(race)],
    cwd: copy,
    stdin: "null",
    signal: stop,
  });
  const { code, stdout, stderr } = await command.output();
  stop.throwIfAborted();
  if (code !== 0) {
    throw new Error(`The races ended with ${code}: ${textOf(stderr)}`);
  }
  const { by, seconds }: { by?: string; seconds: number } = JSON.parse(
    textOf(stdout),
  );
  return by === undefined
    ? "held"
    : { machine: `races ${race.room}`, by, seconds };
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
