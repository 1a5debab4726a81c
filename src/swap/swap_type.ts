/** A swap type: a device with its slots and its part of the swap cache. */
import { assertWhole } from "../rules/argument.ts";
import type { SwapDevice } from "./device.ts";

/** SWAP_HAS_CACHE: the swap cache has a page for the slot. */
export const SWAP_HAS_CACHE = 0x40;
/** SWAP_MAP_BAD: the slot cannot be used: the first one, where the header is. */
export const SWAP_MAP_BAD = 0x3f;

/** A page in the swap cache. */
export interface SwapCachePage {
  /** Its frame. */
  readonly pfn: number;
  /** Whether it differs from what is stored for its slot (PG_dirty). */
  dirty: boolean;
  /** Whether it holds its page: not where that could not be read (PG_uptodate). */
  uptodate: boolean;
  /** Whether it is being filled or sent (PG_locked); others wait. */
  locked: boolean;
  /** Whether it is on its way to the device (PG_writeback). */
  writeback: boolean;
}

/**
 * One swap device that is on. Specifies `struct swap_info_struct`,
 * `include/linux/swap.h`, with the swap cache's pages for it.
 *
 * Slots that hold no page are 0 in `map`; others count the page tables' entries
 * for them, which the model has at most one of, and {@linkcode SWAP_HAS_CACHE}.
 * Since 7.0 both are in the swap table, and say the same.
 */
export class SwapType {
  /** Its number. */
  readonly type: number;
  /** The device. */
  readonly device: SwapDevice;
  /** `swap_map`: one byte a slot. */
  readonly map: Uint8Array<ArrayBuffer>;
  /** The swap cache's pages, by slot. */
  readonly cache: Map<number, SwapCachePage> = new Map();
  /** Slots in the swap cache whose page nobody has any more. */
  readonly unused: Set<number> = new Set();
  /**
   * Slots of pages that are being read past the swap cache: they are marked as
   * if it had them, so that nobody else brings them in (since 6.8, and 6.1.81).
   */
  readonly pinned: Set<number> = new Set();
  /** Slots that a processor keeps: not given out yet, or free and not told. */
  readonly kept: Set<number> = new Set();
  /** Slots whose page is all zeros (`zeromap`, since 6.12). */
  readonly zeromap: Set<number> = new Set();
  /** Slots whose page is on the device as it was written out last. */
  readonly onDevice: Set<number> = new Set();
  /** Slots in use (`inuse_pages`). */
  inUse = 0;
  /** Who has a reference of the device (`users`), which swapoff waits for. */
  users = 0;
  /** Whether it was swapped off: nobody may look at its slots then. */
  isFreed = false;
  /** Whether slots are given out: not while it is swapped off. */
  writable = true;
  /** No slot below this one is free (`lowest_bit`). */
  #lowest = 1;

  /** A type with every slot free but the header's. */
  constructor(type: number, device: SwapDevice) {
    assertWhole("swap on", "pages", device.pages);
    this.type = type;
    this.device = device;
    this.map = new Uint8Array(device.pages);
    this.map[0] = SWAP_MAP_BAD;
  }

  /** Slots there are (`pages`). */
  get slots(): number {
    return Math.max(0, this.map.length - 1);
  }

  /**
   * The lowest slot that is free, or 0. The kernel looks on from the last one
   * it gave (up to 6.12), or in the processor's cluster (since 6.13): which it
   * takes is of no consequence here, and so is not modelled.
   */
  lowestFree(): number {
    if (!this.writable || this.inUse >= this.slots) return 0;
    const { map } = this;
    while (this.#lowest < map.length && map[this.#lowest] !== 0) this.#lowest++;
    return this.#lowest < map.length ? this.#lowest : 0;
  }

  /**
   * Takes a free slot for a page of the swap cache. Specifies what
   * `get_swap_pages` (since 6.15, `folio_alloc_swap`) does to it.
   */
  takeSlot(offset: number): void {
    this.map[offset] = SWAP_HAS_CACHE;
    this.inUse++;
  }

  /** Page table entries for a slot (`swap_count`). */
  count(offset: number): number {
    return this.map[offset] & ~SWAP_HAS_CACHE;
  }

  /** Marks a slot, of which nothing is left, as free. */
  setFree(offset: number): void {
    this.map[offset] = 0;
    this.inUse--;
    this.#lowest = Math.min(this.#lowest, offset);
    this.unused.delete(offset);
    this.zeromap.delete(offset);
    this.onDevice.delete(offset);
  }
}
