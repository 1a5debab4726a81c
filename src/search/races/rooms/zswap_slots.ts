/**
 * What is above zswap and below it, as small as lets everything happen: slots,
 * a swap cache whose folios have a lock each, and a device. That lock is what
 * serializes whoever stores, loads and frees a page.
 */
import type { Profile } from "../../../linux/profile.ts";
import { InvariantError } from "../../../rules/invariant.ts";
import { createLock, type Lock } from "../../../rules/lock.ts";
import type { Lockdep } from "../../../rules/lockdep.ts";
import type { Rule } from "../../../rules/rule.ts";
import {
  acquire,
  reads,
  release,
  sleeps,
  type Stop,
  trylock,
} from "../../../rules/stop.ts";
import type { SwapCacheOutcome, SwapLayer } from "../../../zswap/swap_layer.ts";
import type { Zswap } from "../../../zswap/zswap.ts";

/** What whoever reads a slot must find. */
const PAGE_KEPT: Rule = {
  id: "zswap/page-kept",
  sentence: "Who reads a slot finds what was written to it last.",
  source: "swap_read_folio, swap_writeout, mm/page_io.c",
};

/** A page of the swap cache. */
export interface Folio {
  readonly lock: Lock;
  readonly page: Uint8Array;
  /** Whether nothing but it has the page. */
  dirty: boolean;
  /** Whether it has its page yet. */
  uptodate: boolean;
}

/** One slot. */
export interface Slot {
  readonly offset: number;
  /** Whether a page table has it. */
  inUse: boolean;
  /** Whether it is being freed, and cannot be had yet. */
  isFreeing: boolean;
  /** Its page in the swap cache. */
  folio: Folio | undefined;
  /** What the device has. */
  onDevice: Uint8Array | undefined;
  /** What was written to it last. */
  letter: string;
}

/** Fills a page with a letter, but for its end: it is no word repeated. */
export function fillPage(page: Uint8Array, letter: number): void {
  page.fill(letter);
  page[page.length - 1] = 0;
}

/** The letter that a page is full of. */
export function letterOf(page: Uint8Array): string {
  const [first] = page;
  const last = page.length - 1;
  for (let at = 1; at < last; at++) {
    if (page[at] !== first) return `${first} and ${page[at]}`;
  }
  return page[last] === 0 ? String.fromCharCode(first) : "no page of ours";
}

/** Throws where a slot's page is not what was written to it last. */
export function assertKept(
  { offset, letter }: Slot,
  page: Uint8Array | undefined,
  where: string,
): void {
  const found = page === undefined ? "nothing" : letterOf(page);
  if (found === letter) return;
  throw new InvariantError(PAGE_KEPT, {
    where: `${where}: slot ${offset}`,
    expected: letter,
    found,
  });
}

const CACHE_ADD = "swap_cache_alloc_folio, mm/swap_state.c";
const CACHE_DEL = "swap_cache_del_folio, mm/swap_state.c";

/** The slots of one device, with their part of the swap cache. */
export class RaceSlots implements SwapLayer {
  /** Each slot that there is, by its offset. */
  readonly slots: readonly Slot[];
  /** What covers them. */
  readonly lock: Lock;
  /** Whether the device is on. */
  isOn = true;
  /** Whether slots are given out. */
  isWritable = true;

  readonly #profile: Profile;
  readonly #lockdep: Lockdep;
  readonly #zswap: () => Zswap;

  /** Every slot is free. */
  constructor(
    profile: Profile,
    count: number,
    lockdep: Lockdep,
    zswap: () => Zswap,
  ) {
    this.#profile = profile;
    this.#lockdep = lockdep;
    this.#zswap = zswap;
    this.lock = createLock(profile.swap.locks.slots, "spinlock");
    this.slots = Array.from({ length: count }, (_, offset) => ({
      offset,
      inUse: false,
      isFreeing: false,
      folio: undefined,
      onDevice: undefined,
      letter: "",
    }));
  }

  /**
   * A slot's page in the swap cache, locked; a new one where it has none and
   * `mayAdd` says so under the slots' lock.
   */
  *lockFolio(
    slot: Slot,
    mayAdd: () => boolean,
  ): Generator<Stop, Folio | undefined> {
    while (true) {
      yield reads(stateOf(slot), "swap_cache_get_folio, mm/swap_state.c");
      const { folio } = slot;
      if (folio === undefined) {
        const added = yield* this.#add(slot, mayAdd);
        if (added !== "exists") return added;
        continue;
      }
      yield acquire(folio.lock, "folio_lock, mm/filemap.c");
      if (slot.folio === folio) {
        if (slot.inUse) return folio;
        yield* this.dropFolio(slot);
      }
      yield release(folio.lock, "folio_unlock, mm/filemap.c");
    }
  }

