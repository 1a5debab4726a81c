/** What is simpler than a step for an allocator, and how objects are renamed. */
import { simplerBytes } from "../bytes.ts";
import type { StepOf } from "../program.ts";
import type {
  ZsmallocCreate,
  ZsmallocOp,
  ZsmallocStep,
  ZsmallocSteps,
} from "./steps.ts";

type Simpler = {
  readonly [Op in ZsmallocOp]?: (
    step: StepOf<ZsmallocSteps, Op>,
  ) => readonly ZsmallocStep[];
};

/**
 * Sizes of objects, the simplest first: two of 2040 bytes fill a page, three of
 * 2700 fill two, and so take few steps.
 */
const SIMPLE_SIZES = [2040, 2700, 1000, 32, 1];

const SIMPLER: Simpler = {
  create: (step) => [
    ...simplerCreates(step),
    ...(step.pageSize > 4096 ? [{ ...step, pageSize: 4096 }] : []),
  ],
  malloc: (step) => [
    ...fewer(step),
    ...simplerSizes(step.size).map((size) => ({ ...step, size })),
  ],
  free: (step) =>
    typeof step.object === "number"
      ? []
      : shorter(step.object).map((object) => ({ ...step, object })),
  write: (step) => [
    ...fewer(step),
    ...simplerBytes(step.data).map((data) => ({ ...step, data })),
  ],
  read: (step) => step.length > 1 ? [{ ...step, length: 1 }] : [],
  fail: (step) =>
    step.after === 0 ? [] : [
      { ...step, after: 0 },
      { ...step, after: step.after >> 1 },
      { ...step, after: step.after - 1 },
    ],
  map: (step) => [
    ...(step.cpu > 0 ? [{ ...step, cpu: 0 }] : []),
    ...(step.mode === "read-only" ? [] : [
      { ...step, mode: "read-only" as const },
    ]),
  ],
  write_mapped: (step) =>
    simplerBytes(step.data).map((data) => ({ ...step, data })),
  compact_around: (step) => [
    { op: "compact" },
    ...simplerSizes(step.size).map((size) => ({ ...step, size })),
    ...shorter(step.frees, 0).map((frees) => ({ ...step, frees })),
  ],
};

/** Simpler steps that could take the place of one, the simplest first. */
export function simplerZsmallocSteps(
  step: ZsmallocStep,
): readonly ZsmallocStep[] {
  // The entry of an operation takes the steps of that operation.
  return SIMPLER[step.op]?.(step as never) ?? [];
}

const OPTIONS = [
  "physBits",
  "maxPages",
  "firstPfn",
  "mapping",
] satisfies (keyof ZsmallocCreate)[];

/** The same pool without one of the things that are special about it. */
function simplerCreates(
  step: StepOf<ZsmallocSteps, "create">,
): ZsmallocStep[] {
  return OPTIONS.filter((name) => step[name] !== undefined)
    .map((name) => {
      const { [name]: _, ...rest } = step;
      return rest;
    });
}

/** Half a list, the other half, all but each one: lists of at least `least`. */
function shorter<Item>(
  list: readonly Item[],
  least = 1,
): readonly (readonly Item[])[] {
  const half = list.length >> 1;
  const lists = half === 0 ? [[]] : [list.slice(0, half), list.slice(half)];
  const without = list.length > MOST_TRIED
    ? []
    : list.map((_, nth) => list.toSpliced(nth, 1));
  return [...lists, ...without].filter(({ length }) =>
    length >= least && length < list.length
  );
}

/** Items of a list of which each is left out in turn. */
const MOST_TRIED = 16;

/** The same step on one object, half as many, or one less. */
function fewer<One extends { readonly count?: number }>(
  step: One,
): readonly One[] {
  const { count = 1, ...one } = step;
  if (count === 1) return step.count === undefined ? [] : [one as One];
  // Without `count` it is a step too.
  const counts = [count >> 1, count - (count >> 2), count - 1];
  return [
    one as One,
    ...counts.filter((fewer) => fewer > 1 && fewer < count)
      .map((count) => ({ ...step, count })),
  ];
}

function simplerSizes(size: number): readonly number[] {
  if (size === 0) return [];
  const at = SIMPLE_SIZES.indexOf(size);
  return SIMPLE_SIZES.slice(0, at < 0 ? undefined : at);
}

/**
 * The same steps, their objects numbered from 0 on; where steps number several
 * at once, they stay as they are.
 */
export function renamedObjects(
  steps: readonly ZsmallocStep[],
): readonly ZsmallocStep[] {
  if (steps.some(numbersSeveral)) return steps;
  const names = new Map<number, number>();
  const renamed = (object: number) => {
    const name = names.get(object) ?? names.size;
    names.set(object, name);
    return name;
  };
  return steps.map((step) => {
    if (!("object" in step)) return step;
    if (step.op !== "free" || typeof step.object === "number") {
      return { ...step, object: renamed(Number(step.object)) };
    }
    return { ...step, object: step.object.map(renamed) };
  });
}

function numbersSeveral(step: ZsmallocStep): boolean {
  return step.op === "compact_around" || "count" in step ||
    (step.op === "misuse" && step.what === "unmap-again");
}
