/**
 * A pool of zbud or z3fold beside a plain map of what was put into it and a
 * plain order of its pages: what both allocators must do.
 */
import type { Errno } from "../linux/errno.ts";
import type { Profile } from "../linux/profile.ts";
import type { Memory } from "../memory/memory.ts";
import type { Wait } from "../rules/wait.ts";
import type { Evict, ReclaimErrno } from "../zbud/driver.ts";
import { agree, agreeBytes } from "./agree.ts";

/** What the machines use of a pool. */
export interface BuddyPool {
  /** The frames below. */
  readonly memory: Memory;
  /** Pages of the pool. */
  readonly pagesNr: number;
  /** Allocates an object, stopping where the kernel may sleep. */
  allocSteps(size: number): Generator<Wait, number | Errno>;
  /** Frees an object. */
  free(handle: number): void;
  /** Fills `into` from an object. */
  read(handle: number, into: Uint8Array): Uint8Array;
  /** Writes to an object. */
  write(handle: number, data: Uint8Array): void;
  /** Frees a page by evicting its objects. */
  reclaimPage(retries: number): ReclaimErrno | undefined;
  /** The same, stopping where the kernel drops its lock. */
  reclaimPageSteps(retries: number): Generator<Wait, ReclaimErrno | undefined>;
}

/** One of the two allocators, and what has to be seen inside it. */
export interface BuddyAllocator<Pool extends BuddyPool> {
  /** An empty pool. */
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
  /** Frees an object, stopping where the kernel leaves work to another. */
  freeSteps(pool: Pool, handle: number): Generator<Wait, void>;
}

/** Bytes of an object's number, which its first bytes are. */
export const ID_BYTES = 4;

/** An object as it should be. */
export interface StoredObject {
  /** Its handle. */
  readonly handle: number;
  /** Its bytes, its number first. */
  readonly bytes: Uint8Array;
}

/** What reclaim should do: whom it asks, and what comes of it. */
export interface ExpectedReclaim {
  /** What it should answer. */
  readonly outcome: ReclaimErrno | undefined;
  /** The objects that the handler should be asked to evict. */
  readonly asked: readonly number[];
  /** The pages that should stay, and so become the newest. */
  readonly kept: readonly number[];
}

/** A pool, what should be in it, and who evicts objects from it. */
export class BuddyStore<Pool extends BuddyPool> {
  /** The allocator. */
  readonly allocator: BuddyAllocator<Pool>;
  /** The pool. */
  readonly pool: Pool;
  /** The objects by the number that their first bytes hold. */
  readonly objects: Map<number, StoredObject> = new Map();
  /** The numbers of the objects that the handler was asked to evict. */
  readonly asked: number[] = [];
  /** Which objects the handler refuses. */
  refuses: (id: number) => boolean = () => false;
  /** When each page was last touched. */
  readonly #touched = new Map<number, number>();
  #clock = 0;
  #ids = 0;

  /** A pool with nothing in it. */
  constructor(
    allocator: BuddyAllocator<Pool>,
    profile: Profile,
    memory: Memory,
  ) {
    this.allocator = allocator;
    const evict: Evict = (handle) => this.#evict(handle);
    this.pool = allocator.create(profile, memory, evict);
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
    for (const object of this.objects.values()) {
      agree("a handle given twice", object.handle === handle, false);
    }
    const id = this.#ids++;
    const bytes = Uint8Array.from({ length: size }, (_, at) => id + 31 * at);
    new DataView(bytes.buffer).setUint32(0, id);
    this.pool.write(handle, bytes);
    this.objects.set(id, { handle, bytes });
    this.touch(this.allocator.pfnOf(this.pool, handle));
    return handle;
  }

  /** The number of the `nth` object, counted round, if there is one. */
  nth(nth: number): number | undefined {
    return [...this.objects.keys()][nth % this.objects.size];
  }

  /** Frees the `nth` object, counted round, if there is one. */
  *drop(nth: number): Generator<Wait, void> {
    const id = this.nth(nth);
    if (id === undefined) return;
    const { handle } = this.object(id);
    this.objects.delete(id);
    yield* this.allocator.freeSteps(this.pool, handle);
  }

  /** The object of a number; throws where there is none. */
  object(id: number): StoredObject {
    const object = this.objects.get(id);
    if (object === undefined) throw new Error(`there is no object ${id}`);
    return object;
  }

  /** A page is the newest now. */
  touch(pfn: number): void {
    this.#touched.set(pfn, this.#clock++);
  }

  /** Checks the invariants and every object's bytes. */
  check(): void {
    this.allocator.check(this.pool);
    for (const [id, { handle, bytes }] of this.objects) {
      const found = this.pool.read(handle, new Uint8Array(bytes.length));
      agreeBytes(`object ${id}`, found, bytes);
    }
  }

  /** Checks that the LRU list is in the order of touching, and of all pages. */
  checkOrder(): void {
    const pages = this.allocator.oldestFirst(this.pool);
    const when = (pfn: number) => this.#touched.get(pfn) ?? -1;
    const used = [...this.objects.values()]
      .map(({ handle }) => this.allocator.pfnOf(this.pool, handle));
    const expected = [...new Set(used)].sort((a, b) => when(a) - when(b));
    agree("pages from the oldest on", pages.join(), expected.join());
  }

  /** What reclaim should do with `retries`. */
  expectReclaim(retries: number): ExpectedReclaim {
    const { allocator, pool } = this;
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
      const left = this.#idsIn(pfn).filter((id) => !gone.has(id));
      const refused = left.findIndex((id) => this.refuses(id));
      const evicted = refused < 0 ? left : left.slice(0, refused);
      evicted.forEach((id) => gone.add(id));
      asked.push(...left.slice(0, evicted.length + 1));
      if (refused < 0) return { outcome: undefined, asked, kept };
      kept.push(pfn);
      queue.push(pfn);
    }
    return { outcome: "EAGAIN", asked, kept };
  }

  /** The objects of a page in the order in which they are evicted. */
  #idsIn(pfn: number): number[] {
    const { allocator, pool } = this;
    const rank = (id: number) =>
      allocator.evictionRank(pool, this.object(id).handle);
    return [...this.objects.keys()]
      .filter((id) => allocator.pfnOf(pool, this.object(id).handle) === pfn)
      .sort((a, b) => rank(a) - rank(b));
  }
}
