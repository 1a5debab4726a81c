/**
 * Who uses a pool of zbud or of z3fold in a room: as zswap does, with a tree of
 * entries, a lock of that tree, references to entries, and for each slot a lock
 * that those have who read or write it. What is evicted is written elsewhere.
 */
import type { Errno } from "../../../linux/errno.ts";
import { createLock, forgetHolders, type Lock } from "../../../rules/lock.ts";
import { Lockdep } from "../../../rules/lockdep.ts";
import {
  acquire,
  release,
  sleeps,
  type Stop,
  trylock,
  under,
  underSteps,
} from "../../../rules/stop.ts";
import type { Evict, ReclaimErrno } from "../../../zbud/driver.ts";
import { ANYTHING } from "../linearizable.ts";
import { fullOf } from "./full_of.ts";

/** What a user asks of a pool. */
export interface UsedPool {
  /** Allocates an object. */
  allocSteps(size: number): Generator<Stop, number | Errno>;
  /** Frees one. */
  freeSteps(handle: number): Generator<Stop, void>;
  /** Fills `into` from one. */
  readSteps(handle: number, into: Uint8Array): Generator<Stop, Uint8Array>;
  /** Writes to one. */
  writeSteps(handle: number, data: Uint8Array): Generator<Stop, void>;
  /** Reads one, alone. */
  read(handle: number, into: Uint8Array): Uint8Array;
  /** Reclaims a page. */
  reclaimPageSteps(retries: number): Generator<Stop, ReclaimErrno | undefined>;
}

/** What is stored under a name. */
interface StoredEntry {
  readonly name: string;
  readonly size: number;
  /** The object; nothing once it was written elsewhere. */
  handle: number | undefined;
  /** What is in it, once it was written elsewhere. */
  elsewhere: string;
  /** The tree's, and those of who has it in hand. */
  references: number;
}

/** Pages that a reclaim tries. */
const RETRIES = 2;

/** Bytes of an object that are its name. */
const NAME_BYTES = 2;

const STORE = "zswap_frontswap_store, mm/zswap.c";
const LOAD = "zswap_frontswap_load, mm/zswap.c";
const WRITEBACK = "zswap_writeback_entry, mm/zswap.c";
const INVALIDATE = "zswap_frontswap_invalidate_page, mm/zswap.c";

/** A user of one pool. */
export class BuddyUser<Pool extends UsedPool> {
  /** The pool. */
  readonly pool: Pool;
  /** Who runs. */
  readonly lockdep: Lockdep = new Lockdep();

  readonly #entries = new Map<string, StoredEntry>();
  readonly #tree = createLock("tree->lock", "spinlock");
  readonly #folios = new Map<string, Lock>();

