/**
 * State machines for zbud and z3fold: what both must do, against a plain map
 * of the objects and a plain order of the pages.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Errno,
  type Evict,
  LINUX_6_1,
  Memory,
  type Profile,
  type ReclaimErrno,
  runToEnd,
  type Wait,
} from "../mod.ts";
import { fuzz } from "./fuzz.ts";

/** What the state machines use of a pool. */
interface BuddyPool {
  readonly memory: Memory;
  readonly pagesNr: number;
  alloc(size: number): number | Errno;
  allocSteps(size: number): Generator<Wait, number | Errno>;
  free(handle: number): void;
  read(handle: number, into: Uint8Array): Uint8Array;
  write(handle: number, data: Uint8Array): void;
  reclaimPage(retries: number): ReclaimErrno | undefined;
  reclaimPageSteps(
    retries: number,
  ): Generator<Wait, ReclaimErrno | undefined>;
}

/** One of the two allocators, and what has to be seen inside it. */
export interface BuddyAllocator<Pool extends BuddyPool> {
  create(profile: Profile, memory: Memory, evict: Evict): Pool;
  /** Checks the pool's invariants. */
  check(pool: Pool): void;
  /** The pages of the LRU list, the oldest first. */
  oldestFirst(pool: Pool): number[];
  /** The page of an object. */
  pfnOf(pool: Pool, handle: number): number;
  /** Where an object stands in the order in which its page is evicted. */
  evictionRank(pool: Pool, handle: number): number;
  /** Whether reclaim passes a page by. */
  isPassedBy(pool: Pool, pfn: number): boolean;
  /** Bytes of the largest object. */
  maxSize(pool: Pool): number;
  freeSteps(pool: Pool, handle: number): Generator<Wait, void>;
}

/** Bytes of an object's number, which its first bytes are. */
const ID_BYTES = 4;

interface StoredObject {
  readonly handle: number;
  readonly bytes: Uint8Array;
}

/** A pool, what should be in it, and who evicts objects from it. */
export class Store<Pool extends BuddyPool> {
  readonly allocator: BuddyAllocator<Pool>;
  readonly pool: Pool;
  /** The objects by the number that their first bytes hold. */
  readonly objects = new Map<number, StoredObject>();
  /** When each page was last touched. */
  readonly touched = new Map<number, number>();
  /** The numbers of the objects that the handler was asked to evict. */
  readonly asked: number[] = [];
  /** Which objects the handler refuses. */
  refuses: (id: number) => boolean = () => false;
  #clock = 0;
  #ids = 0;

  constructor(
    allocator: BuddyAllocator<Pool>,
    profile: Profile,
    memory: Memory,
  ) {
    this.allocator = allocator;
    this.pool = allocator.create(
      profile,
      memory,
      (handle) => this.#evict(handle),
    );
  }

  /** As zswap's writeback: the object's own bytes say which object it is. */
  *#evict(handle: number): Generator<Wait, boolean> {
    const header = this.pool.read(handle, new Uint8Array(ID_BYTES));
    const id = new DataView(header.buffer).getUint32(0);
    this.asked.push(id);
    yield "the handler writes the object elsewhere";
    const object = this.objects.get(id);
    if (object === undefined) return true;
    if (this.refuses(id)) return false;
    this.objects.delete(id);
    this.pool.free(object.handle);
    return true;
  }

  /** Puts an object of `size` bytes into the pool, if it can be had. */
  *store(size: number): Generator<Wait, number | Errno> {
    const handle = yield* this.pool.allocSteps(size);
    if (typeof handle !== "number") return handle;
    const id = this.#ids++;
    const bytes = Uint8Array.from({ length: size }, (_, at) => id + 31 * at);
    new DataView(bytes.buffer).setUint32(0, id);
    this.pool.write(handle, bytes);
    for (const object of this.objects.values()) {
      assert(object.handle !== handle, `handle ${handle} was given twice`);
    }
    this.objects.set(id, { handle, bytes });
    this.touch(this.allocator.pfnOf(this.pool, handle));
    return handle;
  }

  /** Frees the `nth` object, counted round, if there is one. */
  *drop(nth: number): Generator<Wait, void> {
    if (this.objects.size === 0) return;
    const id = [...this.objects.keys()][nth % this.objects.size];
    const { handle } = this.object(id);
    this.objects.delete(id);
    yield* this.allocator.freeSteps(this.pool, handle);
  }

  object(id: number): StoredObject {
    const object = this.objects.get(id);
    assert(object !== undefined);
    return object;
  }

  touch(pfn: number): void {
    this.touched.set(pfn, this.#clock++);
  }

  /** Checks the invariants, every object's bytes and the order of the pages. */
  check(): void {
    this.allocator.check(this.pool);
    for (const { handle, bytes } of this.objects.values()) {
      assertEquals(this.pool.read(handle, new Uint8Array(bytes.length)), bytes);
    }
  }

  checkOrder(): void {
    const pages = this.allocator.oldestFirst(this.pool);
    const when = pages.map((pfn) => this.touched.get(pfn) ?? -1);
    assertEquals(when, [...when].sort((a, b) => a - b));
    const used = [...this.objects.values()]
      .map(({ handle }) => this.allocator.pfnOf(this.pool, handle));
    assertEquals(new Set(pages), new Set(used));
  }

  /** The objects of a page in the order in which they are evicted. */
  idsIn(pfn: number): number[] {
    const { allocator, pool } = this;
    const rank = (id: number) =>
      allocator.evictionRank(pool, this.object(id).handle);
    return [...this.objects.keys()]
      .filter((id) => allocator.pfnOf(pool, this.object(id).handle) === pfn)
      .sort((a, b) => rank(a) - rank(b));
  }
}