  /** Puts a new folio into the swap cache, locked; "exists" where one is. */
  *#add(
    slot: Slot,
    mayAdd: () => boolean,
  ): Generator<Stop, Folio | "exists" | undefined> {
    const folio = newFolio(slot, this.#profile.pageSize);
    yield acquire(folio.lock, CACHE_ADD);
    yield acquire(this.lock, CACHE_ADD);
    const exists = slot.folio !== undefined;
    const isAdded = !exists && mayAdd();
    if (isAdded) this.#setFolio(slot, folio);
    yield release(this.lock, CACHE_ADD);
    if (isAdded) return folio;
    yield release(folio.lock, CACHE_ADD);
    return exists ? "exists" : undefined;
  }

  #setFolio(slot: Slot, folio: Folio | undefined): void {
    slot.folio = folio;
    this.#lockdep.touch(stateOf(slot), true);
  }

  /**
   * Takes a locked folio out of the swap cache; the slot is free where no page
   * table has it.
   */
  *dropFolio(slot: Slot): Generator<Stop, void> {
    yield acquire(this.lock, CACHE_DEL);
    this.#setFolio(slot, undefined);
    yield* this.#freeUnused(slot);
  }

  /**
   * Frees a slot that nobody has, zswap being told before anybody can have it
   * again; lets the slots' lock go, which is held.
   */
  *#freeUnused(slot: Slot): Generator<Stop, void> {
    const where = "swap_range_free, mm/swapfile.c";
    const { invalidatesUnder } = this.#profile.swap.locks;
    const isFree = !slot.inUse && slot.folio === undefined && !slot.isFreeing;
    if (isFree && invalidatesUnder) {
      yield* this.#zswap().invalidateSteps(0, slot.offset);
      slot.onDevice = undefined;
    }
    if (isFree && !invalidatesUnder) slot.isFreeing = true;
    yield release(this.lock, where);
    if (!isFree || invalidatesUnder) return;
    yield* this.#zswap().invalidateSteps(0, slot.offset);
    yield acquire(this.lock, where);
    slot.isFreeing = false;
    slot.onDevice = undefined;
    yield release(this.lock, where);
  }

  /** The last page table's entry for a slot goes, if there is one. */
  *free(slot: Slot): Generator<Stop, void> {
    const where = "swap_put_entries_direct, mm/swapfile.c";
    yield acquire(this.lock, where);
    if (!slot.inUse) {
      yield release(this.lock, where);
      return;
    }
    slot.inUse = false;
    const { folio } = slot;
    yield* this.#freeUnused(slot);
    if (folio !== undefined) yield* this.reclaim(slot, folio);
  }

  /** Drops a folio that nobody needs, if nobody has it locked. */
  *reclaim(slot: Slot, folio: Folio): Generator<Stop, void> {
    const where = "__try_to_reclaim_swap, mm/swapfile.c";
    if (!(yield trylock(folio.lock, where))) return;
    const isNeeded = folio.dirty && slot.inUse;
    if (slot.folio === folio && !isNeeded) yield* this.dropFolio(slot);
    yield release(folio.lock, where);
  }

  *allocSwapCachePage(
    _type: number,
    offset: number,
  ): Generator<Stop, SwapCacheOutcome> {
    const { slotFree, deviceOff } = this.#profile.swap;
    const slot = this.slots[offset];
    yield reads("swap_info", "get_swap_device, mm/swapfile.c");
    if (!this.isOn) return deviceOff;
    yield sleeps(CACHE_ADD);
    const added = yield* this.#add(slot, () => slot.inUse);
    if (added === undefined) return slotFree;
    return added === "exists" ? "exists" : "new";
  }

  *deleteFromSwapCache(_type: number, offset: number): Generator<Stop, void> {
    const slot = this.slots[offset];
    const folio = folioOf(slot);
    yield* this.dropFolio(slot);
    yield release(folio.lock, CACHE_DEL);
  }

  *writePage(
    _type: number,
    offset: number,
    data: Uint8Array,
  ): Generator<Stop, void> {
    const slot = this.slots[offset];
    const folio = folioOf(slot);
    folio.page.set(data);
    folio.uptodate = true;
    slot.onDevice = data.slice();
    yield release(folio.lock, "__swap_writepage, mm/page_io.c");
    yield* this.reclaim(slot, folio);
  }
}

/** Whether a slot's folio is in the swap cache. */
const stateOf = ({ offset }: Slot): string => `swap cache of slot ${offset}`;

/** The folio of a slot that must have one. */
function folioOf({ folio, offset }: Slot): Folio {
  if (folio === undefined) throw new Error(`slot ${offset} has no folio`);
  return folio;
}

function newFolio({ offset }: Slot, pageSize: number): Folio {
  return {
    lock: createLock("PG_locked", "bit_wait", `of slot ${offset}'s folio`),
    page: new Uint8Array(pageSize),
    dirty: false,
    uptodate: false,
  };
}
