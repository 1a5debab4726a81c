/**
 * What the zspages of a pool add up to, by looking at each of them, to compare
 * with what the pool counts.
 */
import type { OffList } from "./page_holds.ts";
import type { ZsPool } from "./pool.ts";
import type { SizeClass } from "./size_class.ts";
import type { ZspageView } from "./view.ts";
import { ZSPAGE_FULLNESS } from "./zspage.ts";

/** What the zspages of one class add up to. */
export interface ClassTally {
  /** The class. */
  readonly sizeClass: SizeClass;
  /** Its zspages on lists, by the group that each says it is in. */
  readonly groups: Uint32Array;
  /** Its zspages, but for those whose frames are being freed. */
  zspages: number;
  /** Zspages that the worker has taken, to free them. */
  taken: number;
  /** Zspages that it counts no more, whose frames are not freed yet. */
  leaving: number;
  /** Chunks of them that hold an object. */
  objects: number;
}

/** What is known of one zspage. */
interface Entry {
  readonly tally: ClassTally;
  readonly group: number;
  readonly off: OffList | undefined;
  readonly objects: number;
  readonly pages: readonly number[];
}

/** Counts where a zspage is, once more or less. */
function countPlace({ tally, group, off }: Entry, by: 1 | -1): void {
  if (off === "being-freed") tally.leaving += by;
  else tally.zspages += by;
  if (off === "to-be-freed") tally.taken += by;
  if (off === undefined) tally.groups[group] += by;
}

/** What all zspages of a pool add up to. */
export class PoolTally {
  /** By class, in the pool's order. */
  readonly classes: readonly ClassTally[];
  /** Frames that zspages have. */
  pages = 0;
  /** Chunks that hold an object. */
  objects = 0;
  /** A frame that two zspages have, if there is one. */
  sharedPage: { pfn: number; zspages: readonly number[] } | undefined;

  readonly #pool: ZsPool;
  readonly #byIndex: ReadonlyMap<number, ClassTally>;
  readonly #entries = new Map<number, Entry>();
  readonly #owners = new Map<number, number>();

  /** Of no zspage yet. */
  constructor(pool: ZsPool) {
    this.#pool = pool;
    this.classes = pool.classes.map((sizeClass) => ({
      sizeClass,
      groups: new Uint32Array(sizeClass.heads.length),
      zspages: 0,
      taken: 0,
      leaving: 0,
      objects: 0,
    }));
    this.#byIndex = new Map(
      this.classes.map((tally) => [tally.sizeClass.index, tally]),
    );
  }

  /** The tally of one class. */
  of({ index }: SizeClass): ClassTally {
    const tally = this.#byIndex.get(index);
    if (tally === undefined) throw new Error(`No class has index ${index}`);
    return tally;
  }

  /** Forgets every zspage. */
  clear(): void {
    for (const tally of this.classes) {
      tally.groups.fill(0);
      tally.zspages =
        tally.objects =
        tally.taken =
        tally.leaving =
          0;
    }
    this.pages = this.objects = 0;
    this.sharedPage = undefined;
    this.#entries.clear();
    this.#owners.clear();
  }

  /** Counts a zspage as it is now, instead of as it was. */
  count({ zspage, sizeClass, allocated, pages }: ZspageView): void {
    const known = this.#entries.get(zspage);
    const samePages = known !== undefined &&
      known.pages.length === pages.length &&
      known.pages.every((pfn, nth) => pfn === pages[nth]);
    if (known !== undefined) this.#uncount(known, !samePages);
    const entry = {
      tally: this.of(sizeClass),
      group: this.#pool.zspages.get(zspage, ZSPAGE_FULLNESS),
      off: this.#pool.holds.offLists.get(zspage),
      objects: allocated,
      pages: samePages ? known.pages : [...pages],
    };
    this.#entries.set(zspage, entry);
    countPlace(entry, 1);
    entry.tally.objects += allocated;
    this.objects += allocated;
    if (!samePages) this.#own(zspage, pages);
  }

  /** Forgets a zspage that was freed. */
  forget(zspage: number): void {
    const known = this.#entries.get(zspage);
    if (known === undefined) return;
    this.#uncount(known, true);
    this.#entries.delete(zspage);
  }

  /** The group in which a zspage was when it was last counted, if it was. */
  groupOf(zspage: number): number | undefined {
    return this.#entries.get(zspage)?.group;
  }

  /** Which zspage has a frame. */
  ownerOf(pfn: number): number | undefined {
    return this.#owners.get(pfn);
  }

  #own(zspage: number, pages: readonly number[]): void {
    for (const pfn of pages) {
      const other = this.#owners.get(pfn);
      if (other !== undefined) {
        this.sharedPage = { pfn, zspages: [other, zspage] };
      }
      this.#owners.set(pfn, zspage);
    }
    this.pages += pages.length;
  }

  #uncount(entry: Entry, givesPages: boolean): void {
    const { tally, objects, pages } = entry;
    countPlace(entry, -1);
    tally.objects -= objects;
    this.objects -= objects;
    if (!givesPages) return;
    for (const pfn of pages) this.#owners.delete(pfn);
    this.pages -= pages.length;
  }
}
