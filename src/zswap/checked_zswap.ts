/**
 * A zswap that is checked after each operation, at the cost of the entries that
 * the operation touched instead of all entries'.
 */
import { assertInvariants } from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import type { ZswapEntry } from "./entry.ts";
import { contextOfSome, ENTRY_INVARIANTS } from "./entry_invariants.ts";
import { tallyZswap, ZSWAP_STATE_INVARIANTS } from "./invariants.ts";
import type { SwpEntry } from "./swp_entry.ts";
import type { ZswapTally } from "./tally.ts";
import type { Zswap } from "./zswap.ts";

/**
 * Checks zswap after operations, of which it is told the slots. The entries
 * that moved on the LRU list it finds itself. `reach` counts the rules that had
 * something to say.
 *
 * @example
 * ```ts
 * import { CheckedZswap, LINUX_6_18, Zswap } from "zspec";
 *
 * const zswap = new Zswap(LINUX_6_18, { totalRamPages: 100 });
 * zswap.swapon(0);
 * const checked = new CheckedZswap(zswap);
 * zswap.store(0, 7, [new Uint8Array(4096)]);
 * checked.check([{ type: 0, offset: 7 }]);
 * zswap.invalidate(0, 7);
 * checked.check([{ type: 0, offset: 7 }]);
 * checked.checkAll();
 * ```
 */
export class CheckedZswap {
  /** zswap itself. */
  readonly zswap: Zswap;

  readonly #reach: Reach | undefined;
  #tally: ZswapTally;
  /** When the LRU list was last looked at, as its entries count it. */
  #touched = 0;

  /** Checks all of zswap once; it may hold pages already. */
  constructor(zswap: Zswap, reach?: Reach) {
    this.zswap = zswap;
    this.#reach = reach;
    this.#tally = tallyZswap(zswap, reach);
    this.#touched = zswap.lru.newest?.touched ?? 0;
  }

  /**
   * Checks the entries of some slots and those that moved on the LRU list, then
   * what all add up to. Throws an `InvariantError` at the first rule broken.
   */
  check(slots: Iterable<SwpEntry>): void {
    const { zswap } = this;
    const touched = this.#touched;
    for (const { type, offset } of slots) {
      this.#tally.count(type, offset);
      const entry = zswap.trees.get(type)?.entries.get(offset);
      // One that moved is checked below.
      if (entry !== undefined && entry.touched <= touched) {
        this.#checkEntry(type, offset);
      }
    }
    for (const { type, offset } of this.#moved()) {
      this.#checkEntry(type, offset);
    }
    assertInvariants(ZSWAP_STATE_INVARIANTS, this.#tally, zswap, this.#reach);
  }

  /** Entries that there were when they were counted last. */
  get entries(): number {
    return this.#tally.entries;
  }

  /** Checks what is left after a swap type was swapped off. */
  checkType(type: number): void {
    this.#tally.countType(type);
    this.check([]);
  }

  /** Checks every rule on all of zswap. */
  checkAll(): void {
    this.#tally = tallyZswap(this.zswap, this.#reach);
    this.#touched = this.zswap.lru.newest?.touched ?? 0;
  }

  #checkEntry(type: number, offset: number): void {
    const tree = this.zswap.trees.get(type);
    const entry = tree?.entries.get(offset);
    if (tree === undefined || entry === undefined) return;
    const context = contextOfSome(this.zswap);
    const found = { tree, offset, entry };
    assertInvariants(ENTRY_INVARIANTS, context, found, this.#reach);
  }

  /** The entries that came to the LRU list's tail since it was last looked at. */
  #moved(): ZswapEntry[] {
    const moved: ZswapEntry[] = [];
    let at = this.zswap.lru.newest;
    while (at !== undefined && at.touched > this.#touched) {
      moved.push(at);
      at = at.older;
    }
    this.#touched = this.zswap.lru.newest?.touched ?? this.#touched;
    return moved;
  }
}
