/** Objects that somebody other than zsmalloc packs together, knowing their owner. */
import type { Profile } from "../../linux/profile.ts";
import { type Random, randomFrom } from "../../programs/random.ts";
import {
  canCompact,
  fullnessGroup,
  GROUP_EMPTY,
  groupFull,
  insertZspage,
  removeZspage,
  type SizeClass,
  zspagesIn,
} from "../../zsmalloc/size_class.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import type { Given, Size } from "../experiment.ts";
import { NO_ZSPAGE } from "../../zsmalloc/zspage.ts";
import { mallocIn, storedPages } from "./stored_pages.ts";

/** What an owner knows of an object, as zram does in a slot of its table. */
export interface Owned {
  /** Its handle: of the object where it is now. */
  handle: number;
  /** What it is. */
  readonly bytes: Uint8Array;
}

/** Which part-filled zspage of a class is emptied next. */
export type ChooseSource = (pool: ZsPool, sizeClass: SizeClass) => number;

/** What packing came to. */
export interface Packed {
  /** Objects that were moved, each with an entry of its owner's rewritten. */
  readonly moved: number;
  readonly bytesMoved: number;
  readonly pagesFreed: number;
}

/** The numbers of a thinned pool. */
export const THINNED_SIZES: Readonly<Record<"pages" | "freed", Size>> = {
  pages: { usual: 4096, least: 16, most: 65536, means: "pages stored" },
  freed: {
    usual: 60,
    least: 0,
    most: 99,
    means: "percent of them that go again",
  },
};

/** A pool of real pages, of which most have gone again at random. */
export function thinnedPool(
  { seed, sizes, realPages }: Given<"pages" | "freed">,
  profile: Profile,
): { readonly pool: ZsPool; readonly owned: readonly Owned[] } {
  const real = realPages(Math.ceil(sizes.pages / 4), profile.pageSize);
  const pages = storedPages(profile, real);
  const pool = new ZsPool(profile);
  const random = randomFrom(seed);
  const stored = Array.from({ length: sizes.pages }, () => {
    const bytes = pages[random(pages.length)];
    const handle = mallocIn(pool, bytes.length);
    pool.write(handle, bytes);
    return { handle, bytes };
  });
  const owned = stored.filter(({ handle }) => {
    const isFreed = random(100) < sizes.freed;
    if (isFreed) pool.free(handle);
    return !isFreed;
  });
  return { pool, owned };
}

/** Whether a handle names these bytes. */
export function names(pool: ZsPool, handle: number, { bytes }: Owned): boolean {
  if (!pool.handles.isLive(handle)) return false;
  const { size, header } = pool.chunkOf(handle, "find");
  if (size - header < bytes.length) return false;
  const found = pool.read(handle, new Uint8Array(bytes.length));
  return found.every((byte, at) => byte === bytes[at]);
}

/** The groups between the empty and the full zspages, from the emptiest on. */
const partGroups = (sizeClass: SizeClass) =>
  Array.from(
    { length: groupFull(sizeClass) - 1 },
    (_, nth) => GROUP_EMPTY + 1 + nth,
  );

const firstHead = (sizeClass: SizeClass, groups: readonly number[]) =>
  groups.map((group) => sizeClass.heads[group])
    .find((head) => head !== NO_ZSPAGE) ?? NO_ZSPAGE;

/** The head of the emptiest group. */
export function emptiest(_: ZsPool, sizeClass: SizeClass): number {
  return firstHead(sizeClass, partGroups(sizeClass));
}

/** The head of the fullest group. */
export function fullest(_: ZsPool, sizeClass: SizeClass): number {
  return firstHead(sizeClass, partGroups(sizeClass).reverse());
}

/** Any part-filled zspage, as where there were no groups. */
export function anyOf(random: Random): ChooseSource {
  return ({ zspages }, sizeClass) => {
    const all = partGroups(sizeClass)
      .flatMap((group) => [...zspagesIn(zspages, sizeClass, group)]);
    return all.length === 0 ? NO_ZSPAGE : all[random(all.length)];
  };
}

/**
 * Empties zspages while the class's others have room for a whole one: each
 * object is allocated anew, copied, and freed where it was; its owner is told.
 */
export function packByHand(
  pool: ZsPool,
  owned: readonly Owned[],
  choose: ChooseSource,
): Packed {
  const at = new Map<number, Set<Owned>>();
  const listed = (zspage: number) => {
    const known = at.get(zspage) ?? new Set();
    at.set(zspage, known);
    return known;
  };
  const zspageOf = (handle: number) => pool.chunkOf(handle, "find").zspage;
  for (const one of owned) listed(zspageOf(one.handle)).add(one);
  const before = pool.pagesAllocated;
  let [moved, bytesMoved] = [0, 0];
  for (const sizeClass of pool.classes) {
    while (canCompact(sizeClass) > 0) {
      const source = choose(pool, sizeClass);
      if (source === NO_ZSPAGE) break;
      for (const [one, handle] of emptyOne(pool, source, listed(source))) {
        listed(zspageOf(handle)).add(one);
        moved++;
        bytesMoved += sizeClass.size;
      }
      at.delete(source);
    }
  }
  return { moved, bytesMoved, pagesFreed: before - pool.pagesAllocated };
}

/** Moves all of a zspage's objects to others, which frees it. */
function emptyOne(
  pool: ZsPool,
  source: number,
  objects: ReadonlySet<Owned>,
): (readonly [Owned, number])[] {
  const { zspages } = pool;
  const sizeClass = pool.classOfZspage(source);
  // Off its list, so that none of the objects comes back to it.
  removeZspage(zspages, sizeClass, source);
  const placed = [...objects].map((one) => {
    const handle = mallocIn(pool, one.bytes.length);
    pool.write(handle, one.bytes);
    return [one, handle] as const;
  });
  insertZspage(
    zspages,
    sizeClass,
    source,
    fullnessGroup(zspages, sizeClass, source),
  );
  for (const [one, handle] of placed) {
    pool.free(one.handle);
    one.handle = handle;
  }
  return placed;
}
