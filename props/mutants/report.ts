/** What came of the mutants, for people and for the README. */
import { table } from "../../src/report/table.ts";
import type { Result } from "./run.ts";

/** How many mutants of a room were found. */
export interface RoomCount {
  /** The room; `all` for the sum. */
  readonly room: string;
  /** Mutants planted. */
  readonly planted: number;
  /** Those that the search found. */
  readonly killed: number;
  /** Those that no search finds, and that say why. */
  readonly withReason: number;
  /** The others: each is a hole in the search. */
  readonly survived: number;
}

/** Counts the results of each room, in the order in which rooms come, and of all. */
export function countRooms(results: readonly Result[]): RoomCount[] {
  const rooms = [...new Set(results.map(({ mutant }) => mutant.room))];
  return [
    ...rooms.map((room) =>
      count(room, results.filter(({ mutant }) => mutant.room === room))
    ),
    count("all", results),
  ];
}

function count(room: string, results: readonly Result[]): RoomCount {
  const left = results.filter(({ kill }) => kill === undefined);
  const withReason = left.filter(hasReason).length;
  return {
    room,
    planted: results.length,
    killed: results.length - left.length,
    withReason,
    survived: left.length - withReason,
  };
}

function hasReason({ mutant }: Result): boolean {
  return mutant.reason !== undefined;
}

/** Who found each mutant and after how long, then the rooms. */
export function renderResults(results: readonly Result[]): string {
  const left = { align: "left" } as const;
  const rows = results.map(({ mutant, kill }) => [
    mutant.name,
    kill === undefined
      ? `survived${mutant.reason === undefined ? "" : `: ${mutant.reason}`}`
      : `${kill.machine}: ${kill.by}`,
    kill === undefined ? "" : kill.seconds.toFixed(1),
  ]);
  return table(
    [{ title: "mutant", ...left }, { title: "killed by", ...left }, {
      title: "seconds",
    }],
    rows,
  ) + "\n" + renderRooms(results);
}

function renderRooms(results: readonly Result[]): string {
  return table(
    [
      { title: "room", align: "left" },
      { title: "planted" },
      { title: "killed" },
      { title: "survived with a reason" },
      { title: "survived" },
    ],
    countRooms(results).map((one) => [
      one.room,
      one.planted,
      one.killed,
      one.withReason,
      one.survived,
    ]),
  );
}

/** The rooms as the README's table has them, then what is left and why. */
export function renderMarkdown(
  results: readonly Result[],
  time: number,
): string {
  const rooms = countRooms(results)
    .map(({ room, planted, killed, withReason, survived }) =>
      `| ${room} | ${planted} | ${killed} | ${withReason + survived} |\n`
    ).join("");
  const left = results.filter(({ kill }) => kill === undefined)
    .map(({ mutant: { name, reason } }) =>
      `- ${name}${reason === undefined ? "" : `. ${reason}`}\n`
    ).join("");
  return `| room | mutants | killed in ${time} s | left |
| :--- | ---: | ---: | ---: |
${rooms}${left === "" ? "" : `\nLeft:\n\n${left}`}`;
}