type Command<Pool extends BuddyPool> = fc.Command<object, Store<Pool>>;

class Malloc<Pool extends BuddyPool> implements Command<Pool> {
  constructor(readonly size: number, readonly count: number) {}
  check(): boolean {
    return true;
  }
  run(_: object, store: Store<Pool>): void {
    const size = Math.min(this.size, store.allocator.maxSize(store.pool));
    for (let nth = 0; nth < this.count; nth++) {
      const pages = store.pool.pagesNr;
      const handle = runToEnd(store.store(size));
      if (handle === "ENOMEM") {
        assertEquals(store.pool.pagesNr, pages);
        break;
      }
      assert(typeof handle === "number" && handle !== 0);
    }
    store.check();
    store.checkOrder();
  }
  toString(): string {
    return `malloc ${this.size} × ${this.count}`;
  }
}

class Free<Pool extends BuddyPool> implements Command<Pool> {
  constructor(readonly nths: readonly number[]) {}
  check(): boolean {
    return true;
  }
  run(_: object, store: Store<Pool>): void {
    for (const nth of this.nths) runToEnd(store.drop(nth));
    store.check();
    store.checkOrder();
  }
  toString(): string {
    return `free ${this.nths}`;
  }
}

class Write<Pool extends BuddyPool> implements Command<Pool> {
  constructor(readonly nth: number, readonly byte: number) {}
  check(): boolean {
    return true;
  }
  run(_: object, store: Store<Pool>): void {
    const { objects, pool } = store;
    if (objects.size === 0) return;
    const { handle, bytes } = store.object(
      [...objects.keys()][this.nth % objects.size],
    );
    bytes.fill(this.byte, ID_BYTES);
    pool.write(handle, bytes);
    store.check();
  }
  toString(): string {
    return `write ${this.nth}`;
  }
}

/** What reclaim should do: whom it asks, and what comes of it. */
function expectReclaim<Pool extends BuddyPool>(
  store: Store<Pool>,
  retries: number,
): { outcome: ReclaimErrno | undefined; asked: number[]; kept: number[] } {
  const { allocator, pool } = store;
  const asked: number[] = [];
  const kept: number[] = [];
  const pages = allocator.oldestFirst(pool);
  if (retries === 0 || pages.length === 0) {
    return { outcome: "EINVAL", asked, kept };
  }
  // A page that stays is the newest: it may be tried again.
  const queue = pages.filter((pfn) => !allocator.isPassedBy(pool, pfn));
  const gone = new Set<number>();
  for (let tried = 0; tried < retries && queue.length > 0; tried++) {
    const pfn = queue.shift() ?? -1;
    const left = store.idsIn(pfn).filter((id) => !gone.has(id));
    const refused = left.findIndex((id) => store.refuses(id));
    const evicted = refused < 0 ? left : left.slice(0, refused);
    evicted.forEach((id) => gone.add(id));
    asked.push(...left.slice(0, evicted.length + 1));
    if (refused < 0) return { outcome: undefined, asked, kept };
    kept.push(pfn);
    queue.push(pfn);
  }
  return { outcome: "EAGAIN", asked, kept };
}

class Reclaim<Pool extends BuddyPool> implements Command<Pool> {
  constructor(readonly retries: number, readonly refuseEach: number) {}
  check(): boolean {
    return true;
  }
  run(_: object, store: Store<Pool>): void {
    store.refuses = (id) => this.refuseEach > 0 && id % this.refuseEach === 0;
    const expected = expectReclaim(store, this.retries);
    const pages = store.pool.pagesNr;
    store.asked.length = 0;
    const outcome = store.pool.reclaimPage(this.retries);
    assertEquals(outcome, expected.outcome);
    assertEquals(store.asked, expected.asked);
    assertEquals(store.pool.pagesNr, outcome === undefined ? pages - 1 : pages);
    for (const pfn of expected.kept) store.touch(pfn);
    store.check();
    store.checkOrder();
  }
  toString(): string {
    return `reclaim ${this.retries}, refusing each ${this.refuseEach}th`;
  }
}

/** Kernels with every page and word size that the allocators are made for. */
export const buddyProfile: fc.Arbitrary<Profile> = fc.record({
  pageSize: fc.constantFrom(4096, 4096, 16384, 65536),
  wordBits: fc.constantFrom(64, 32),
}).map((geometry) => ({ ...LINUX_6_1, ...geometry }));

