/** Operations that overlap in every way up to some preemptions, in numbers. */
import type { Profile } from "../../linux/profile.ts";
import { grouped } from "../../report/table.ts";
import { brokenBy, exploreRaces } from "../../search/races/explore.ts";
import { type RaceRoom, readRaceProgram } from "../../search/races/room.ts";
import type { RaceTrial } from "../../search/races/trial.ts";
import type { Figures, Size } from "../experiment.ts";

/** What exploring came to. */
export interface Overlap {
  /** What overlapped: a program in words, or what a trial is of. */
  readonly of: string;
  /** Schedules that differ. */
  readonly schedules: number;
  /** Whether there are no others. */
  readonly isAll: boolean;
  /** The rule that the first bad schedule broke; none where all were good. */
  readonly broken: string | undefined;
}

/** The size by which an exploration is told how far to go. */
export function preemptionsSize(usual: number): Size {
  return {
    usual,
    least: 0,
    most: 6,
    means: "preemptions of a schedule at most",
  };
}

/** Explores a trial. */
export function overlap<Subject>(
  of: string,
  trial: RaceTrial<Subject>,
  preemptions: number,
): Overlap {
  const explored = exploreRaces(trial, { preemptions });
  const { schedules, isAll, finding } = explored;
  return { of, schedules, isAll, broken: finding && brokenBy(finding) };
}

/** Explores a program in words, as `readRaceProgram` reads it. */
export function overlapIn(
  room: RaceRoom,
  profile: Profile,
  program: string,
  preemptions: number,
): Overlap {
  return room.explore(
    profile,
    readRaceProgram(program),
    (trial) => overlap(program, trial, preemptions),
  );
}

/**
 * What is done first so that the next `writeback` in the room of zswap takes the
 * page of slot 0: where zswap has a list of entries it passes over one that is
 * new, once (`shrink_memcg_cb`).
 */
export function storedForWriteback({ zswap }: Profile): string {
  return zswap.shrink === "entries-in-worker"
    ? "store 0 A; writeback"
    : "store 0 A";
}

/** Whether no schedule broke a rule. */
export const isSound = (...overlaps: readonly Overlap[]): boolean =>
  overlaps.every(({ broken }) => broken === undefined);

/** What exploring came to, in words: `12 schedules, none breaks a rule`. */
export function toldOf(...overlaps: readonly Overlap[]): string {
  const schedules = overlaps.reduce((sum, one) => sum + one.schedules, 0);
  const broken = new Set(overlaps.flatMap((one) => one.broken ?? []));
  const many = `${grouped(schedules)} ${
    schedules === 1 ? "schedule" : "schedules"
  }`;
  return broken.size === 0
    ? `${many}, none breaks a rule`
    : `${many}, broken: ${[...broken].join(" and ")}`;
}

/** What overlapped and what came of it, as a table. */
export function overlapFigures(
  title: string,
  overlaps: readonly Overlap[],
): Figures {
  return {
    title,
    columns: ["", "schedules", "all there are", "broken"],
    rows: overlaps.map(({ of, schedules, isAll, broken = "" }) => [
      of,
      schedules,
      isAll ? "yes" : "",
      broken,
    ]),
  };
}
