/** Operations of zbud and z3fold that are stopped wherever they may sleep. */
import { assert, assertEquals } from "@std/assert";
import {
  type Errno,
  type Evict,
  LINUX_6_1,
  Memory,
  type Profile,
  type Random,
  randomFrom,
  type ReclaimErrno,
  runToEnd,
  sleepingStops,
  type Stop,
} from "../mod.ts";

/** What is stopped of a pool. */
export interface StoppedPool {
  /** The frames below. */
  readonly memory: Memory;
  /** Pages of the pool. */
  readonly pagesNr: number;
  /** Allocates an object. */
  allocSteps(size: number): Generator<Stop, number | Errno>;
  /** Frees one at once. */
  free(handle: number): void;
  /** Fills `into` from one. */
  read(handle: number, into: Uint8Array): Uint8Array;
  /** Writes to one. */
  write(handle: number, data: Uint8Array): void;
  /** Reclaims a page. */
  reclaimPageSteps(retries: number): Generator<Stop, ReclaimErrno | undefined>;
}

/** A kind of pool. */
export interface StoppedKind<Pool extends StoppedPool> {
  /** An empty pool. */
  create(profile: Profile, memory: Memory, evict: Evict): Pool;
  /** Frees an object in steps. */
  freeSteps(pool: Pool, handle: number): Generator<Stop, void>;
  /** What the pool has left to workers. */
  workSteps(pool: Pool): Generator<Stop, void>;
  /** Checks the pool's invariants. */
  check(pool: Pool): void;
  /** Bytes of the largest object. */
  maxSize(pool: Pool): number;
}

/** Bytes of an object's number, which its first bytes are. */
const ID_BYTES = 4;

/** A pool, what should be in it, and who evicts objects from it. */
class Store<Pool extends StoppedPool> {
  readonly pool: Pool;
  readonly #kind: StoppedKind<Pool>;
  readonly #objects = new Map<number, { handle: number; bytes: Uint8Array }>();
  readonly #refuseEach: number;
  #ids = 0;

  constructor(
    kind: StoppedKind<Pool>,
    profile: Profile,
    memory: Memory,
    refuseEach: number,
  ) {
    this.#kind = kind;
    this.#refuseEach = refuseEach;
    this.pool = kind.create(profile, memory, (handle) => this.#evict(handle));
  }

  /** As zswap's writeback: the object's own bytes say which object it is. */
  *#evict(handle: number): Generator<Stop, boolean> {
    const header = this.pool.read(handle, new Uint8Array(ID_BYTES));
    const id = new DataView(header.buffer).getUint32(0);
    yield "the handler writes the object elsewhere";
    const object = this.#objects.get(id);
    if (object === undefined) return true;
    if (this.#refuseEach > 0 && id % this.#refuseEach === 0) return false;
    this.#objects.delete(id);
    this.pool.free(object.handle);
    return true;
  }

  /** Puts an object of `size` bytes into the pool, if it can be had. */
  *store(size: number): Generator<Stop, void> {
    const handle = yield* this.pool.allocSteps(size);
    if (typeof handle !== "number") return;
    for (const object of this.#objects.values()) {
      assert(object.handle !== handle, `handle ${handle} is given twice`);
    }
    const id = this.#ids++;
    const bytes = Uint8Array.from({ length: size }, (_, at) => id + 31 * at);
    new DataView(bytes.buffer).setUint32(0, id);
    this.pool.write(handle, bytes);
    this.#objects.set(id, { handle, bytes });
  }

  /** Frees the `nth` object, counted round, if there is one. */
  *drop(nth: number): Generator<Stop, void> {
    const [id, object] = [...this.#objects][nth % this.#objects.size] ?? [];
    if (id === undefined || object === undefined) return;
    this.#objects.delete(id);
    yield* this.#kind.freeSteps(this.pool, object.handle);
    yield "the workers come later";
    yield* this.#kind.workSteps(this.pool);
  }

  /** Checks the invariants and every object's bytes. */
  check(): void {
    this.#kind.check(this.pool);
    for (const { handle, bytes } of this.#objects.values()) {
      assertEquals(this.pool.read(handle, new Uint8Array(bytes.length)), bytes);
    }
  }

  /** Frees whatever is left; nothing may stay allocated. */
  empty(): void {
    while (this.#objects.size > 0) runToEnd(this.drop(0));
    runToEnd(this.#kind.workSteps(this.pool));
    this.check();
    assertEquals(this.pool.pagesNr, 0);
    assertEquals(this.pool.memory.allocatedPages, 0);
  }

  /** Starts a random operation. */
  start(random: Random): Generator<Stop, unknown> {
    switch (random(3)) {
      case 0:
        return this.drop(random(1000));
      case 1:
        return this.pool.reclaimPageSteps(1 + random(4));
      default:
        return this.store(this.#anySize(random));
    }
  }

  #anySize(random: Random): number {
    const { pageSize } = this.pool.memory;
    const share = [pageSize, pageSize >> 2, pageSize >> 4][random(3)];
    const size = random(4) === 0 ? pageSize - random(share) : random(share);
    return Math.min(Math.max(size, ID_BYTES), this.#kind.maxSize(this.pool));
  }
}

/** One of several. */
function oneOf<One>(random: Random, ...from: readonly One[]): One {
  return from[random(from.length)];
}

/** A pool whose memory has enough, runs out soon, or fails at a point. */
function anyStore<Pool extends StoppedPool>(
  kind: StoppedKind<Pool>,
  random: Random,
): Store<Pool> {
  const pageSize = oneOf(random, 4096, 4096, 16384, 65536);
  const profile = { ...LINUX_6_1, pageSize, wordBits: oneOf(random, 64, 32) };
  const failing = random(30);
  const memory = new Memory({
    pageSize,
    maxPages: oneOf(random, 3, 20, Infinity),
    failPageAlloc: (allocation) => allocation === failing,
  });
  return new Store(kind, profile, memory, random(4));
}

/**
 * Starts random operations and lets one of those that run go on by a step, as
 * the seed has it; checks after every step.
 */
function interleave<Pool extends StoppedPool>(
  kind: StoppedKind<Pool>,
  seed: number,
): void {
  const random = randomFrom(seed);
  const store = anyStore(kind, random);
  const running: Generator<Stop, unknown>[] = [];
  let waiting = random(60);
  while (waiting + running.length > 0) {
    const nth = random(running.length + Math.min(waiting, 1));
    if (nth === running.length) {
      waiting--;
      running.push(sleepingStops(store.start(random)));
    }
    if (running[nth].next().done) running.splice(nth, 1);
    store.check();
  }
  store.empty();
}

/** Operations that are stopped at each wait, in any order of their steps. */
export function assertInterleavings<Pool extends StoppedPool>(
  kind: StoppedKind<Pool>,
  runs: number,
): void {
  for (let seed = 1; seed <= runs; seed++) interleave(kind, seed);
}
