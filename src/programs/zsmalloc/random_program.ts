/**
 * Random programs for an allocator: bursts of steps, so that zspages fill, empty
 * and compact. Who is there is followed as if every malloc gave its object.
 */
import { onZones } from "../zones.ts";
import type { Profile } from "../../linux/profile.ts";
import { type Program, randomLength, type Scope } from "../program.ts";
import { pick, type Random, weighted } from "../random.ts";
import { randomCreate, randomSizes, refusedSize } from "./sizes.ts";
import {
  MAP_MODES,
  type ZsmallocCreate,
  type ZsmallocOp,
  type ZsmallocStep,
} from "./steps.ts";

/** What is known of the pool where the program stands. */
interface Draft {
  readonly random: Random;
  readonly profile: Profile;
  readonly scope: Scope;
  readonly steps: ZsmallocStep[];
  create: ZsmallocCreate;
  /** Bytes of objects; the first of them are asked for the most. */
  sizes: readonly number[];
  /** Objects that are there, in the order in which they came. */
  live: number[];
  /** Mappings that there are. */
  mapped: number[];
  /** Frames that are held, and how. */
  held: Held[];
  /** The number that the next object, or mapping, has. */
  next: number;
  /** Objects that may still come by many at a time. */
  deep: number;
}

/** A frame that is held. */
interface Held {
  /** Its number. */
  readonly page: number;
  readonly how: "isolate" | "lock";
}

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
  { op: "stats", weight: 1, add: ({ steps }) => steps.push({ op: "stats" }) },
  { op: "shrink", weight: 9, add: shrink },
  { op: "compact_around", weight: 6, add: compactAround },
  {
    op: "classes",
    weight: 3,
    add: ({ steps }) => steps.push({ op: "classes" }),
  },
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
  { op: "free_deferred", weight: 2, add: freeDeferred },
  { op: "free_around", weight: 11, add: freeAround },
  { op: "misuse", weight: 4, add: misuse },
  { op: "create", weight: 1, add: createAgain },
  { op: "destroy", weight: 6, add: destroy },
];

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
  const isFree = scope.anyGeometry && scope.ops.has("fail");
  if (!isFree) return { profile, steps };
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

/** The first size as often as all others. */
function anySize({ random, sizes }: Draft): number {
  return random(2) === 0 ? sizes[0] : pick(random, ...sizes);
}

function noise({ random }: Draft) {
  return { weyl: 1 + random(9999) };
}

function mallocOne(draft: Draft, size: number): void {
  const object = draft.next++;
  draft.live.push(object);
  draft.steps.push({ op: "malloc", size, object });
  if (draft.random(8) === 0) {
    // What a new object holds is not known, but up to 3.19.
    const length = Math.min(size, 1 + draft.random(16));
    draft.steps.push({ op: "read", object, length });
    return;
  }
  draft.steps.push({ op: "write", object, data: noise(draft) });
}

function mallocSome(draft: Draft): void {
  const size = anySize(draft);
  for (let left = 1 + draft.random(16); left > 0; left--) {
    mallocOne(draft, size);
  }
}

function mallocDeep(draft: Draft): void {
  const { random, deep } = draft;
  if (deep === 0) return;
  const count = 1 + random(deep);
  draft.deep -= count;
  mallocMany(draft, anySize(draft), count);
}

/** Many objects come and are written, by one step each. */
function mallocMany(draft: Draft, size: number, count: number): void {
  const { steps, next: object } = draft;
  draft.next += count;
  for (let nth = 0; nth < count; nth++) draft.live.push(object + nth);
  steps.push(
    { op: "malloc", size, object, count },
    { op: "write", object, data: noise(draft), count },
  );
}

/** Takes the `nth` live object out; the last takes its place where many are. */
function takeAt({ live }: Draft, nth: number): number {
  return live.splice(nth, 1)[0];
}

function freeAt(draft: Draft, nth: number): void {
  draft.steps.push({ op: "free", object: takeAt(draft, nth) });
}

function freeSome(draft: Draft): void {
  const { random, live } = draft;
  for (let left = 1 + random(12); left > 0 && live.length > 0; left--) {
    freeAt(draft, random(live.length));
  }
}

/** Objects beyond which they are freed by one step. */
const MANY = 32;

/**
 * Frees all but every nth object, or every nth: what is left can be compacted,
 * almost empty zspages and almost full ones.
 */
