/** Random programs for the buddy allocator of pages. */
import type { Profile } from "../../linux/profile.ts";
import { type Program, randomLength, type Scope } from "../program.ts";
import { pick, type Random } from "../random.ts";
import { randomZones } from "../zones.ts";
import type {
  GfpName,
  PageAllocStep,
  PageAllocSteps,
  Refusing,
} from "./steps.ts";

/** What a program has so far, as far as its maker looks. */
interface Sketch {
  readonly random: Random;
  readonly maxOrder: number;
  readonly zones: number;
  /** Objects that were asked for and not freed. */
  readonly live: number[];
  /** Objects that refuse to be moved. */
  readonly pinned: number[];
  /** The number of the next object. */
  next: number;
  /** Whether the program is filling memory, or emptying it. */
  isFilling: boolean;
  /** What it asks for mostly, for a while. */
  mostly: GfpName;
}

const NAMES: readonly GfpName[] = [
  "kernel",
  "reclaimable",
  "highmem",
  "movable",
  "user",
];

/** Mostly single pages; every now and then more, up to a largest block. */
function randomOrder({ random, maxOrder }: Sketch): number {
  return random(3) > 0 ? 0 : random(4) > 0 ? random(3) : random(maxOrder + 1);
}

function alloc(sketch: Sketch): PageAllocStep {
  const { random, maxOrder } = sketch;
  const object = sketch.next++;
  sketch.live.push(object);
  const order = Math.min(randomOrder(sketch), maxOrder);
  const gfp = random(4) > 0 ? sketch.mostly : pick(random, ...NAMES);
  return { op: "alloc", object, order, gfp };
}

function takeAny({ random }: Sketch, from: number[]): number {
  const [object] = from.splice(random(from.length), 1);
  return object;
}

function pin(sketch: Sketch): PageAllocStep {
  const { random, live } = sketch;
  const object = live[random(live.length)];
  sketch.pinned.push(object);
  const refuses = pick<Refusing>(random, "isolate", "migrate");
  return { op: "pin", object, refuses };
}

function compact({ random, maxOrder }: Sketch, zone: number): PageAllocStep {
  if (random(2) === 0) return { op: "compact", zone };
  const order = 1 + random(maxOrder);
  return { op: "compact", zone, order, gfp: pick(random, ...NAMES) };
}

/** Some pages refuse to be moved. */
function pinSome(
  { random, pinned }: Sketch,
  objects: readonly number[],
): PageAllocStep[] {
  const some = objects.filter(() => random(3) === 0);
  pinned.push(...some);
  return some.map((object) => ({
    op: "pin",
    object,
    refuses: pick<Refusing>(random, "isolate", "migrate", "migrate", "migrate"),
  }));
}

/**
 * Pages that can be moved, every second of which is freed and some of which
 * refuse, and compaction of each zone.
 */
function fragment(sketch: Sketch): PageAllocStep[] {
  const { random, live, zones } = sketch;
  const gfp = pick<GfpName>(random, "user", "movable");
  const made = Array.from({ length: 8 + random(64) }, (): PageAllocStep => {
    live.push(sketch.next);
    return { op: "alloc", object: sketch.next++, order: 0, gfp };
  });
  const freed = made.map((_, nth) => live[live.length - 1 - nth])
    .filter(() => random(2) === 0);
  const left = live.filter((object) => !freed.includes(object));
  live.splice(0, live.length, ...left);
  return [
    ...made,
    ...freed.map((object): PageAllocStep => ({ op: "free", object })),
    ...pinSome(sketch, left.slice(-freed.length)),
    ...Array.from({ length: zones }, (_, zone) => compact(sketch, zone)),
  ];
}

/** One more step. */
function anyStep(sketch: Sketch): PageAllocStep {
  const { random, live, pinned } = sketch;
  if (random(48) === 0) sketch.isFilling = !sketch.isFilling;
  if (random(24) === 0) sketch.mostly = pick(random, ...NAMES);
  if (live.length === 0) return alloc(sketch);
  const draw = random(100);
  if (draw < (sketch.isFilling ? 70 : 30)) return alloc(sketch);
  if (draw < 92) return { op: "free", object: takeAny(sketch, live) };
  if (draw < 94) return pin(sketch);
  if (draw < 95 && pinned.length > 0) {
    return { op: "unpin", object: takeAny(sketch, pinned) };
  }
  if (draw < 97) return { op: "read", object: live[random(live.length)] };
  return compact(sketch, random(sketch.zones));
}

/** Fresh memory of some hundred pages. */
function create(
  random: Random,
  { release: { pageAlloc } }: Profile,
): PageAllocSteps["create"] {
  const buddy = randomZones(random, pick(random, 8, 32, 96), pageAlloc);
  // CMA areas are aligned where the first zone is.
  const hasCma = buddy.zones.some(({ cma }) => cma !== undefined);
  const isPlain = hasCma || buddy.zones.length > 1;
  return {
    buddy,
    firstPfn: isPlain ? 0 : pick(random, 0, 1, 3, 64),
  };
}

/** A random program. */
export function randomPageAllocProgram(
  random: Random,
  scope: Scope,
): Program<PageAllocStep> {
  const profile = pick(random, ...scope.profiles);
  const made = create(random, profile);
  const sketch: Sketch = {
    random,
    maxOrder: made.buddy.maxOrder,
    zones: made.buddy.zones.length,
    live: [],
    pinned: [],
    next: 0,
    isFilling: true,
    mostly: pick(random, ...NAMES),
  };
  const steps: PageAllocStep[] = [{ op: "create", ...made }];
  const length = randomLength(random, scope.maxSteps);
  while (steps.length < length) {
    if (random(24) === 0) steps.push(...fragment(sketch));
    else steps.push(anyStep(sketch));
  }
  return { profile, steps: steps.slice(0, Math.max(length, 1)) };
}
