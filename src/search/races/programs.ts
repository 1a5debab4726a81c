/** Random programs of a room, and how far each is explored. */
import type { Profile } from "../../linux/profile.ts";
import { type Place, randomAt } from "../batches.ts";
import { type Explored, exploreRaces, sampleRaces } from "./explore.ts";
import type { RaceProgram, RaceRoom } from "./room.ts";
import type { RaceTrial } from "./trial.ts";

/** The most operations of a random program's thread. */
const MOST_OPERATIONS = 3;

/**
 * The random program at a place: two threads or, less often, three. Three have
 * at most two operations each where not all schedules are to be run: there are
 * too many of more.
 */
export function raceProgramAt(
  { random }: RaceRoom,
  profile: Profile,
  place: Place,
  search: RaceSearch,
): RaceProgram {
  const draw = randomAt(place);
  const threads = draw(3) === 0 ? 3 : 2;
  const isFew = threads === 3 && Number.isFinite(search.schedules);
  const operations = 1 + draw(isFew ? 2 : MOST_OPERATIONS);
  return random(draw, profile, threads, operations);
}

/** Which schedules of a program are run. */
export type RaceSearch =
  /** All up to a number of preemptions, as far as `schedules` and time allow. */
  | { readonly preemptions: number; readonly schedules: number }
  /** So many of PCT with a depth. */
  | { readonly depth: number; readonly schedules: number };

/** What is asked and told while a program is explored. */
export interface Exploring {
  /** The seed of random schedules. */
  readonly seed: number;
  /** Asked before each schedule: whether to go on. */
  goesOn(): boolean;
  /** Told each number of preemptions up to which every schedule held. */
  onBound?(explored: Explored): void;
}

/** A way to explore a trial. */
export function searching(
  search: RaceSearch,
  exploring: Exploring,
): <Subject>(trial: RaceTrial<Subject>) => Explored {
  return "depth" in search
    ? (trial) => sampleRaces(trial, { ...exploring, ...search })
    : (trial) => exploreRaces(trial, { ...exploring, ...search });
}
