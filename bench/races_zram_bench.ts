/**
 * How many schedules of zram are explored in a second: two writers of a page
 * and a writeback.
 */
import { exploreRaces, LINUX_7_3, sampleRaces } from "../mod.ts";
import { readRaceProgram } from "../src/search/races/room.ts";
import { ZRAM_RACES } from "../src/search/races/rooms/zram.ts";
import type { RaceTrial } from "../src/search/races/trial.ts";

const PROGRAM = readRaceProgram(
  "write 0 A / write 0 B | write 0 C | writeback page_index=0",
);

/** Every schedule of two preemptions. */
function explore<Subject>(trial: RaceTrial<Subject>): number {
  const { runs, finding } = exploreRaces(trial, { preemptions: 2 });
  if (finding !== undefined) throw finding.error;
  return runs;
}

/** A thousand that are drawn. */
function sample<Subject>(trial: RaceTrial<Subject>): number {
  const { runs, finding } = sampleRaces(trial, { seed: 1, schedules: 1000 });
  if (finding !== undefined) throw finding.error;
  return runs;
}

const runs = ZRAM_RACES.explore(LINUX_7_3, PROGRAM, explore);

Deno.bench(`two writers and a writeback, all ${runs} schedules`, () => {
  ZRAM_RACES.explore(LINUX_7_3, PROGRAM, explore);
});

Deno.bench("two writers and a writeback, 1000 schedules at random", () => {
  ZRAM_RACES.explore(LINUX_7_3, PROGRAM, sample);
});
