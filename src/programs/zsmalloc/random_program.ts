/**
 * Random programs for an allocator: bursts of steps, so that zspages fill, empty
 * and compact. Who is there is followed as if every malloc gave its object.
 */
import { onZones } from "../zones.ts";
import { type Program, randomLength, type Scope } from "../program.ts";
import { pick, type Random, weighted } from "../random.ts";
import { anyLive, type Draft } from "./draft.ts";
import { emptyHeld, hold, letGo, migrate } from "./frame_bursts.ts";
import {
  compactMapped,
  map,
  mapEach,
  unmap,
  writeMapped,
} from "./mapping_bursts.ts";
import {
  age,
  compact,
  compactAround,
  fail,
  freeAround,
  freeAt,
  freeSome,
  mallocDeep,
  mallocSome,
  read,
  refuse,
  rewrite,
  shrink,
  thin,
} from "./object_bursts.ts";
import { randomCreate, randomSizes } from "./sizes.ts";
import type { ZsmallocOp, ZsmallocStep } from "./steps.ts";

/** Some steps of one kind. */
interface Burst {
  /** The operation that a target must have for it. */
  readonly op: ZsmallocOp;
  /** How often it is chosen. */
  readonly weight: number;
  add(draft: Draft): void;
}

const BURSTS: readonly Burst[] = [
  { op: "malloc", weight: 14, add: mallocSome },
  { op: "malloc", weight: 4, add: mallocDeep },
  { op: "free", weight: 10, add: freeSome },
  { op: "free", weight: 4, add: thin },
  { op: "malloc", weight: 4, add: age },
  { op: "write", weight: 4, add: rewrite },
  { op: "malloc", weight: 5, add: refuse },
  { op: "read", weight: 2, add: read },
  { op: "compact", weight: 15, add: compact },
  { op: "stats", weight: 1, add: just("stats") },
  { op: "shrink", weight: 9, add: shrink },
  { op: "compact_around", weight: 6, add: compactAround },
  { op: "classes", weight: 3, add: just("classes") },
  { op: "fail", weight: 3, add: fail },
  { op: "map", weight: 5, add: map },
  { op: "map", weight: 6, add: compactMapped },
  { op: "map", weight: 2, add: mapEach },
  { op: "write_mapped", weight: 3, add: writeMapped },
  { op: "unmap", weight: 4, add: unmap },
  { op: "migrate", weight: 6, add: migrate },
  { op: "isolate", weight: 5, add: hold },
  { op: "isolate", weight: 9, add: emptyHeld },
  { op: "putback", weight: 4, add: letGo },
  { op: "free_deferred", weight: 2, add: just("free_deferred") },
  { op: "free_around", weight: 11, add: freeAround },
  { op: "misuse", weight: 4, add: misuse },
  { op: "create", weight: 1, add: createAgain },
  { op: "destroy", weight: 6, add: destroy },
];

/** One step, of an operation without fields. */
function just(op: "stats" | "classes" | "free_deferred"): Burst["add"] {
  return ({ steps }) => void steps.push({ op });
}

/** A random program, the same one for the same draws. */
export function randomZsmallocProgram(
  random: Random,
  scope: Scope,
): Program<ZsmallocStep> {
  const profile = pick(random, ...scope.profiles);
  const create = randomCreate(random, profile, scope);
  const draft: Draft = {
    random,
    profile,
    scope,
    steps: [],
    create,
    sizes: [],
    live: [],
    mapped: [],
    held: [],
    next: 0,
    deep: deepObjects(random, scope),
  };
  const length = randomLength(random, scope.maxSteps);
  const anyBurst = weighted(
    BURSTS.filter(({ op }) => scope.ops.has(op)),
    ({ weight }) => weight,
  );
  createPool(draft);
  while (draft.steps.length < length) anyBurst(random).add(draft);
  const steps = draft.steps.slice(0, Math.max(length, 1));
  if (!scope.anySurroundings) return { profile, steps };
  return { profile, steps: compacted(random, onZones(random, steps)) };
}

/** Steps between compactions of memory, more or less. */
const COMPACT_EACH = 40;

/** Steps of which those on memory of zones have that compacted now and then. */
function compacted(
  random: Random,
  steps: readonly ZsmallocStep[],
): readonly ZsmallocStep[] {
  const [create] = steps;
  if (create.op !== "create" || create.buddy === undefined) return steps;
  return steps.flatMap((step, nth): ZsmallocStep[] =>
    nth > 0 && random(COMPACT_EACH) === 0
      ? [{ op: "compact_memory" }, step]
      : [step]
  ).slice(0, steps.length);
}

/** The most objects of a deep pool. */
const DEEPEST = 100_000;

/**
 * Objects that come by many at a time: none in most programs, in one of four
 * some hundreds, in one of 256 up to a hundred thousand.
 */
function deepObjects(random: Random, { ops }: Scope): number {
  if (!ops.has("fail") || random(4) > 0) return 0;
  return random(64) === 0 ? 1000 * randomLength(random, DEEPEST / 1000) : 600;
}

function createPool(draft: Draft): void {
  const { random, profile, create, steps } = draft;
  draft.sizes = randomSizes(random, profile, create);
  draft.live = [];
  draft.mapped = [];
  draft.held = [];
  steps.push({ op: "create", ...create });
}

function createAgain(draft: Draft): void {
  const { random, profile, scope } = draft;
  // A pool grows old before it is made anew.
  if (random(3) > 0) return;
  draft.create = randomCreate(random, profile, scope);
  createPool(draft);
}

function destroy(draft: Draft): void {
  if (draft.random(2) > 0) return;
  for (const mapping of draft.mapped) {
    draft.steps.push({ op: "unmap", mapping });
  }
  while (draft.held.length > 0) letGo(draft);
  draft.steps.push({ op: "destroy" });
  createPool(draft);
}

function misuse(draft: Draft): void {
  const { random, live, mapped, steps } = draft;
  const object = anyLive(draft);
  if (live.length === 0) return;
  switch (random(3)) {
    case 0:
      freeAt(draft, live.indexOf(object));
      steps.push({ op: "misuse", what: "free-again", object });
      return;
    case 1: {
      const mapping = mapped.pop();
      if (mapping === undefined) return;
      steps.push(
        { op: "unmap", mapping },
        { op: "misuse", what: "unmap-again", object: mapping },
      );
      return;
    }
    default:
      steps.push({ op: "misuse", what: "write-beyond", object });
  }
}
