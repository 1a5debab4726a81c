/** Random programs for zswap as a cache. */
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../bytes.ts";
import { kernelAsked } from "../kernel.ts";
import { type Program, randomLength, type Scope } from "../program.ts";
import { pick, type Random, weighted } from "../random.ts";
import { randomWord } from "../random_page.ts";
import { isSpecial, randomZswapCreate } from "./random_create.ts";
import { randomCompressor, randomParameter } from "./random_parameters.ts";
import { type PageScope, randomZswapPage } from "./random_pages.ts";
import {
  COMMON_SWAP_TYPES,
  SWAP_TYPES,
  type SwapCacheState,
  type ZswapCreate,
  type ZswapMeanwhile,
  type ZswapSlot,
  type ZswapStep,
  type ZswapSteps,
} from "./steps.ts";

/** How often each operation is drawn; the others are drawn for themselves. */
const WEIGHTS: readonly (readonly [keyof ZswapSteps, number])[] = [
  ["store", 120],
  ["store_folio", 12],
  ["load", 42],
  ["invalidate", 24],
  ["writeback", 24],
  ["work", 30],
  ["scan", 15],
  ["cache", 18],
  ["damage", 9],
  ["set", 18],
  ["get", 3],
  ["swapin", 6],
  ["swapoff", 3],
  ["counters", 3],
  ["create", 6],
];

/** What the steps of one program are drawn from. */
interface Draw extends PageScope {
  readonly random: Random;
  readonly scope: Scope;
  /** What the program's first cache is made for. */
  readonly create: ZswapCreate;
  /** Swap types that the program uses. */
  readonly types: readonly number[];
  /** Offsets that the program uses, from the first one on. */
  readonly offsets: number;
  readonly first: number;
  /** Draws an operation. */
  readonly anyOp: (random: Random) => readonly [keyof ZswapSteps, number];
  /** The offset after the page that was stored last. */
  next: number;
  /** The slot of the page that was stored last. */
  last: ZswapSlot | undefined;
}

/** The first offset: 0, where 32 bits end, or the last ones that there can be. */
function randomFirst(
  random: Random,
  { wordBits, zswap }: Profile,
  offsets: number,
): number {
  const bits = zswap.swpTypeShift(wordBits);
  const end = Math.min(2 ** bits, Number.MAX_SAFE_INTEGER + 1);
  const middle = Math.min(2 ** 32, end / 2);
  return Math.max(
    0,
    pick(random, 0, 0, middle - (offsets >> 1), end - offsets),
  );
}

function drawFrom(
  random: Random,
  scope: Scope,
  profile: Profile,
  create: ZswapCreate,
): Draw {
  const offsets = 1 + randomLength(random, 2 * create.totalPages);
  const own = kernelAsked(profile, create);
  const types = isSpecial(scope) ? SWAP_TYPES : COMMON_SWAP_TYPES;
  const anyOp = weighted(
    WEIGHTS.filter(([op]) => scope.ops.has(op)),
    ([, weight]) => weight,
  );
  return {
    random,
    scope,
    create,
    profile: own,
    isStated: create.stated ?? false,
    offsets,
    first: randomFirst(random, own, offsets),
    types: types.slice(0, 1 + random(types.length)),
    anyOp,
    next: 0,
    last: undefined,
  };
}

/** Any slot of those that the program uses. */
function anySlot({ random, types, first, offsets }: Draw): ZswapSlot {
  const type = pick(random, ...types);
  return { type, offset: first + random(offsets) };
}

/** A slot that most likely has a page: as often as not the last that got one. */
function usedSlot(draw: Draw): ZswapSlot {
  const slot = anySlot(draw);
  return draw.random(2) === 0 ? slot : draw.last ?? slot;
}

/** A slot for a page: often the one after the last, as swap is filled. */
function nextSlot(draw: Draw, pages: number): ZswapSlot {
  const { random, first, offsets } = draw;
  const slot = anySlot(draw);
  if (random(3) === 0) {
    const offset = Math.max(first, slot.offset - pages + 1);
    return draw.last = { ...slot, offset };
  }
  const room = Math.max(1, offsets - pages + 1);
  const at = draw.next % room;
  draw.next = at + pages;
  return draw.last = { ...slot, offset: first + at };
}

function anyPage(draw: Draw): Bytes {
  return randomZswapPage(draw.random, draw);
}

function meanwhileOf(draw: Draw): ZswapMeanwhile {
  const { random } = draw;
  const when = pick(random, "allocated", "allocated", "written");
  const does = pick(random, "store", "store", "load", "invalidate");
  return does === "store"
    ? { when, does, data: anyPage(draw) }
    : { when, does };
}