  /** Nothing is stored yet. */
  constructor(create: (evict: Evict, lockdep: Lockdep) => Pool) {
    this.pool = create((handle) => this.#evict(handle), this.lockdep);
  }

  /** Stores an object full of nothing under a name that has none. */
  *alloc(size: number, name: string): Generator<Stop, unknown> {
    const handle = yield* this.pool.allocSteps(size);
    if (typeof handle === "string") return handle;
    yield* this.pool.writeSteps(handle, bytesOf(name, size, 0));
    yield acquire(this.#tree, STORE);
    const stored = { name, size, handle, elsewhere: "", references: 1 };
    this.#entries.set(name, stored);
    yield release(this.#tree, STORE);
    return "done";
  }

  /** Forgets what is stored under a name. */
  *free(name: string): Generator<Stop, unknown> {
    yield acquire(this.#tree, INVALIDATE);
    const entry = this.#entries.get(name);
    this.#entries.delete(name);
    if (entry !== undefined) yield* this.#put(entry);
    yield release(this.#tree, INVALIDATE);
    return entry === undefined ? "none" : "done";
  }

  /** The letter that is stored under a name. */
  read(name: string): Generator<Stop, unknown> {
    return this.#inHand(name, (entry) => this.#load(entry));
  }

  /** Changes the letter that is stored under a name. */
  write(name: string, letter: string): Generator<Stop, unknown> {
    return this.#inHand(name, (entry) => this.#change(entry, letter));
  }

  /** Reclaims a page; what comes of it depends on who is there. */
  *reclaim(): Generator<Stop, unknown> {
    yield* this.pool.reclaimPageSteps(RETRIES);
    return ANYTHING;
  }

  /** What is stored under each name. */
  stored(): unknown {
    return [...this.#entries.values()]
      .sort((one, other) => one.name < other.name ? -1 : 1)
      .map(({ name, size, handle, elsewhere }) => [
        name,
        handle === undefined
          ? elsewhere
          : letterOf(name, this.pool.read(handle, new Uint8Array(size))),
      ]);
  }

  /** The objects of the pool that are stored. */
  objects(): number[] {
    return [...this.#entries.values()].flatMap(({ handle }) => handle ?? []);
  }

  /** What brings the user back to what it is now. */
  remember(): () => void {
    const entries = [...this.#entries.values()].map((one) => ({ ...one }));
    return () => {
      this.#entries.clear();
      for (const one of entries) this.#entries.set(one.name, { ...one });
      forgetHolders(this.#tree);
      for (const folio of this.#folios.values()) forgetHolders(folio);
    };
  }

  /** Does something with an entry, its slot locked and itself referenced. */
  *#inHand(
    name: string,
    what: (entry: StoredEntry) => Generator<Stop, unknown>,
  ): Generator<Stop, unknown> {
    const folio = this.#folio(name);
    yield acquire(folio, LOAD);
    const entry = yield* this.#get(name, LOAD);
    let answer: unknown = "none";
    if (entry !== undefined) {
      answer = yield* what(entry);
      yield* underSteps(this.#tree, LOAD, () => this.#put(entry));
    }
    yield release(folio, LOAD);
    return answer;
  }

  /**
   * Writes an object elsewhere and frees it, as `zswap_writeback_entry`: which
   * object it is, its own bytes say, and the tree whether it is still there.
   */
  *#evict(handle: number): Generator<Stop, boolean> {
    const header = new Uint8Array(NAME_BYTES);
    const name = nameOf(yield* this.pool.readSteps(handle, header));
    const entry = yield* this.#get(name, WRITEBACK);
    if (entry === undefined) return true;
    const folio = this.#folio(name);
    const isLocked = (yield trylock(folio, WRITEBACK)) !== false;
    let letter: string | undefined;
    if (isLocked && entry.handle !== undefined) {
      letter = yield* this.#load(entry);
      yield sleeps(`__swap_writepage in ${WRITEBACK}`);
    }
    yield acquire(this.#tree, WRITEBACK);
    if (letter !== undefined) yield* this.#writtenElsewhere(entry, letter);
    yield* this.#put(entry);
    yield release(this.#tree, WRITEBACK);
    if (isLocked) yield release(folio, WRITEBACK);
    return isLocked;
  }

  /** The object of an entry is no longer needed. The tree's lock is held. */
  *#writtenElsewhere(
    entry: StoredEntry,
    letter: string,
  ): Generator<Stop, void> {
    const { handle } = entry;
    // Erased meanwhile: the last reference, this one, frees it.
    if (this.#entries.get(entry.name) !== entry || handle === undefined) return;
    entry.handle = undefined;
    entry.elsewhere = letter;
    yield* this.pool.freeSteps(handle);
  }

  *#load(
    { name, handle, size, elsewhere }: StoredEntry,
  ): Generator<Stop, string> {
    if (handle === undefined) return elsewhere;
    const into = new Uint8Array(size);
    return letterOf(name, yield* this.pool.readSteps(handle, into));
  }

  *#change(entry: StoredEntry, letter: string): Generator<Stop, string> {
    const { name, handle, size } = entry;
    if (handle === undefined) entry.elsewhere = letter;
    else {
      const data = bytesOf(name, size, letter.charCodeAt(0));
      yield* this.pool.writeSteps(handle, data);
    }
    return "done";
  }

  /** A reference to what is stored under a name, if anything is. */
  #get(
    name: string,
    where: string,
  ): Generator<Stop, StoredEntry | undefined> {
    return under(this.#tree, where, () => {
      const entry = this.#entries.get(name);
      if (entry !== undefined) entry.references++;
      return entry;
    });
  }

  /** Drops a reference; the last one frees the object. The lock is held. */
  *#put(entry: StoredEntry): Generator<Stop, void> {
    entry.references--;
    const { handle } = entry;
    if (entry.references > 0 || handle === undefined) return;
    entry.handle = undefined;
    yield* this.pool.freeSteps(handle);
  }

  #folio(name: string): Lock {
    return this.#folios.getOrInsertComputed(
      name,
      () => createLock("folio", "bit_wait", `of ${name}`),
    );
  }
}

/** What an object under a name is full of: its name, and then a letter. */
function bytesOf(name: string, size: number, letter: number): Uint8Array {
  const bytes = new Uint8Array(size).fill(letter);
  for (let at = 0; at < NAME_BYTES; at++) bytes[at] = name.charCodeAt(at) || 0;
  return bytes;
}

/** The name that an object begins with. */
function nameOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const name = String.fromCharCode(first);
  return second === 0 ? name : name + String.fromCharCode(second);
}

/** The letter that an object is full of behind its name. */
function letterOf(name: string, bytes: Uint8Array): string {
  const found = nameOf(bytes);
  if (found !== name) return `what is called ${JSON.stringify(found)}`;
  return fullOf(bytes.subarray(NAME_BYTES));
}
