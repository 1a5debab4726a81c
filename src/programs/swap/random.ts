/** Random programs of the swap path: for the model, and for a live kernel's process. */
import { codecsOf, exactCodecsOf } from "../../codec/codecs.ts";
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../bytes.ts";
import { kernelAsked } from "../kernel.ts";
import { type Program, randomLength, type Scope } from "../program.ts";
import { pick, type Random, weighted } from "../random.ts";
import { randomCreate } from "./random_create.ts";
import { randomPages } from "./random_pages.ts";
import { randomSetting } from "./random_settings.ts";
import {
  type ProcessChoice,
  SWAP_PROCESS_PAGES,
  type SwapCreate,
  type SwapStep,
  type SwapSteps,
} from "./steps.ts";

/** What the steps of one program are drawn from. */
interface Draw {
  readonly random: Random;
  readonly profile: Profile;
  readonly scope: Scope;
  /** Whether the target can do whatever the model can. */
  readonly isModel: boolean;
  /** Processes; the one process has no name. */
  readonly processes: number;
  /** Pages of each. */
  readonly pages: number;
  /** What is written. */
  readonly contents: readonly Bytes[];
  /** Compressors that can be chosen. */
  readonly compressors: readonly string[];
}

function anyProcess({ random, processes }: Draw): ProcessChoice {
  return processes === 1 ? {} : { process: random(processes) };
}

const anyPage = (draw: Draw) => ({
  page: draw.random(draw.pages),
  ...anyProcess(draw),
});

const anyData = ({ random, contents }: Draw): Bytes =>
  contents[random(contents.length)];

/** How often each operation is drawn, and what makes the fields of its steps. */
const DRAWN: {
  readonly [Op in Exclude<SwapStep["op"], "create" | "counters">]: readonly [
    weight: number,
    make: (draw: Draw) => SwapSteps[Op],
  ];
} = {
  write: [30, (draw) => ({ ...anyPage(draw), data: anyData(draw) })],
  pageout: [34, anyPage],
  read: [16, anyPage],
  forget: [7, anyPage],
  set: [3, randomSetting],
  get: [2, ({ random, profile }) => ({
    attr: pick(random, ...Object.keys(profile.zswap.parameters), "nosuch"),
  })],
  pageout_all: [2, anyProcess],
  write_under_writeback: [
    5,
    (draw) => ({ ...anyPage(draw), data: anyData(draw) }),
  ],
  reclaim: [3, () => ({})],
  exit: [1, anyProcess],
  shrink: [8, ({ random }) => ({ nr: 1 + random(12) })],
  evict: [2, () => ({})],
  evict_end: [2, () => ({})],
  zram_writeback: [
    2,
    ({ random }) =>
      random(3) === 0
        ? { type: "idle", age: random(60) }
        : { type: pick(random, "idle", "huge") },
  ],
  swapoff: [1, () => ({})],
  wait: [1, ({ random }) => ({ seconds: random(60) })],
};

/** Draws operations of a scope, each as often as it weighs. */
function drawerOf(draw: Draw): () => SwapStep {
  // A table has its own operations alone.
  const ops = Object.keys(DRAWN) as (keyof typeof DRAWN)[];
  const anyOp = weighted(
    ops.filter((op) => draw.scope.ops.has(op)),
    (op) => DRAWN[op][0],
  );
  return () => {
    const op = anyOp(draw.random);
    const [, make] = DRAWN[op];
    // The fields of an operation make a step of that operation.
    return { op, ...make(draw) } as SwapStep;
  };
}

/** Pages written and paged out one after the other, until whatever is below is full. */
function fill(draw: Draw): SwapStep[] {
  const { random, pages } = draw;
  const process = anyProcess(draw);
  const first = pick(random, 0, random(pages));
  return Array.from(
    { length: pick(random, pages - first, 1 + random(pages - first)) },
    (_, nth): SwapStep[] => {
      const at = { page: first + nth, ...process };
      return [
        { op: "write", ...at, data: anyData(draw) },
        { op: "pageout", ...at },
      ];
    },
  ).flat();
}

/** Pages read one after the other, as a process does that goes on. */
function readBack(draw: Draw): SwapStep[] {
  const { random, pages } = draw;
  const process = anyProcess(draw);
  const first = random(pages);
  return Array.from(
    { length: 1 + random(pages - first) },
    (_, nth): SwapStep => ({ op: "read", page: first + nth, ...process }),
  );
}

/**
 * Pages are written and paged out while one is being evicted: where that goes
 * and comes back to its slot meanwhile, it is another page.
 */
