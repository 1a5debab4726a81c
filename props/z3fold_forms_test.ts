/**
 * The two forms of z3fold's operations: at once, and in steps that are run to
 * their end.
 */
import { assertEquals, assertThrows } from "@std/assert";
import {
  type Evict,
  GFP_HIGHMEM,
  LINUX_5_10,
  LINUX_6_1,
  Memory,
  type Profile,
  type Random,
  randomFrom,
  runToEnd,
  type Stop,
  Z3foldPool,
} from "../mod.ts";
import { mapObjectSteps, unmapObjectSteps } from "../src/z3fold/mapping.ts";
import { SLOTS_ALIGN } from "../src/z3fold/slots.ts";
import { PAGE_HEADLESS } from "../src/z3fold/z3fold_page.ts";
import {
  assertSameFrames,
  assertSameOutcome,
  isEnd,
  type Outcome,
  outcomeOf,
} from "./forms.ts";

/** Compaction that a free left to the worker, by the page, in one form. */
type Later = (() => void) | undefined;

/** A way to do z3fold's operations. */
interface Form {
  alloc(pool: Z3foldPool, size: number, gfp: number): unknown;
  /** Leaves compaction to what it returns, where the kernel has a worker do it. */
  freeLater(pool: Z3foldPool, handle: number): Later;
  free(pool: Z3foldPool, handle: number): void;
  map(pool: Z3foldPool, handle: number): number;
  unmap(pool: Z3foldPool, handle: number): void;
  write(pool: Z3foldPool, handle: number, data: Uint8Array): void;
  read(pool: Z3foldPool, handle: number, into: Uint8Array): unknown;
  reclaim(pool: Z3foldPool, retries: number): unknown;
}

const AT_ONCE: Form = {
  alloc: (pool, size, gfp) => pool.alloc(size, gfp),
  freeLater: (pool, handle) => pool.freeLater(handle),
  free: (pool, handle) => pool.free(handle),
  map: (pool, handle) => pool.map(handle).byteOffset,
  unmap: (pool, handle) => pool.unmap(handle),
  write: (pool, handle, data) => pool.write(handle, data),
  read: (pool, handle, into) => pool.read(handle, into),
  reclaim: (pool, retries) => pool.reclaimPage(retries),
};

/** Runs an operation, then the worker that frees what it gave up. */
function runAndRelease<Result>(
  pool: Z3foldPool,
  steps: Generator<Stop, Result>,
): Result {
  const result = runToEnd(steps);
  runToEnd(pool.releaseWorkSteps());
  return result;
}

/** The worker has but this page, of those that are queued. */
function compactOnly(pool: Z3foldPool, pfn: number): void {
  const { compaction } = pool.work;
  const others = [...compaction].filter((one) => one !== pfn);
  others.forEach((one) => compaction.delete(one));
  runAndRelease(pool, pool.compactWorkSteps());
  others.forEach((one) => compaction.add(one));
}

const IN_STEPS: Form = {
  alloc: (pool, size, gfp) => runAndRelease(pool, pool.allocSteps(size, gfp)),
  freeLater(pool, handle) {
    const before = [...pool.work.compaction];
    runAndRelease(pool, pool.freeSteps(handle));
    const queued = [...pool.work.compaction]
      .find((pfn) => !before.includes(pfn));
    return queued === undefined ? undefined : () => compactOnly(pool, queued);
  },
  free: (pool, handle) => IN_STEPS.freeLater(pool, handle)?.(),
  map: (pool, handle) => runToEnd(mapObjectSteps(pool, handle, "map")).address,
  unmap: (pool, handle) => runToEnd(unmapObjectSteps(pool, handle)),
  write: (pool, handle, data) => runToEnd(pool.writeSteps(handle, data)),
  read: (pool, handle, into) => runToEnd(pool.readSteps(handle, into)),
  reclaim: (pool, retries) =>
    runAndRelease(pool, pool.reclaimPageSteps(retries)),
};

/**
 * What becomes of an object that reclaim has evicted: it stays, it is freed, now
 * or after what compaction is queued, or nobody wants it, who frees it later.
 */
const EVICTIONS = ["refuse", "free", "later", "work", "keep"] as const;
type Eviction = typeof EVICTIONS[number];

/** What a pool is made with: as many of it as one likes are the same. */
interface Setup {
  readonly profile: Profile;
  readonly maxPages: number;
  /** Whether the allocation of a frame fails, by its number, counted round. */
  readonly noFrames: readonly boolean[];
  /** Likewise of slots. */
  readonly noSlots: readonly boolean[];
  /** Bytes of objects. */
  readonly sizes: readonly number[];
  /** What becomes of the objects that reclaim would have evicted. */
  readonly evictions: readonly Eviction[];
}

/** A pool whose operations have one form, those that reclaim brings too. */
class Subject {
  readonly form: Form;
  readonly pool: Z3foldPool;
  /** What frees left to the worker. */
  readonly later: (() => void)[] = [];

