/**
 * Finds each known race again in the kernel before its mend, and searches the
 * kernel after it as far and farther:
 *
 *     deno run -A props/known_races.ts [--preemptions N] [ID…]
 *
 * Prints the table of the README, in Markdown: schedules until a race was found,
 * by depth-first search, and what was searched in vain after the mend. Exits
 * with 1 where one is not found, or is found after its mend.
 */
import { brokenBy, exploreRaces } from "../mod.ts";
import { parseOptions, wholeOption } from "../src/cli/usage.ts";
import { grouped } from "../src/report/table.ts";
import { KNOWN_RACES } from "../src/search/races/known.ts";
import {
  type KnownRace,
  roomOf,
} from "../src/search/races/known/known_race.ts";
import { readRaceProgram } from "../src/search/races/room.ts";
import { RACE_ROOMS } from "../src/search/races/rooms.ts";

/** Preemptions to which the kernel after a mend is searched. */
const PREEMPTIONS = 3;
/** Seconds in which a race must be found. */
const MOST_SECONDS = 60;

/** Explores a race's program in one of its kernels. */
function explore(
  race: KnownRace,
  kernel: "before" | "after",
  preemptions?: number,
) {
  const room = RACE_ROOMS.find(({ name }) => name === roomOf(race));
  if (room === undefined) throw new Error(`There is no room of ${race.id}`);
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const explored = room.explore(
    race[kernel],
    readRaceProgram(race.program),
    (trial) =>
      exploreRaces(trial, {
        preemptions,
        goesOn: () => seconds() < MOST_SECONDS,
      }),
  );
  return { explored, seconds: seconds() };
}

/** One row of the table; what went wrong, if anything. */
function rowOf(race: KnownRace, preemptions: number) {
  const before = explore(race, "before");
  const after = explore(race, "after", preemptions);
  const { finding } = before.explored;
  const isRight = finding !== undefined && after.explored.finding === undefined;
  const { schedules, isAll } = after.explored;
  const searched = `${grouped(schedules)}${
    isAll ? ", all" : `, to ${after.explored.preemptions} preemptions`
  }`;
  return {
    isRight,
    cells: [
      race.sentence,
      race.source,
      race.commit === "" ? "" : `\`${race.commit}\``,
      race.mended,
      finding === undefined ? "not found" : `\`${brokenBy(finding)}\``,
      grouped(before.explored.runs),
      before.seconds.toFixed(2),
      after.explored.finding === undefined ? searched : "FOUND",
    ],
  };
}

const options = parseOptions(Deno.args, {
  string: ["preemptions"],
  boolean: [],
});
const preemptions = wholeOption(options, "preemptions", 0, 100) ?? PREEMPTIONS;
const races = KNOWN_RACES.filter(({ id }) =>
  options.paths.length === 0 || options.paths.includes(id)
);
console.log(
  "| race | where | commit | mended | rule that finds it | schedules | seconds | not found after, schedules |",
);
console.log("| --- | --- | --- | --- | --- | --: | --: | --- |");
let isRight = races.length > 0;
for (const race of races) {
  const row = rowOf(race, preemptions);
  isRight &&= row.isRight;
  console.log(`| ${row.cells.join(" | ")} |`);
}
if (!isRight) Deno.exit(1);
