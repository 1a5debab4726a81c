/**
 * The search: random programs on one target, until one fails; that one is
 * shrunk. One loop for models, objects, commands, devices and guests.
 */
import type { Language, Program, Scope, Step } from "../programs/program.ts";
import { Reach, type ReachCounts } from "../rules/reach.ts";
import type { Profile } from "../linux/profile.ts";
import type { Target } from "../targets/target.ts";
import { type Place, randomAt } from "./batches.ts";
import { type Finding, findingOf, targetFault } from "./finding.ts";
import { runSteps } from "./run.ts";
import { shrinkFinding } from "./shrink.ts";
import type { Awaiting, Trial } from "./trial.ts";

/** What programs are run on. */
export interface Arena<One extends Step = Step> {
  /** The language of the programs. */
  readonly language: Language<One>;
  /** What random programs are made of. */
  readonly scope: Scope;
  /** How the target is made anew and ended; nothing where it is a fresh model. */
  readonly life: Target;
  /** A trial of one program, before its first step. */
  trial(profile: Profile, reach: Reach): Trial<One>;
  /** What rule an error of a trial breaks that names none, and how. */
  faultOf(error: unknown): Omit<Finding, "steps">;
}

/** A program that fails, where it comes from, and how it fails. */
export interface Found<One extends Step = Step> extends Place {
  /** The kernel it is for. */
  readonly profile: Profile;
  /** Its steps and how they fail. */
  readonly finding: Finding<One>;
}

/** What a search is told. */
export interface SearchOptions<One extends Step> {
  /** Where the programs stand that are run. */
  readonly places: Iterable<Place>;
  /** Told after each program: its steps, and what it exercised. */
  onProgram?(program: Program<One>, reach: ReachCounts): void;
  /** Told of a program that fails before it is shrunk. */
  onFound?(found: Found<One>): void;
  /** Asked after each program: where it answers true, that was the last. */
  isTimeUp?(): boolean;
  /** Asked while a finding is shrunk: where it answers true, it is small enough. */
  isShrunk?(): boolean;
}

/** What a search came to. */
export interface SearchResult<One extends Step = Step> {
  /** Programs that were run, those that shrinking tried not among them. */
  readonly programs: number;
  /** Their steps. */
  readonly steps: number;
  /** How often each rule was exercised, while shrinking not counted. */
  readonly reach: ReachCounts;
  /** The first program that fails, shrunk; `undefined` where none does. */
  readonly found: Found<One> | undefined;
}

/** Programs that may have led to a finding together with the one that found it. */
const REMEMBERED = 256;

/** The program at a place. */
export function programAt<One extends Step>(
  { language, scope }: Pick<Arena<One>, "language" | "scope">,
  place: Place,
): Program<One> {
  return language.random(randomAt(place), scope);
}

/** Runs programs until one fails, all are run, or time is up. */
export function* search<One extends Step>(
  arena: Arena<One>,
  options: SearchOptions<One>,
): Awaiting<SearchResult<One>> {
  const reach = new Reach();
  const total = { programs: 0, steps: 0 };
  const history: Program<One>[] = [];
  const ended = (found?: Found<One>) => ({
    ...total,
    reach: reach.counts(),
    found,
  });
  for (const { seed, nth } of options.places) {
    const program = programAt(arena, { seed, nth });
    const own = new Reach();
    const finding = yield* runProgram(arena, program, own);
    const counts = own.counts();
    reach.add(counts);
    total.programs++;
    total.steps += program.steps.length;
    history.push(program);
    if (history.length > REMEMBERED) history.shift();
    options.onProgram?.(program, counts);
    if (finding !== undefined) {
      const found = { seed, nth, profile: program.profile, finding };
      options.onFound?.(found);
      return ended(yield* shrinkFound(arena, found, history, options));
    }
    if (options.isTimeUp?.()) return ended();
  }
  return ended();
}

/** Runs a program; answers how it fails, or `undefined`. */
export function* runProgram<One extends Step>(
  arena: Pick<Arena<One>, "trial" | "faultOf">,
  { profile, steps }: Program<One>,
  reach: Reach,
): Awaiting<Finding<One> | undefined> {
  return yield* runSteps(arena.trial(profile, reach), steps, arena.faultOf);
}

/** Ends a target: how it fails to, after `steps`, or `undefined`. */
export function* runEnd<One extends Step>(
  { life }: Pick<Arena<One>, "life">,
  steps: readonly One[],
): Awaiting<Finding<One> | undefined> {
  try {
    const ended = life.end?.();
    if (ended instanceof Promise) yield ended;
  } catch (error) {
    return findingOf(error, steps, () => targetFault(error, "it ends"));
  }
}

/**
 * The smallest finding that comes of a fresh target. `create` mostly makes one
 * as good as fresh, and much sooner: only where what that led to does not fail
 * a fresh one is each try given a fresh one.
 */
function* shrinkFound<One extends Step>(
  arena: Arena<One>,
  found: Found<One>,
  history: readonly Program<One>[],
  { isShrunk = () => false }: SearchOptions<One>,
): Awaiting<Found<One>> {
  const { language, life } = arena;
  const { profile } = found;
  let isCut = false;
  const isTimeUp = () => isCut ||= isShrunk();
  function* run(steps: readonly One[]): Awaiting<Finding<One> | undefined> {
    return yield* runProgram(arena, { profile, steps }, new Reach());
  }
  function* runFresh(steps: readonly One[]) {
    const fresh = life.restart?.();
    if (fresh instanceof Promise) yield fresh;
    return yield* run(steps);
  }
  function* shrinkBy(runTry: typeof run, from: Finding<One>) {
    life.hurry?.(true);
    const options = { run: runTry, language, isTimeUp };
    const { steps } = yield* shrinkFinding(from, options);
    life.hurry?.(false);
    return yield* runFresh(language.renamed?.(steps) ?? steps);
  }
  const told = (
    finding: Finding<One>,
    shrinking = isCut ? CUT_OFF : undefined,
  ) =>
    shrinking === undefined
      ? { ...found, finding }
      : { ...found, finding: { ...finding, shrinking } };
  const { finding } = found;
  const shrunk = yield* shrinkBy(run, finding);
  if (shrunk !== undefined) return told(shrunk);
  const again = (yield* runFresh(finding.steps)) ??
    (yield* findAgain(runFresh, history));
  if (again === undefined) return told(finding, IN_VAIN);
  const smallest = yield* shrinkBy(runFresh, again);
  return smallest === undefined ? told(again, IN_VAIN) : told(smallest);
}

/** What is said of shrinking whose time was up. */
const CUT_OFF =
  "was cut off, as its time was up: some of the steps may not be needed";
/** And of what holds when it is run once more. */
const IN_VAIN =
  "was in vain, as it does not fail each time: some of the steps may not be needed";

/**
 * A finding that comes of the last programs together, of as few as need be: one
 * of a state that outlives `create`. `undefined` where it never comes again.
 */
function* findAgain<One extends Step>(
  runFresh: (steps: readonly One[]) => Awaiting<Finding<One> | undefined>,
  history: readonly Program<One>[],
): Awaiting<Finding<One> | undefined> {
  for (let last = 2;; last *= 2) {
    const steps = history.slice(-last).flatMap((program) => program.steps);
    const again = yield* runFresh(steps);
    if (again !== undefined || last >= history.length) return again;
  }
}