/** How each operation's steps are made. */
const STEP: {
  readonly [Op in keyof ZswapSteps]: (draw: Draw) => ZswapSteps[Op];
} = {
  create: ({ random, scope, profile, create }) =>
    randomZswapCreate(random, scope, profile, create),
  store: (draw) => ({ ...nextSlot(draw, 1), data: anyPage(draw) }),
  store_folio(draw) {
    const { random, offsets } = draw;
    const most = Math.min(offsets, pick(random, 2, 4, 16));
    const count = 1 + random(most);
    const pages = Array.from({ length: count }, () => anyPage(draw));
    return { ...nextSlot(draw, count), pages };
  },
  load(draw) {
    const slot = usedSlot(draw);
    const isPast = isSpecial(draw.scope) && draw.random(2) === 0;
    return isPast ? { ...slot, toSwapCache: false } : slot;
  },
  invalidate: anySlot,
  writeback(draw) {
    const { random, scope } = draw;
    const entries = 1 + random(pick(random, 1, 5, 5, 40));
    const isInterrupted = isSpecial(scope) && random(2) === 0;
    return isInterrupted
      ? { entries, meanwhile: meanwhileOf(draw) }
      : { entries };
  },
  stats: () => ({}),
  counters: () => ({}),
  work: () => ({}),
  scan: ({ random }) => ({ nr: random(pick(random, 2, 12, 12, 100)) }),
  swapin: ({ random }) => ({ pages: 1 + random(20) }),
  cache(draw) {
    const state = pick<SwapCacheState>(
      draw.random,
      "cached",
      "no-memory",
      "slot-free",
      "swap-type-off",
      "free",
      "free",
      "free",
    );
    return { ...anySlot(draw), state };
  },
  damage: usedSlot,
  set: ({ random, profile, isStated, scope: { oddTexts = false } }) =>
    randomParameter(random, profile, isStated, oddTexts),
  get: ({ random, profile }) => ({
    attr: pick(random, ...Object.keys(profile.zswap.parameters), "slub"),
  }),
  swapoff: ({ random, types }) => ({ type: pick(random, ...types) }),
};

/** An empty cache is given a page of one word repeated. */
function firstStore(draw: Draw): ZswapStep {
  const { random, profile } = draw;
  const data = randomWord(random, profile, random(2) === 0);
  return { op: "store", ...nextSlot(draw, 1), data };
}

/** Whether damage ends a program, the kernel stopping at it. */
const stopsAtDamage = ({ profile }: Draw): boolean =>
  profile.zswap.damaged === "bug";

/** Pages are stored, damaged and then wanted, at which some kernel stops. */
function lastSteps(draw: Draw): ZswapStep[] {
  const { random } = draw;
  return Array.from({ length: 4 }, () => nextSlot(draw, 1)).flatMap((slot) => [
    { op: "store", ...slot, data: anyPage(draw) },
    { op: "damage", ...slot },
    random(3) > 0
      ? { op: "load", ...slot }
      : { op: "writeback", entries: 1 + random(40) },
  ]);
}

/** A random step. */
function randomStep(draw: Draw): ZswapStep {
  const [drawn] = draw.anyOp(draw.random);
  const op = drawn === "damage" && stopsAtDamage(draw) ? "load" : drawn;
  // The fields of an operation make a step of that operation.
  return { op, ...STEP[op](draw) } as ZswapStep;
}

/** The most steps of a program with pages of a size: large ones take as much longer. */
function mostSteps({ maxSteps }: Scope, pageSize: number): number {
  return Math.max(16, Math.floor(maxSteps * 4096 / pageSize));
}

/** A random program, the same one for the same draws. */
export function randomZswapProgram(
  random: Random,
  scope: Scope,
): Program<ZswapStep> {
  const profile = pick(random, ...scope.profiles);
  const create = randomZswapCreate(random, scope, profile);
  const draw = drawFrom(random, scope, profile, create);
  const most = mostSteps(scope, draw.profile.pageSize);
  const steps: ZswapStep[] = [{ op: "create", ...create }];
  if (isSpecial(scope) && random(2) === 0) {
    const value = randomCompressor(random, draw.profile, draw.isStated);
    steps.push({ op: "set", attr: "compressor", value });
  }
  for (let left = randomLength(random, most); left > 0; left--) {
    const isEmpty = steps.at(-1)?.op === "create" && random(4) > 0;
    steps.push(isEmpty ? firstStore(draw) : randomStep(draw));
  }
  if (isSpecial(scope) && stopsAtDamage(draw) && random(4) > 0) {
    steps.push(...lastSteps(draw));
  }
  return { profile, steps };
}