function replaceWhileEvicting(draw: Draw): SwapStep[] {
  const { random, pages } = draw;
  const process = anyProcess(draw);
  const first = random(pages);
  const places = Array.from(
    { length: Math.min(pages - first, 1 + random(24)) },
    (_, nth) => ({ page: first + nth, ...process }),
  );
  return [
    { op: "pageout_all", ...process },
    { op: "evict" },
    ...places.flatMap((at): SwapStep[] => [
      { op: "write", ...at, data: anyData(draw) },
      { op: "pageout", ...at },
    ]),
    { op: "evict_end" },
    ...places.map((at): SwapStep => ({ op: "read", ...at })),
  ];
}

/** A device goes whose pages are out. */
function goOff(draw: Draw): SwapStep[] {
  return [{ op: "pageout_all", ...anyProcess(draw) }, { op: "swapoff" }];
}

/** Some steps that belong together, or one. */
function anySteps(draw: Draw, anyStep: () => SwapStep): SwapStep[] {
  const kind = draw.random(100);
  if (kind === 0) return fill(draw);
  if (kind === 1) return readBack(draw);
  if (kind <= 5 && draw.isModel) return replaceWhileEvicting(draw);
  if (kind === 6 && draw.isModel) return goOff(draw);
  return [anyStep()];
}

/** The allocators one after the other, each for its part of the steps. */
function turns(draw: Draw, length: number): SwapStep[] {
  const { random, profile, scope, isModel } = draw;
  const { zpools } = profile.zswap;
  const anyStep = drawerOf(draw);
  const steps: SwapStep[] = [];
  const first = random(zpools.length);
  // Whoever cannot choose the allocator at the start does so here.
  const isTurning = scope.ops.has("set") && (!isModel || random(4) === 0);
  const turn = Math.max(20, Math.ceil(length / zpools.length));
  for (let nth = 0; steps.length < length; nth++) {
    if (isTurning) {
      const value = zpools[(first + nth) % zpools.length];
      steps.push({ op: "set", attr: "zpool", value });
    }
    if (random(3) === 0) steps.push(...fill(draw));
    const end = Math.min(length, (nth + 1) * turn);
    while (steps.length < end) steps.push(...anySteps(draw, anyStep));
  }
  return steps.slice(0, Math.max(1, length));
}

/** What is set before anything is stored. */
function firstSettings(draw: Draw): SwapStep[] {
  const { random, scope, profile, isModel } = draw;
  if (!scope.ops.has("set")) return [];
  const set = (attr: string, value: string): SwapStep => ({
    op: "set",
    attr,
    value,
  });
  const { parameters } = profile.zswap;
  if (isModel) {
    return "shrinker_enabled" in parameters && random(4) > 0
      ? [set("shrinker_enabled", "Y")]
      : [];
  }
  return [
    set("max_pool_percent", pick(random, "1", "1", "20")),
    { op: "set", ...randomSetting(draw) },
    { op: "set", ...randomSetting(draw) },
    set("enabled", "1"),
  ];
}

/** How many pages processes have: few as often as many. */
function pagesOf(random: Random, { slots }: SwapCreate): number {
  if (slots !== undefined) {
    return 1 + randomLength(random, Math.min(300, 3 * slots + 2));
  }
  // A live kernel's pools are large: only a whole process fills them.
  return random(2) === 0
    ? SWAP_PROCESS_PAGES
    : 1 + randomLength(random, SWAP_PROCESS_PAGES - 1);
}

/** Compressors that a scope may choose. */
function compressorsOf(
  { zswap }: Profile,
  { algorithms }: Scope,
  isModel: boolean,
): readonly string[] {
  // Of others the lengths are not a live kernel's.
  const codecs = isModel ? codecsOf(zswap) : exactCodecsOf(zswap);
  const names = algorithms ?? codecs.map(({ name }) => name);
  return names.filter((name) => zswap.compressors.includes(name));
}

/** A random program: the same one for the same draws. */
export function randomSwapProgram(
  random: Random,
  scope: Scope,
): Program<SwapStep> {
  const profile = scope.profiles[random(scope.profiles.length)];
  const length = randomLength(random, scope.maxSteps - 1);
  const isModel = scope.ops.has("swapoff");
  const create = isModel
    ? randomCreate(random, profile, scope.anyGeometry)
    : {};
  const geometry = kernelAsked(profile, create);
  const draw: Draw = {
    random,
    profile,
    scope,
    isModel,
    processes: isModel ? 1 + random(3) : 1,
    pages: pagesOf(random, create),
    contents: randomPages(random, geometry, 6 + Math.floor(length / 10)),
    compressors: compressorsOf(profile, scope, isModel),
  };
  const settings = firstSettings(draw);
  const body = turns(draw, Math.max(1, length - settings.length));
  return {
    profile,
    steps: [{ op: "create", ...create }, ...settings, ...body],
  };
}
