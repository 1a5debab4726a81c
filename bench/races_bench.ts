/**
 * How fast schedules are run, and how many it takes until a known race is found:
 * by depth-first search with partial-order reduction, by PCT, uniformly at
 * random, and by fast-check's scheduler on the same threads.
 */
import {
  exploreRaces,
  LINUX_7_3,
  type Profile,
  type RaceTrial,
  sampleRaces,
} from "../mod.ts";
import type { KnownRace } from "../src/search/races/known/known_race.ts";
import { SWAP_KNOWN_RACES } from "../src/search/races/known/swap.ts";
import { ZSMALLOC_KNOWN_RACES } from "../src/search/races/known/zsmalloc.ts";
import { ZSWAP_KNOWN_RACES } from "../src/search/races/known/zswap.ts";
import { type RaceRoom, readRaceProgram } from "../src/search/races/room.ts";
import { SWAP_RACES } from "../src/search/races/rooms/swap.ts";
import { ZSMALLOC_RACES } from "../src/search/races/rooms/zsmalloc.ts";
import { ZSWAP_RACES } from "../src/search/races/rooms/zswap.ts";
import { schedulesByFastCheck } from "./fast_check_races.ts";

/** Threads whose schedules are counted by the second. */
interface Measured {
  readonly name: string;
  readonly room: RaceRoom;
  readonly profile: Profile;
  readonly threads: string;
}

const MEASURED: readonly Measured[] = [
  {
    name: "zsmalloc: two writers and a compaction",
    room: ZSMALLOC_RACES,
    profile: LINUX_7_3,
    threads:
      "malloc 2000 a; malloc 2000 b; malloc 2000 c; malloc 2000 d; malloc 2000 e; malloc 2000 f; free b; free e; free f / write a A | write d B | compact",
  },
  {
    name: "zswap: a store, an invalidation and a writeback",
    room: ZSWAP_RACES,
    profile: LINUX_7_3,
    threads: "store 0 A; writeback / store 0 B | invalidate 0 | writeback",
  },
];

/** The known races, with the rooms that they are in. */
const KNOWN: readonly (readonly [RaceRoom, readonly KnownRace[]])[] = [
  [ZSMALLOC_RACES, ZSMALLOC_KNOWN_RACES],
  [ZSWAP_RACES, ZSWAP_KNOWN_RACES],
  [SWAP_RACES, SWAP_KNOWN_RACES],
];

/** Schedules of one run, so that the timer costs nothing. */
const SCHEDULES = 1000;

/** The depth of PCT. */
const DEPTH = 3;

/** Schedules after which a search is given up. */
const MOST = 5000;

/** Seeds of the searches that draw: the median of what they need is shown. */
const SEEDS = [1, 2, 3, 4, 5];

/** Runs so many schedules, from the first on again where there are no more. */
function exploreMany<Subject>(trial: RaceTrial<Subject>, many: number): void {
  for (let left = many; left > 0;) {
    left -= exploreRaces(trial, { schedules: left }).runs;
  }
}

/** Every way to search a trial, as a bench of so many schedules. */
function waysOf<Subject>(
  trial: RaceTrial<Subject>,
): Readonly<Record<string, () => unknown>> {
  const many = { seed: 1, schedules: SCHEDULES };
  return {
    "depth first, reduced": () => exploreMany(trial, SCHEDULES),
    "at random": () => sampleRaces(trial, many),
    "PCT": () => sampleRaces(trial, { ...many, depth: DEPTH }),
    "fast-check": () => schedulesByFastCheck(trial, 1, SCHEDULES),
  };
}

for (const { name, room, profile, threads } of MEASURED) {
  const ways = room.explore(profile, readRaceProgram(threads), waysOf);
  for (const [way, fn] of Object.entries(ways)) {
    Deno.bench({
      name: `${SCHEDULES} schedules, ${way}`,
      group: name,
      baseline: way.startsWith("depth"),
      warmup: 3,
      fn: async () => void await fn(),
    });
  }
}

/** The median of what each seed needed; `undefined` where half found nothing. */
async function medianOf(
  search: (seed: number) => Promise<number | undefined> | number | undefined,
): Promise<number | undefined> {
  const needed: number[] = [];
  for (const seed of SEEDS) needed.push(await search(seed) ?? Infinity);
  const median = needed.sort((one, other) => one - other)[SEEDS.length >> 1];
  return Number.isFinite(median) ? median : undefined;
}

/** How many schedules each way needs until it finds a race. */
async function neededFor<Subject>(
  trial: RaceTrial<Subject>,
): Promise<(number | undefined)[]> {
  const drawn = (depth?: number) => (seed: number) => {
    const { runs, finding } = sampleRaces(trial, {
      seed,
      depth,
      schedules: MOST,
    });
    return finding && runs;
  };
  const { runs, finding } = exploreRaces(trial, { schedules: MOST });
  return [
    finding && runs,
    await medianOf(drawn(DEPTH)),
    await medianOf(drawn()),
    await medianOf((seed) => schedulesByFastCheck(trial, seed, MOST)),
  ];
}

async function printNeeded(): Promise<void> {
  const columns = ["depth first", "PCT", "random", "fast-check"];
  const cells = (texts: readonly string[]) =>
    texts.map((one) => one.padStart(12)).join("");
  console.log(`Schedules until a known race is found (of ${MOST}):\n`);
  console.log(" ".repeat(40) + cells(columns));
  for (const [room, races] of KNOWN) {
    for (const { id, before, program } of races) {
      const needed = await room.explore(
        before,
        readRaceProgram(program),
        neededFor,
      );
      const texts = needed.map((one) => `${one ?? "not found"}`);
      console.log(id.padEnd(40) + cells(texts));
    }
  }
}

await printNeeded();