  constructor(form: Form, setup: Setup) {
    const { profile, maxPages, noFrames, noSlots } = setup;
    const { pageSize } = profile;
    this.form = form;
    const memory = new Memory({
      pageSize,
      maxPages,
      failPageAlloc: (nth) => noFrames[nth % noFrames.length],
    });
    this.pool = new Z3foldPool(profile, {
      memory,
      failslab: (nth) => noSlots[nth % noSlots.length],
      evict: this.#evictAs(setup),
    });
  }

  freeLater(handle: number): void {
    const later = this.form.freeLater(this.pool, handle);
    if (later !== undefined) this.later.push(later);
  }

  /** Does what was left to the worker first, if there is anything. */
  work(): void {
    this.later.shift()?.();
  }

  #evictAs({ evictions }: Setup): Evict {
    let nth = 0;
    const evict = (handle: number) => {
      const { pool, form } = this;
      const does = evictions[nth++ % evictions.length];
      form.read(pool, handle, new Uint8Array(4));
      if (does === "work") this.work();
      if (does === "free" || does === "work") form.free(pool, handle);
      if (does === "later") this.freeLater(handle);
      return does !== "refuse";
    };
    return function* (handle) {
      yield "write the object elsewhere";
      return evict(handle);
    };
  }

  /** All that the pool is, frames aside. */
  state(): Record<string, unknown> {
    const { lists, handles, slots, work } = this.pool;
    const structures: unknown[] = [];
    for (let at = SLOTS_ALIGN; slots.get(at) !== undefined; at += SLOTS_ALIGN) {
      const held = [0, 1, 2, 3].map((nth) =>
        slots.get(slots.handleAt(at, nth))
      );
      structures.push([slots.isAllocated(at), ...held]);
    }
    return {
      structures,
      allocated: slots.allocated,
      unbuddied: Array.from(
        { length: lists.pages.nchunks + 1 },
        (_, list) => [...lists.unbuddied.pagesIn(list)],
      ),
      lru: [...lists.lru],
      frames: [...lists.frames],
      pagesNr: lists.pagesNr,
      given: [...handles.given],
      evicting: [...handles.evicting],
      work: [[...work.compaction], work.compacting, [...work.stale]],
      later: this.later.length,
    };
  }
}

/** An operation, and its name. */
type Operation = readonly [string, (subject: Subject) => unknown];

/** One of several. */
function oneOf<One>(random: Random, ...from: readonly One[]): One {
  return from[random(from.length)];
}

/** An operation on a handle that is somebody's, or that was never anybody's. */
function operationAtRandom(
  random: Random,
  { pool }: Subject,
  { sizes }: Setup,
): Operation {
  const given = [...pool.handles.given];
  const isGood = given.length > 0 && random(20) > 0;
  const handle = isGood
    ? given[random(given.length)]
    : oneOf(random, 0, 1, 64, 68, 4097, 65, 12345);
  const size = oneOf(random, ...sizes);
  const odd = oneOf(random, 0, 4097, -1, NaN, 1.5, 100);
  const gfp = oneOf(random, 0, GFP_HIGHMEM);
  const bytes = new Uint8Array(oneOf(random, 10, 100, 1000, 4000))
    .fill(random(256));
  const operations: readonly Operation[] = [
    ["alloc", (one) => one.form.alloc(one.pool, size, 0)],
    ["free", (one) => one.form.free(one.pool, handle)],
    ["free later", (one) => one.freeLater(handle)],
    ["work", (one) => one.work()],
    // Whoever is stopped leaves what others find, in either form.
    ["free in steps", (one) => runToEnd(one.pool.freeSteps(handle))],
    ["workers", ({ pool }) => runAndRelease(pool, pool.compactWorkSteps())],
    ["map", (one) => one.form.map(one.pool, handle)],
    ["unmap", (one) => one.form.unmap(one.pool, handle)],
    ["write", (one) => one.form.write(one.pool, handle, bytes)],
    ["read", (one) => {
      const into = new Uint8Array(bytes.length);
      return [one.form.read(one.pool, handle, into), into];
    }],
    ["reclaim", (one) => one.form.reclaim(one.pool, 1 + size % 3)],
    ["odd alloc", (one) => one.form.alloc(one.pool, odd, gfp)],
  ];
  // More are made than are freed, until memory is short.
  const isAlloc = given.length === 0 ? random(5) > 0 : random(3) === 0;
  return isAlloc ? operations[0] : oneOf(random, ...operations);
}

const ALLOC_1700: Operation = [
  "alloc",
  ({ form, pool }) => form.alloc(pool, 1700, 0),
];

/** Frees the `nth` of the objects that there are. */
function freeNth(nth: number): Operation {
  const free = ({ form, pool }: Subject) =>
    form.free(pool, [...pool.handles.given][nth] ?? 0);
  return ["free", free];
}

/**
 * What leaves a page with another's object alone, whose slots are gone: few
 * programs come to it.
 */
const ALONE_ELSEWHERE: readonly Operation[] = [
  ALLOC_1700,
  ALLOC_1700,
  ALLOC_1700,
  ALLOC_1700,
  freeNth(0),
  freeNth(1),
  freeNth(0),
];

