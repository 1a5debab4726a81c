/** Random programs for zbud and z3fold. */
import type { Bytes } from "../bytes.ts";
import { type Program, randomLength, type Scope } from "../program.ts";
import { pick, type Random } from "../random.ts";
import { onZones } from "../zones.ts";
import type { BuddyStep, BuddySteps } from "./steps.ts";

/** Chunks of a page: NCHUNKS_ORDER is 6. */
const CHUNKS = 64;

/** What a program has so far, as far as its maker looks. */
interface Sketch {
  readonly random: Random;
  readonly ops: ReadonlySet<string>;
  readonly pageSize: number;
  /** Objects that were made and not freed; reclaim may have evicted some. */
  readonly live: number[];
  /** Objects that were mapped and not unmapped. */
  readonly mapped: number[];
  /** The number of the next object. */
  next: number;
  /** Whether the program is filling the pool, or emptying it. */
  isFilling: boolean;
}

/** A size: any, small, about a chunk's border, or about the largest. */
function randomSize({ random, pageSize }: Sketch): number {
  const chunk = pageSize / CHUNKS;
  switch (random(8)) {
    case 0:
      return 1 + random(pageSize);
    case 1:
      return pageSize - random(4 * chunk);
    case 2:
      return random(40) === 0 ? pick(random, 0, pageSize + 1) : 1 + random(9);
    case 3:
    case 4:
      return Math.max(1, chunk * (1 + random(CHUNKS)) + random(3) - 1);
    default:
      return 1 + random(pageSize >> 1);
  }
}

/** Some words of noise, and zeros behind them. */
function randomData(random: Random): Bytes {
  return { xorshift: 1 + random(9999), bytes: 4 * random(16) };
}

/** One of the live objects, the newest ones more often. */
function anyObject({ random, live }: Sketch): number {
  const from = random(2) === 0 ? 0 : Math.max(0, live.length - 8);
  return live[from + random(live.length - from)] ?? 0;
}

function malloc(sketch: Sketch): BuddyStep {
  const object = sketch.next++;
  sketch.live.push(object);
  return { op: "malloc", object, size: randomSize(sketch) };
}

function free(sketch: Sketch): BuddyStep {
  const { random, live, ops } = sketch;
  const at = live.indexOf(anyObject(sketch));
  const [object] = live.splice(at, 1);
  const later = ops.has("work") && random(3) === 0;
  return later ? { op: "free", object, later } : { op: "free", object };
}

function map(sketch: Sketch): BuddyStep {
  const object = anyObject(sketch);
  sketch.mapped.push(object);
  return { op: "map", object };
}

function unmap({ random, mapped }: Sketch): BuddyStep {
  const [object] = mapped.splice(random(mapped.length), 1);
  return { op: "unmap", object };
}

function reclaim({ random }: Sketch): BuddyStep {
  const retries = random(10) === 0 ? 0 : 1 + random(4);
  return { op: "reclaim", retries, refuseEach: pick(random, 0, 0, 1, 2, 3) };
}

function fail({ random, ops }: Sketch): BuddyStep {
  const what = ops.has("work") && random(2) === 0 ? "slab" : "frame";
  return { op: "fail", what, after: random(random(2) === 0 ? 2 : 8) };
}

/** One more step. */
function anyStep(sketch: Sketch): BuddyStep {
  const { random, live, mapped, ops } = sketch;
  if (random(32) === 0) sketch.isFilling = !sketch.isFilling;
  if (live.length === 0) return malloc(sketch);
  const mallocs = sketch.isFilling ? 48 : 20;
  const draw = random(100);
  if (draw < mallocs) return malloc(sketch);
  if (draw < 72) return free(sketch);
  if (draw < 77) {
    return { op: "write", object: anyObject(sketch), data: randomData(random) };
  }
  if (draw < 81) return { op: "read", object: anyObject(sketch) };
  if (draw < 86) return mapped.length < 6 ? map(sketch) : unmap(sketch);
  if (draw < 90) return mapped.length > 0 ? unmap(sketch) : map(sketch);
  if (draw < 93) return ops.has("work") ? { op: "work" } : free(sketch);
  if (draw < 96) return fail(sketch);
  return reclaim(sketch);
}

/** A fresh pool: now and then of other sizes, now and then with few frames. */
function create(random: Random, scope: Scope): BuddySteps["create"] {
  const { anyGeometry } = scope;
  return {
    ...anyGeometry && random(3) === 0 && {
      pageSize: pick(random, 4096, 16384, 65536),
      wordBits: pick(random, 32, 64),
    },
    ...random(4) === 0 && { maxPages: 1 + random(20) },
    ...random(4) === 0 && { dirty: 1 + random(20) },
    ...random(4) === 0 && { firstPfn: pick(random, 0, 2, 1000) },
  };
}

/** A share of a page, of which two make more than half, and three are too many. */
function partOf({ random, pageSize }: Sketch): number {
  return Math.floor(pageSize * (36 + random(10)) / 100);
}

/**
 * A page that is left with another page's object is chosen for a new one, for
 * which there are no slots: a kernel that looks for none stops there.
 */
function withoutSlots(sketch: Sketch): BuddyStep[] {
  const made = (): BuddyStep => {
    const object = sketch.next++;
    return { op: "malloc", object, size: partOf(sketch) };
  };
  const from = sketch.next;
  return [
    { op: "create", pageSize: sketch.pageSize },
    ...Array.from({ length: 4 }, made),
    // The first page is left with its last object, then the fourth moves there.
    ...[from, from + 2, from + 1].map((object): BuddyStep => ({
      op: "free",
      object,
    })),
    { op: "fail", what: "slab", after: 0 },
    made(),
  ];
}

/** A random program of either allocator. */
export function randomBuddyProgram(
  random: Random,
  scope: Scope,
): Program<BuddyStep> {
  const profile = pick(random, ...scope.profiles);
  const made = create(random, scope);
  const sketch: Sketch = {
    random,
    ops: scope.ops,
    pageSize: made.pageSize ?? profile.pageSize,
    live: [],
    mapped: [],
    next: 0,
    isFilling: true,
  };
  const steps: BuddyStep[] = [{ op: "create", ...made }];
  const length = randomLength(random, scope.maxSteps);
  while (steps.length <= length) {
    const step = anyStep(sketch);
    if (scope.ops.has(step.op)) steps.push(step);
  }
  if (scope.ops.has("work") && random(3) > 0) {
    steps.push(...withoutSlots(sketch));
  }
  return { profile, steps: onZones(random, steps) };
}
