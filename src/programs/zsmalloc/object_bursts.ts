/** Bursts by which objects come, go and are moved by compaction. */
import { pick } from "../random.ts";
import { anyLive, type Draft, noise } from "./draft.ts";
import { refusedSize } from "./sizes.ts";

/** The first size as often as all others. */
function anySize({ random, sizes }: Draft): number {
  return random(2) === 0 ? sizes[0] : pick(random, ...sizes);
}

export function mallocOne(draft: Draft, size: number): void {
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

export function mallocSome(draft: Draft): void {
  const size = anySize(draft);
  mallocEach(draft, size, 1 + draft.random(16));
}

/** So many objects come and are written or read, each by steps of its own. */
export function mallocEach(draft: Draft, size: number, count: number): void {
  for (let left = count; left > 0; left--) mallocOne(draft, size);
}

export function mallocDeep(draft: Draft): void {
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

export function freeAt(draft: Draft, nth: number): void {
  draft.steps.push({ op: "free", object: takeAt(draft, nth) });
}

export function freeSome(draft: Draft): void {
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
export function thin(draft: Draft): void {
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
export function age(draft: Draft): void {
  const { random, live } = draft;
  for (let left = 1 + random(12); left > 0; left--) {
    mallocOne(draft, pick(random, ...draft.sizes));
    freeAt(draft, random(live.length));
  }
}

export function rewrite(draft: Draft): void {
  const object = anyLive(draft);
  draft.steps.push({ op: "write", object, data: noise(draft) });
}

export function read(draft: Draft): void {
  const { random, sizes, steps } = draft;
  const length = 1 + random(Math.min(...sizes));
  steps.push({ op: "read", object: anyLive(draft), length });
}

export function refuse(draft: Draft): void {
  const { random, create, steps } = draft;
  const size = refusedSize(random, create.pageSize);
  steps.push({ op: "malloc", size, object: draft.next++ });
}

export function compact(draft: Draft): void {
  if (draft.random(8) > 0) fillAndThin(draft);
  draft.steps.push({ op: "compact" });
}

export function shrink(draft: Draft): void {
  if (draft.random(4) > 0) fillAndThin(draft);
  draft.steps.push({ op: "shrink" });
}

/** A pool that was filled and thinned just before has something to move. */
export function fillAndThin(draft: Draft): void {
  const { random, scope, sizes } = draft;
  const count = 6 + random(28);
  const size = random(4) === 0 ? sizes[0] : fewestInZspage(draft);
  const isAtOnce = scope.ops.has("fail") && random(2) === 0;
  (isAtOnce ? mallocMany : mallocEach)(draft, size, count);
  thin(draft);
}

/** The largest size that shares pages: few objects of it are several zspages. */
export function fewestInZspage({ sizes, create: { pageSize } }: Draft): number {
  const shared = sizes.filter((size) => size <= 3 * pageSize / 4);
  return shared.length === 0 ? sizes[0] : Math.max(...shared);
}

/** Objects that may go while a pool is compacted. */
const MOST_AROUND = 8;

export function compactAround(draft: Draft): void {
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
export function fail(draft: Draft): void {
  const { random, steps } = draft;
  const what = pick(random, "frame", "frame", "cell");
  steps.push({ op: "fail", what, after: random(random(2) === 0 ? 4 : 20) });
  mallocSome(draft);
}

/** Objects are freed, now and then the only one of a zspage. */
export function freeAround(draft: Draft): void {
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
