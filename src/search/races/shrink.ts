/**
 * Shrinking a program whose threads race: threads, operations and preemptions
 * are left out as long as some schedule still breaks the same rule.
 */
import type { Profile } from "../../linux/profile.ts";
import {
  brokenBy,
  exploreRaces,
  type RaceFinding,
  replayRace,
} from "./explore.ts";
import { retrace } from "./retrace.ts";
import {
  type RaceProgram,
  raceProgramText,
  type RaceRoom,
  smallerRaces,
} from "./room.ts";
import type { RaceTrial } from "./trial.ts";

/** A program, and a schedule of it that breaks something. */
export interface FoundRace {
  /** The program. */
  readonly program: RaceProgram;
  /** The schedule, and what it breaks. */
  readonly finding: RaceFinding;
}

/** The smallest that was found. */
export interface ShrunkRace extends FoundRace {
  /** Whether nothing smaller breaks the same rule, as far as was asked. */
  readonly isSmallest: boolean;
}

/** Schedules that a smaller program is given. */
const MOST_SCHEDULES = 20_000;

/** What a smaller program came to. */
interface Tried {
  readonly finding?: RaceFinding;
  /** Whether it has no schedule that breaks the rule with so few preemptions. */
  readonly holds: boolean;
}

/** Makes a program smaller until it cannot be, or time is up. */
export function shrinkRace(
  room: RaceRoom,
  profile: Profile,
  found: FoundRace,
  isTimeUp: () => boolean,
): ShrunkRace {
  const rule = brokenBy(found.finding);
  const tryProgram = (program: RaceProgram, preemptions: number) =>
    tried(room, profile, program, { rule, preemptions, isTimeUp });
  const { program, finding } = found;
  const again = tryProgram(program, preemptionsOf(room, profile, found));
  let smallest: FoundRace = { program, finding: again.finding ?? finding };
  let isSmallest = again.finding !== undefined || again.holds;
  for (;;) {
    const most = preemptionsOf(room, profile, smallest);
    const round = smallerFinding(
      smallest.program,
      (smaller) => tryProgram(smaller, most),
    );
    if (round.found === undefined) {
      return { ...smallest, isSmallest: isSmallest && round.isSure };
    }
    // Its preemptions are the fewest: those with fewer came first.
    [smallest, isSmallest] = [round.found, true];
  }
}

/** The first smaller program that breaks the rule; whether the others hold. */
function smallerFinding(
  program: RaceProgram,
  tryProgram: (program: RaceProgram) => Tried,
): { readonly found?: FoundRace; readonly isSure: boolean } {
  const known = new Set<string>();
  let isSure = true;
  for (const smaller of smallerRaces(program)) {
    const text = raceProgramText(smaller);
    if (known.has(text)) continue;
    known.add(text);
    const { finding, holds } = tryProgram(smaller);
    if (finding !== undefined) {
      return { found: { program: smaller, finding }, isSure };
    }
    isSure &&= holds;
  }
  return { isSure };
}

/** Explores a program for one rule. */
function tried(
  room: RaceRoom,
  profile: Profile,
  program: RaceProgram,
  { rule, preemptions, isTimeUp }: {
    readonly rule: string;
    readonly preemptions: number;
    readonly isTimeUp: () => boolean;
  },
): Tried {
  if (isTimeUp()) return { holds: false };
  const way = <Subject>(trial: RaceTrial<Subject>): Tried => {
    const { finding, preemptions: whole, isAll } = exploreRaces(trial, {
      preemptions,
      schedules: MOST_SCHEDULES,
      goesOn: () => !isTimeUp(),
    });
    if (finding === undefined) {
      return { holds: isAll || whole >= preemptions };
    }
    // Whatever else a smaller program breaks is another matter.
    if (brokenBy(finding) !== rule) return { holds: true };
    return { holds: false, finding: wholeFinding(trial, finding) };
  };
  try {
    return room.explore(profile, program, way);
  } catch {
    // What was done before cannot be done without what was left out.
    return { holds: true };
  }
}

/** A finding that comes of its schedule alone, where it does. */
function wholeFinding<Subject>(
  trial: RaceTrial<Subject>,
  finding: RaceFinding,
): RaceFinding {
  // An order of locks may be known from schedules before.
  const again = replayRace(trial, finding.schedule).finding;
  return again !== undefined && brokenBy(again) === brokenBy(finding)
    ? again
    : finding;
}

function preemptionsOf(
  room: RaceRoom,
  profile: Profile,
  { program, finding }: FoundRace,
): number {
  return room.explore(
    profile,
    program,
    (trial) => retrace(trial, finding.schedule).preemptions,
  );
}