/** Memories that have enough, run out soon, or fail at a point. */
const anyMemory: fc.Arbitrary<(pageSize: number) => Memory> = fc.record({
  maxPages: fc.constantFrom(3, 20, Infinity),
  failing: fc.nat(30),
}).map(({ maxPages, failing }) => (pageSize) =>
  new Memory({
    pageSize,
    maxPages,
    failPageAlloc: (allocation) => allocation === failing,
  })
);

/** Sizes as shares of the page: small, middling, large ones. */
function sizesOf({ pageSize }: Profile): fc.Arbitrary<number> {
  return fc.oneof(
    fc.integer({ min: ID_BYTES, max: pageSize }),
    fc.integer({ min: ID_BYTES, max: pageSize >> 2 }),
    fc.integer({ min: pageSize - (pageSize >> 4), max: pageSize }),
  );
}

/** Commands one after the other: the pool does what the map and order say. */
export function fuzzCommands<Pool extends BuddyPool>(
  allocator: BuddyAllocator<Pool>,
  numRuns: number,
): void {
  const runs = buddyProfile.chain((profile) =>
    fc.record({
      profile: fc.constant(profile),
      memory: anyMemory,
      program: fc.commands<object, Store<Pool>>([
        fc.tuple(sizesOf(profile), fc.integer({ min: 1, max: 8 }))
          .map(([size, count]) => new Malloc<Pool>(size, count)),
        fc.array(fc.nat(), { minLength: 1, maxLength: 10 })
          .map((nths) => new Free<Pool>(nths)),
        fc.tuple(fc.nat(), fc.nat(255))
          .map(([nth, byte]) => new Write<Pool>(nth, byte)),
        fc.tuple(fc.nat(5), fc.nat(3))
          .map(([retries, each]) => new Reclaim<Pool>(retries, each)),
      ], { maxCommands: 40, size: "max" }),
    })
  );
  fuzz(
    fc.property(runs, ({ profile, memory, program }) => {
      fc.modelRun(() => ({
        model: {},
        real: new Store(allocator, profile, memory(profile.pageSize)),
      }), program);
    }),
    numRuns,
  );
}

/** Frees whatever is left; nothing may stay allocated. */
function empty<Pool extends BuddyPool>(store: Store<Pool>): void {
  while (store.objects.size > 0) runToEnd(store.drop(0));
  store.allocator.check(store.pool);
  assertEquals(store.pool.pagesNr, 0);
  assertEquals(store.pool.memory.allocatedPages, 0);
}

/** Something to do to a store, in steps. */
type Operation<Pool extends BuddyPool> = (
  store: Store<Pool>,
) => Generator<Wait, unknown>;

function anyOperation<Pool extends BuddyPool>(
  allocator: BuddyAllocator<Pool>,
  profile: Profile,
): fc.Arbitrary<Operation<Pool>> {
  return fc.oneof(
    sizesOf(profile).map((size): Operation<Pool> => (store) =>
      store.store(Math.min(size, allocator.maxSize(store.pool)))
    ),
    fc.nat().map((nth): Operation<Pool> => (store) => store.drop(nth)),
    fc.integer({ min: 1, max: 4 }).map((retries): Operation<Pool> => (store) =>
      store.pool.reclaimPageSteps(retries)
    ),
  );
}

/**
 * Starts operations in their order and lets one of those that run go on by a
 * step, as the schedule's numbers choose; checks after every step.
 */
function interleave<Pool extends BuddyPool>(
  store: Store<Pool>,
  operations: readonly Operation<Pool>[],
  schedule: readonly number[],
): void {
  const waiting = [...operations];
  const running: Generator<Wait, unknown>[] = [];
  for (let step = 0; waiting.length + running.length > 0; step++) {
    const choice = schedule[step % schedule.length];
    const nth = choice % (running.length + Math.min(waiting.length, 1));
    if (nth === running.length) {
      const start = waiting.shift();
      assert(start !== undefined);
      running.push(start(store));
    }
    if (running[nth].next().done) running.splice(nth, 1);
    store.check();
  }
}

/** Operations that are stopped at each wait, in any order of their steps. */
export function fuzzInterleavings<Pool extends BuddyPool>(
  allocator: BuddyAllocator<Pool>,
  numRuns: number,
): void {
  const runs = buddyProfile.chain((profile) =>
    fc.record({
      profile: fc.constant(profile),
      memory: anyMemory,
      operations: fc.array(anyOperation(allocator, profile), {
        maxLength: 60,
        size: "max",
      }),
      schedule: fc.array(fc.nat(), { minLength: 1, maxLength: 60 }),
      refuseEach: fc.nat(4),
    })
  );
  fuzz(
    fc.property(runs, (run) => {
      const memory = run.memory(run.profile.pageSize);
      const store = new Store(allocator, run.profile, memory);
      store.refuses = (id) => run.refuseEach > 0 && id % run.refuseEach === 0;
      interleave(store, run.operations, run.schedule);
      empty(store);
    }),
    numRuns,
  );
}