function thin(draft: Draft): void {
  const { random, live, steps } = draft;
  const each = 2 + random(4);
  const isMost = random(4) > 0;
  const goes = (at: number) => at % each > 0 === isMost;
  if (live.length === 0) return;
  if (live.length > MANY && draft.scope.ops.has("fail")) {
    steps.push({ op: "free", object: live.filter((_, at) => goes(at)) });
    draft.live = live.filter((_, at) => !goes(at));
    return;
  }
  for (let at = live.length - 1; at >= 0; at--) {
    if (goes(at)) freeAt(draft, at);
  }
}

/** Objects of all sizes come and go in turn. */
function age(draft: Draft): void {
  const { random, live } = draft;
  for (let left = 1 + random(12); left > 0; left--) {
    mallocOne(draft, pick(random, ...draft.sizes));
    freeAt(draft, random(live.length));
  }
}

function anyLive({ random, live }: Draft): number {
  return live.length === 0 ? 0 : live[random(live.length)];
}

function rewrite(draft: Draft): void {
  const object = anyLive(draft);
  draft.steps.push({ op: "write", object, data: noise(draft) });
}

function read(draft: Draft): void {
  const { random, sizes, steps } = draft;
  const length = 1 + random(Math.min(...sizes));
  steps.push({ op: "read", object: anyLive(draft), length });
}

function refuse(draft: Draft): void {
  const { random, create, steps } = draft;
  const size = refusedSize(random, create.pageSize);
  steps.push({ op: "malloc", size, object: draft.next++ });
}

function compact(draft: Draft): void {
  if (draft.random(8) > 0) fillAndThin(draft);
  draft.steps.push({ op: "compact" });
}

function shrink(draft: Draft): void {
  if (draft.random(4) > 0) fillAndThin(draft);
  draft.steps.push({ op: "shrink" });
}

/** A pool that was filled and thinned just before has something to move. */
function fillAndThin(draft: Draft): void {
  const { random, scope, sizes } = draft;
  const count = 6 + random(28);
  const size = random(4) === 0 ? sizes[0] : fewestInZspage(draft);
  if (scope.ops.has("fail") && random(2) === 0) {
    mallocMany(draft, size, count);
  } else {
    for (let left = count; left > 0; left--) mallocOne(draft, size);
  }
  thin(draft);
}

/** The largest size that shares pages: few objects of it are several zspages. */
function fewestInZspage({ sizes, create: { pageSize } }: Draft): number {
  const shared = sizes.filter((size) => size <= 3 * pageSize / 4);
  return shared.length === 0 ? sizes[0] : Math.max(...shared);
}

/** Objects that may go while a pool is compacted. */
const MOST_AROUND = 8;

function compactAround(draft: Draft): void {
  const { random, live, steps } = draft;
  fillAndThin(draft);
  const frees: number[] = [];
  while (frees.length < MOST_AROUND && draft.live.length > 0) {
    frees.push(takeAt(draft, random(draft.live.length)));
  }
  const object = draft.next;
  // Whoever is freed no turn for, and comes where there is none, is passed over.
  draft.next += live.length + MOST_AROUND;
  steps.push({
    op: "compact_around",
    size: random(2) === 0 ? anySize(draft) : fewestInZspage(draft),
    object,
    frees,
    ...(random(3) > 0
      ? { again: pick(random, "compact" as const, "shrink" as const) }
      : {}),
    ...(random(2) === 0 ? { contended: 1 + random(3) } : {}),
  });
}

/** The next allocations fail, where they are made: a malloc follows. */
function fail(draft: Draft): void {
  const { random, steps } = draft;
  const what = pick(random, "frame", "frame", "cell");
  steps.push({ op: "fail", what, after: random(random(2) === 0 ? 4 : 20) });
  mallocSome(draft);
}

/** CPUs that map objects. */
const CPUS = 4;

/** Maps an object, and answers its mapping. */
function mapOne(draft: Draft, object: number): number {
  const { random, profile, sizes, steps, mapped } = draft;
  const mode = profile.mapping === "read-only-copy" && random(8) > 0
    ? "read-only"
    : pick(random, ...MAP_MODES);
  const mapping = draft.next++;
  mapped.push(mapping);
  const isPart = profile.readSpan === "bytes-read" && random(2) === 0;
  steps.push({
    op: "map",
    mapping,
    object,
    mode,
    cpu: random(CPUS),
    ...(isPart ? { length: 1 + random(sizes[0]) } : {}),
  });
  return mapping;
}

/** Objects of a thinned pool are mapped, and in the way of its compaction. */
function compactMapped(draft: Draft): void {
  const { random, steps } = draft;
  fillAndThin(draft);
  for (let left = 1 + random(3); left > 0; left--) {
    const { length } = draft.live;
    mapOne(draft, draft.live[length - 1 - random(Math.min(length, 12))] ?? 0);
  }
  steps.push({ op: "compact" });
}