/** Of what kind an outcome is: there are enough handles and bytes. */
function kindOf({ answer, error }: Outcome): string {
  if (error !== undefined) return error.constructor.name;
  return typeof answer === "string" ? answer : typeof answer;
}

function assertSame(atOnce: Subject, inSteps: Subject, where: string): void {
  assertEquals(inSteps.state(), atOnce.state(), where);
  assertSameFrames(inSteps.pool.memory, atOnce.pool.memory, where);
}

/** As many random answers, of which few are true, or none. */
function faults(random: Random): boolean[] {
  const each = oneOf(random, Infinity, 4, 10);
  return Array.from(
    { length: 50 },
    () => each < Infinity && random(each) === 0,
  );
}

const WITHOUT_FAULTS = {
  sizes: [],
  maxPages: Infinity,
  noFrames: [],
  noSlots: [],
  evictions: [],
};

function setupAtRandom(profile: Profile, random: Random): Setup {
  const sizes = [1, 100, 900, 1500, 1700, 1700, 2500, 3904, 3905, 4096];
  return {
    profile,
    sizes: [1, 2, 3].map(() => oneOf(random, ...sizes)),
    maxPages: oneOf(random, 3, 8, Infinity),
    noFrames: faults(random),
    noSlots: faults(random),
    evictions: Array.from({ length: 20 }, () => oneOf(random, ...EVICTIONS)),
  };
}

/** What a pool has that few programs come to. */
function seenIn({ pool: { lists, pages, work } }: Subject): string[] {
  const withHeader = [...lists.frames]
    .filter((pfn) => !pages.has(pfn, PAGE_HEADLESS));
  const isForeign = withHeader.some((pfn) => pages.foreignHandles(pfn) > 0);
  const isShifted = withHeader.some((pfn) => pages.firstNum(pfn) > 0);
  return [
    ...isForeign ? ["an object from another page"] : [],
    ...isShifted ? ["a middle object that became the first"] : [],
    ...work.compaction.size > 1 ? ["two compactions queued"] : [],
    ...withHeader.length < lists.frames.size ? ["a headless page"] : [],
  ];
}

/** Runs a program in both forms; notes what came of it. */
function runBoth(
  profile: Profile,
  seed: number,
  seen: Set<string>,
): void {
  const random = randomFrom(seed);
  const setup = setupAtRandom(profile, random);
  const atOnce = new Subject(AT_ONCE, setup);
  const inSteps = new Subject(IN_STEPS, setup);
  const first = random(4) === 0 ? ALONE_ELSEWHERE : [];
  for (let nth = 0; nth < 80; nth++) {
    const [name, operation] = first[nth] ??
      operationAtRandom(random, atOnce, setup);
    const outcome = outcomeOf(() => operation(atOnce));
    const found = outcomeOf(() => operation(inSteps));
    const where = `${profile.name}, seed ${seed}, ${nth}: ${name}`;
    assertSameOutcome(found, outcome, where);
    assertSame(atOnce, inSteps, where);
    seen.add(`${name}: ${kindOf(outcome)}`);
    for (const one of seenIn(atOnce)) seen.add(one);
    if (isEnd(outcome)) return;
  }
}

/** What programs come to in each kernel, or there is nothing to compare. */
const SEEN = [
  "a headless page",
  "a middle object that became the first",
  "alloc: ENOMEM",
  "an object from another page",
  "free: Error",
  "odd alloc: EINVAL",
  "odd alloc: ENOSPC",
  "odd alloc: RangeError",
  "read: Error",
  "read: RangeError",
  "read: object",
  "reclaim: EAGAIN",
  "reclaim: undefined",
  "two compactions queued",
  "unmap: Error",
  "unmap: undefined",
  "write: RangeError",
  "write: undefined",
];

Deno.test("an operation of z3fold in steps, alone, does what it does at once: the same answer or error, and the same pool to the last bit", () => {
  for (const profile of [LINUX_5_10, LINUX_6_1]) {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 200; seed++) runBoth(profile, seed, seen);
    assertEquals(SEEN.filter((one) => !seen.has(one)), [], profile.name);
    // A page that can have no slots: 5.10 writes through a null pointer.
    const isBug = profile.release.z3fold.withoutSlots === "bug";
    assertEquals(seen.has("alloc: KernelBug"), isBug, profile.name);
  }
});

Deno.test("who wants the frame of a page in which the worker is stopped cannot go on alone, in either form", () => {
  for (const profile of [LINUX_5_10, LINUX_6_1]) {
    const [atOnce, inSteps] = [AT_ONCE, IN_STEPS].map((form) => {
      const subject = new Subject(form, { profile, ...WITHOUT_FAULTS });
      const { pool } = subject;
      const handles = [1700, 1700].map((size) => Number(pool.alloc(size)));
      handles.forEach((handle) => runToEnd(pool.freeSteps(handle)));
      const worker = pool.compactWorkSteps();
      while (pool.work.stale.length === 0) worker.next();
      assertThrows(
        () => form.alloc(pool, 3000, 0),
        Error,
        "Cannot go on alone, blocked: cancel_work_sync in",
      );
      return subject;
    });
    assertSame(atOnce, inSteps, profile.name);
  }
});
