/** What the contract of a swap cache holds answers against. */
import type { Profile } from "../../linux/profile.ts";
import type { ZswapCreate, ZswapSlot } from "../../programs/zswap/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import type { ZswapStats, ZswapWritten } from "../../targets/target.ts";
import { Disagreement, expectBytes } from "../judge.ts";
import { isOneWord } from "../page_kinds.ts";
import { ZswapLimitBook } from "./limit_book.ts";
import { ZSWAP_CONTRACT as RULES } from "./rules.ts";
import { StoredPages } from "./stored_pages.ts";

/** A page that is stored, or may be: one that was loaded may have gone. */
interface Page {
  readonly bytes: Uint8Array;
  isLoaded: boolean;
  /** Whether it was damaged: it is there, and nobody can have it. */
  isDamaged: boolean;
}

const NOTHING: ZswapStats = {
  storedPages: 0,
  poolTotalSize: 0,
  writtenBackPages: 0,
};

/** Throws where a counter is not within its bounds. */
function expectWithin(
  name: keyof ZswapStats,
  found: number,
  least: number,
  most: number,
): void {
  if (found >= least && found <= most) return;
  const bound = found < least ? `at least ${least}` : `at most ${most}`;
  throw new Disagreement(RULES[name], { [name]: bound }, { [name]: found });
}

/** What is known of one cache from its answers. */
export class ZswapContractBook {
  /** Bytes of a page. */
  readonly pageSize: number;
  readonly #pages = new StoredPages<Page>();
  readonly #limits: ZswapLimitBook;
  readonly #wordBytes: number;
  readonly #countsLate: boolean;
  readonly #reach: Reach;
  readonly #mayLack: boolean;
  #stats = NOTHING;
  /** Pages that are there for certain, but for those written back unseen. */
  #sure = 0;
  /** Pages that writeback has answered. */
  #named = 0;
  /** Pages that were not there any more, and so had been written back unseen. */
  #lost = 0;
  /** The bytes of a page that was missing, until the counters tell why. */
  #isMissing = false;
  /** The most pages stored since a store was taken. */
  #counted = 0;
  /** The most pages that the last store brought. */
  #brought = 1;

  /** Of an empty cache that was made so. */
  constructor(profile: Profile, create: ZswapCreate, reach: Reach) {
    this.#limits = new ZswapLimitBook(profile, create);
    this.pageSize = create.pageSize ?? profile.pageSize;
    this.#wordBytes = (create.wordBits ?? profile.wordBits) / 8;
    this.#countsLate = profile.zswap.shrink !== "entries-in-worker";
    this.#reach = reach;
    this.#mayLack = create.failing !== undefined;
  }

  /** Slots that may have a page. */
  slots(): ZswapSlot[] {
    return this.#pages.entries()
      .map(([type, offset]) => ({ type, offset })).toArray();
  }