function map(draft: Draft): void {
  const object = anyLive(draft);
  const mapping = mapOne(draft, object);
  switch (draft.random(3)) {
    case 0:
      // A pool with an object mapped is compacted, freed from, migrated.
      return compact(draft);
    case 1:
      return writeAndUnmap(draft, mapping, object);
  }
}

/** New objects of one size, wherever they lie in their zspages, are mapped. */
function mapEach(draft: Draft): void {
  const { random, sizes } = draft;
  const size = pick(random, ...sizes);
  for (let left = 1 + random(8); left > 0; left--) {
    mallocOne(draft, size);
    const object = draft.next - 1;
    writeAndUnmap(draft, mapOne(draft, object), object);
  }
}

/** An object is written while it is mapped, here or there, and read afterwards. */
function writeAndUnmap(draft: Draft, mapping: number, object: number): void {
  const { random, sizes, steps, mapped } = draft;
  const data = noise(draft);
  mapped.pop();
  steps.push(
    random(2) === 0
      ? { op: "write_mapped", mapping, data }
      : { op: "write", object, data },
    { op: "unmap", mapping },
    { op: "read", object, length: Math.min(...sizes) },
  );
}

function anyMapped({ random, mapped }: Draft): number {
  return mapped.length === 0 ? 0 : mapped[random(mapped.length)];
}

function writeMapped(draft: Draft): void {
  const { mapped, steps } = draft;
  if (mapped.length === 0) return;
  steps.push({
    op: "write_mapped",
    mapping: anyMapped(draft),
    data: noise(draft),
  });
}

function unmap(draft: Draft): void {
  const { mapped, steps } = draft;
  if (mapped.length === 0) return;
  const mapping = anyMapped(draft);
  mapped.splice(mapped.indexOf(mapping), 1);
  steps.push({ op: "unmap", mapping });
}

function migrate(draft: Draft): void {
  draft.steps.push({ op: "migrate", object: anyLive(draft) });
}

/** Most frames that are held at a time. */
const MOST_HELD = 6;

/** Holds the frame of an object. */
function holdOne(draft: Draft, how: Held["how"], object: number): void {
  const { steps, held } = draft;
  const page = draft.next++;
  held.push({ page, how });
  steps.push({ op: how, page, object });
}

function hold(draft: Draft): void {
  const { random, held } = draft;
  if (held.length >= MOST_HELD) return letGo(draft);
  holdOne(draft, pick(random, "isolate", "isolate", "lock"), anyLive(draft));
  // What comes, goes and moves then does so around a frame that is held.
  if (random(3) === 0) age(draft);
  if (random(3) === 0) compact(draft);
}

/** The newest objects of one size go, with a frame of theirs held. */
function emptyHeld(draft: Draft): void {
  const { random, live, steps } = draft;
  const size = fewestInZspage(draft);
  const count = 2 + random(6);
  for (let left = count; left > 0; left--) mallocOne(draft, size);
  const how = pick(random, "isolate", "lock", "lock");
  for (let holds = 1 + random(2); holds > 0; holds--) {
    holdOne(draft, how, live[live.length - 1 - random(count)]);
  }
  for (let left = count; left > 0; left--) freeAt(draft, live.length - 1);
  if (random(3) === 0) mallocOne(draft, size);
  if (random(2) === 0) letGo(draft);
  steps.push({ op: "free_deferred" });
}

/** A frame that was held is held no more. */
function letGo(draft: Draft): void {
  const { random, steps, held } = draft;
  const [one] = held.splice(random(held.length), 1);
  if (one === undefined) return;
  const { page, how } = one;
  if (how === "lock") return void steps.push({ op: "unlock", page });
  if (random(3) > 0) steps.push({ op: "migrate_isolated", page });
  // Where that migrated it, it is passed over.
  steps.push({ op: "putback", page });
}

function freeDeferred({ steps }: Draft): void {
  steps.push({ op: "free_deferred" });
}

/** Objects are freed, now and then the only one of a zspage. */
function freeAround(draft: Draft): void {
  const { random, create, steps } = draft;
  if (random(2) === 0) fillAndThin(draft);
  for (let left = 1 + random(6); left > 0; left--) {
    const isAlone = random(3) > 0;
    if (isAlone) mallocOne(draft, create.pageSize - random(64));
    const { length } = draft.live;
    if (length === 0) return;
    const nth = isAlone ? length - 1 : random(length);
    const amid = pick(random, "compact" as const, "migrate" as const);
    steps.push({ op: "free_around", object: takeAt(draft, nth), amid });
  }
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
