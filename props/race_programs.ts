/** What the tests of every room do with its programs. */
import { assert, assertEquals } from "@std/assert";
import {
  brokenBy,
  type Explored,
  exploreRaces,
  type Profile,
  raceProgramText,
  type RaceRoom,
  randomFrom,
  readRaceProgram,
  sampleRaces,
} from "../mod.ts";
import type { KnownRace } from "../src/search/races/known/known_race.ts";

/** How many random programs, and of what size. */
export interface Drawn {
  readonly programs: number;
  readonly threads: number;
  readonly operations: number;
}

/** The rule that a program breaks, if it does. */
export const brokenIn = ({ finding }: Explored): string | undefined =>
  finding && brokenBy(finding);

/** Explores a program in words to a bound of preemptions, or of schedules. */
export function exploreText(
  room: RaceRoom,
  profile: Profile,
  program: string,
  preemptions: number,
  schedules = Infinity,
): Explored {
  return room.explore(
    profile,
    readRaceProgram(program),
    (trial) => exploreRaces(trial, { preemptions, schedules }),
  );
}

/** Explores random programs, each to two preemptions; what they break. */
export function exploreRandom(
  room: RaceRoom,
  profile: Profile,
  { programs, threads, operations }: Drawn,
  most: number,
): { readonly schedules: number; readonly broken: readonly string[] } {
  const random = randomFrom(14);
  let schedules = 0;
  const broken: string[] = [];
  for (let nth = 0; nth < programs; nth++) {
    const program = room.random(random, profile, threads, operations);
    const text = raceProgramText(program);
    const explored = exploreText(room, profile, text, 2, most);
    schedules += explored.runs;
    const by = brokenIn(explored);
    if (by !== undefined) broken.push(`${by}: ${text}`);
  }
  return { schedules, broken };
}

/** Fails where random programs break something, or had no more schedules than that. */
export function assertRandomHold(
  room: RaceRoom,
  profile: Profile,
  drawn: Drawn,
  most: number,
  least: number,
): void {
  const { schedules, broken } = exploreRandom(room, profile, drawn, most);
  const where = `${room.name} of ${profile.name}`;
  assertEquals(broken, [], where);
  assert(schedules > least, `${where}: ${schedules}`);
}

/** How far known races are searched for. */
export interface Searched {
  readonly preemptions: number;
  /** Schedules at most, of each program. */
  readonly schedules?: number;
  /** In how many schedules at most each race is found. */
  readonly within: number;
  /** To how many preemptions at least the kernel after the mend is explored. */
  readonly after: number;
}

/**
 * Fails where a known race is not found before its mend, by the rule that speaks
 * of it, or where anything is after.
 */
export function assertKnownRaces(
  room: RaceRoom,
  races: readonly KnownRace[],
  foundBy: Readonly<Record<string, string>>,
  { preemptions, schedules, within, after }: Searched,
): void {
  const spoke = races.map(({ id, before, after: mended, program }) => {
    const found = exploreText(room, before, program, preemptions, schedules);
    assert(found.runs < within, `${id}: ${found.runs}`);
    const later = exploreText(room, mended, program, preemptions, schedules);
    assertEquals(brokenIn(later), undefined, id);
    assert(later.preemptions >= after || later.isAll, id);
    return [id.split("/")[1], brokenIn(found)];
  });
  assertEquals(Object.fromEntries(spoke), foundBy);
}

/** Fails where a random schedule of random programs breaks something. */
export function assertSampled(
  room: RaceRoom,
  profile: Profile,
  { programs, threads, operations }: Drawn,
  schedules: number,
): void {
  const random = randomFrom(7);
  for (let nth = 0; nth < programs; nth++) {
    const program = room.random(random, profile, threads, operations);
    for (const depth of [undefined, 3]) {
      const { finding } = room.explore(
        profile,
        program,
        (trial) => sampleRaces(trial, { seed: nth, schedules, depth }),
      );
      assertEquals(finding, undefined, raceProgramText(program));
    }
  }
}

/** Fails where one thread alone has other than one schedule, which holds. */
export function assertAlone(room: RaceRoom, profile: Profile): void {
  const random = randomFrom(3);
  for (let nth = 0; nth < 10; nth++) {
    const text = raceProgramText(room.random(random, profile, 1, 8));
    const explored = exploreText(room, profile, text, Infinity);
    const where = `${profile.name}: ${text}`;
    assertEquals(brokenIn(explored), undefined, where);
    assertEquals([explored.runs, explored.isAll], [1, true], where);
  }
}