  /** Pages were stored, or refused: older ones at their slots are gone. */
  store(
    { type, offset }: ZswapSlot,
    pages: readonly Uint8Array[],
    stored: boolean,
  ): void {
    this.#expectTaken(pages, stored);
    pages.forEach((bytes, nth) => {
      this.drop({ type, offset: offset + nth });
      if (!stored) return;
      this.#pages.set(type, offset + nth, {
        bytes,
        isLoaded: false,
        isDamaged: false,
      });
      this.#sure++;
    });
    this.#brought = pages.length;
    if (stored) this.#counted = this.#stats.storedPages + pages.length;
  }

  /** A slot's page is gone, if it had one. */
  drop({ type, offset }: ZswapSlot): Page | undefined {
    const page = this.#pages.delete(type, offset);
    if (page?.isLoaded === false) this.#sure--;
    return page;
  }

  /** All pages of a swap type are gone. */
  dropType(type: number): void {
    for (const offset of this.#pages.offsetsOf(type)) {
      this.drop({ type, offset });
    }
  }

  /** A slot's page is damaged, if it has one. */
  damage({ type, offset }: ZswapSlot): void {
    const page = this.#pages.get(type, offset);
    if (page !== undefined) page.isDamaged = true;
  }

  /** Whether a slot's page is damaged. */
  isDamaged({ type, offset }: ZswapSlot): boolean {
    return this.#pages.get(type, offset)?.isDamaged ?? false;
  }

  /** A slot's page was loaded, or it was said that there is none. */
  load(
    slot: ZswapSlot,
    data: Uint8Array | null,
    toSwapCache: boolean,
  ): void {
    const page = this.#pages.get(slot.type, slot.offset);
    if (data === null) {
      if (page === undefined) this.#reach.count(RULES.newest);
      else this.#miss(slot, page);
      return;
    }
    if (page === undefined) {
      const found = { data: `a page, ${data.subarray(0, 8).toHex()}…` };
      throw new Disagreement(RULES.newest, { data: null }, found);
    }
    expectBytes(RULES.newest, page.bytes, data);
    this.#reach.count(RULES.newest);
    this.#reach.count(RULES.kept);
    if (!toSwapCache) return;
    if (!page.isLoaded) this.#sure--;
    page.isLoaded = true;
  }

  /** A page was written back. */
  written([type, offset, data]: ZswapWritten): void {
    const page = this.drop({ type, offset });
    if (page === undefined) {
      const found = { written: [type, offset, "…"] };
      throw new Disagreement(RULES.written, "a page that is stored", found);
    }
    expectBytes(RULES.written, page.bytes, data);
    this.#reach.count(RULES.written);
    this.#named++;
  }

  /** Whether a kernel may stop at what is wrong: damaged, or not to be had. */
  get mayStop(): boolean {
    return this.#mayLack ||
      this.#pages.entries().some(([, , { isDamaged }]) => isDamaged);
  }

  /** Pages were written back that no slot had any more. */
  stale(pages: number): void {
    this.#named += pages;
  }

  /** A parameter was written. */
  set(attr: string, value: string): void {
    this.#limits.set(attr, value);
  }

  /** The counters were asked for. */
  count(found: ZswapStats): void {
    this.#checkMissing(found);
    this.#checkWritten(found);
    this.#checkStored(found);
    this.#checkPool(found);
    this.#stats = found;
  }

  #expectTaken(pages: readonly Uint8Array[], stored: boolean): void {
    const isEmpty = this.#stats.storedPages === 0;
    if (!isEmpty || !this.#limits.hasRoom) return;
    if (!pages.every((page) => isOneWord(page, this.#wordBytes))) return;
    if (!stored) {
      throw new Disagreement(RULES.stores, { stored: true }, { stored });
    }
    this.#reach.count(RULES.stores);
  }

  /** A page that is not there: it was loaded before, or written back unseen. */
  #miss(slot: ZswapSlot, page: Page): void {
    this.drop(slot);
    if (page.isLoaded) return;
    this.#lost++;
    this.#isMissing = true;
  }

  #checkMissing({ writtenBackPages }: ZswapStats): void {
    if (!this.#isMissing) return;
    this.#isMissing = false;
    if (this.#lost <= writtenBackPages - this.#named) return;
    throw new Disagreement(RULES.kept, { data: "a page" }, { data: null });
  }

  #checkWritten({ writtenBackPages }: ZswapStats): void {
    const least = Math.max(this.#stats.writtenBackPages, this.#named);
    expectWithin("writtenBackPages", writtenBackPages, least, Infinity);
    if (writtenBackPages > 0) this.#reach.count(RULES.writtenBackPages);
  }

  /** Pages that were written back unseen, or loaded, may be there or not. */
  #checkStored({ storedPages, writtenBackPages }: ZswapStats): void {
    const unseen = writtenBackPages - this.#named - this.#lost;
    const least = Math.max(this.#sure - Math.max(unseen, 0), 0);
    const most = this.#pages.size;
    expectWithin("storedPages", storedPages, least, most);
    if (most > 0) this.#reach.count(RULES.storedPages);
  }

  /**
   * Up to 6.8 the pools were counted when a page was last stored or freed, and
   * not when an eviction then freed theirs.
   */
  #checkPool({ poolTotalSize, storedPages }: ZswapStats): void {
    const { pageSize } = this;
    const { chainSize, limit } = this.#limits;
    this.#counted = Math.max(this.#counted, storedPages);
    const stored = this.#countsLate ? this.#counted : storedPages;
    // A limit that was made lower takes nothing away.
    const beyond = Math.max(
      limit + this.#brought * chainSize,
      this.#stats.poolTotalSize / pageSize,
    );
    const most = Math.min(stored * chainSize, beyond);
    if (poolTotalSize % pageSize !== 0) {
      const expected = { poolTotalSize: `a multiple of ${pageSize}` };
      throw new Disagreement(RULES.poolTotalSize, expected, { poolTotalSize });
    }
    expectWithin("poolTotalSize", poolTotalSize, 0, most * pageSize);
    if (stored > 0) this.#reach.count(RULES.poolTotalSize);
  }
}
