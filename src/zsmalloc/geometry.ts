/**
 * Geometry: the size classes that a profile's page size, word size and chain
 * size give, computed as `zs_create_pool` does when a pool is made.
 */
import type { Profile } from "../linux/profile.ts";

/** ZS_ALIGN: chunk sizes are multiples of it, so no free link crosses a page. */
export const ZS_ALIGN = 8;

/** The least bytes of a chunk, whatever the bits of an index. */
const LEAST_ALLOC_SIZE = 32;

/** One size class that Linux builds; merged ones are left out. */
export interface ClassGeometry {
  /** The class's index among all sizes, merged ones counted. */
  readonly index: number;
  /** Bytes per chunk, the handle's word included. */
  readonly size: number;
  /** Pages chained into one zspage. */
  readonly pagesPerZspage: number;
  /** Chunks in one zspage. */
  readonly objectsPerZspage: number;
}

/** The part of a profile that decides its size classes. */
export type GeometryProfile = Pick<
  Profile,
  | "pageSize"
  | "wordBits"
  | "physBits"
  | "chainSize"
  | "objects"
  | "chainRule"
  | "classBits"
  | "mergesClasses"
>;

/** All size classes of a profile and what follows from them. */
export interface Geometry {
  /** Bytes per page. */
  readonly pageSize: number;
  /** ZS_HANDLE_SIZE: bytes by which each request grows for its handle; 0 up to 3.19. */
  readonly handleSize: number;
  /** OBJ_INDEX_BITS: bits of an object's index in its encoded location. */
  readonly objIndexBits: number;
  /** ZS_OBJ_CLASS_BITS: bits of the class's index above it; 0 up to 7.2. */
  readonly objClassBits: number;
  /** ZS_MIN_ALLOC_SIZE: bytes of the smallest chunk. */
  readonly minAllocSize: number;
  /** ZS_SIZE_CLASS_DELTA: bytes from one class to the next. */
  readonly classDelta: number;
  /** ZS_SIZE_CLASSES: classes before merging. */
  readonly sizeClasses: number;
  /** Bytes from which on zsmalloc gives an object a page of its own. */
  readonly hugeClassSize: number;
  /** The classes that exist, from the smallest to the largest. */
  readonly classes: readonly ClassGeometry[];
  /** For each of the `sizeClasses` indices the class that serves it. */
  readonly classOf: readonly ClassGeometry[];
}

function refuse(name: string, value: number, right: string): never {
  throw new RangeError(
    `Cannot build size classes: the '${name}' is ${value}, not ${right}`,
  );
}

/** Throws a RangeError where a geometry is one that Linux cannot be built with. */
function assertGeometry(profile: GeometryProfile): void {
  const { pageSize, wordBits, physBits, chainSize, classBits } = profile;
  if (![4096, 8192, 16384, 32768, 65536].includes(pageSize)) {
    refuse("pageSize", pageSize, "a power of two from 4096 to 65536");
  }
  if (wordBits !== 32 && wordBits !== 64) {
    refuse("wordBits", wordBits, "32 or 64");
  }
  if (!Number.isInteger(chainSize) || chainSize < 1 || chainSize > 16) {
    refuse("chainSize", chainSize, "a whole number from 1 to 16");
  }
  const pageShift = Math.log2(pageSize);
  const mostClassBits = pageShift - Math.log2(ZS_ALIGN);
  if (
    !Number.isInteger(classBits) || classBits < 0 || classBits > mostClassBits
  ) {
    refuse(
      "classBits",
      classBits,
      `a whole number from 0 to ${mostClassBits}, so that the step is a multiple of ${ZS_ALIGN} bytes`,
    );
  }
  if (!Number.isInteger(physBits) || physBits <= pageShift) {
    refuse("physBits", physBits, `a whole number above ${pageShift}`);
  }
  const indexBits = wordBits - (physBits - pageShift) - profile.objects.tagBits;
  const minAllocSize = indexBits < 1
    ? Infinity
    : Math.floor(chainSize * pageSize / 2 ** indexBits);
  if (minAllocSize > pageSize / 2) {
    refuse(
      "physBits",
      physBits,
      `few enough to leave room for an object's index in ${wordBits} bits`,
    );
  }
}

/** Bits of a class's index: one more than CLASS_BITS (ZS_OBJ_CLASS_BITS). */
const OBJ_CLASS_BITS = 9;

/** Bits that a page's number in its zspage takes, as the chain has room for. */
const pageIndexBits = (chainSize: number) =>
  Math.max(2, Math.ceil(Math.log2(chainSize)));

/**
 * Bits of the class's index in a location: none where words have 32 bits, or
 * too few are left for the object's index in the densest zspage. Specifies
 * `ZS_OBJ_CLASS_BITS`, `mm/zsmalloc.c`, 7.3.
 */
function classBitsOf(profile: GeometryProfile): number {
  const { pageSize, wordBits, physBits, chainSize, objects } = profile;
  const pageShift = Math.log2(pageSize);
  const pfnShift = wordBits - (physBits - pageShift);
  const densest = pageIndexBits(chainSize) +
    Math.log2(pageSize / LEAST_ALLOC_SIZE);
  const isNamed = objects.namesClass && wordBits === 64 &&
    pfnShift >= OBJ_CLASS_BITS + densest;
  return isNamed ? OBJ_CLASS_BITS : 0;
}

/** Pages and chunks of a zspage in the class of chunks of `size` bytes. */
function zspageOf(profile: GeometryProfile, index: number, size: number) {
  const { pageSize, chainSize } = profile;
  const pagesPerZspage = profile.chainRule(size, pageSize, chainSize);
  if (
    !Number.isInteger(pagesPerZspage) || pagesPerZspage < 1 ||
    pagesPerZspage > chainSize
  ) {
    throw new RangeError(
      `Cannot build size classes: the 'chainRule' answers ${pagesPerZspage} pages for chunks of ${size} bytes, not a whole number from 1 to ${chainSize}`,
    );
  }
  const objectsPerZspage = Math.floor(pagesPerZspage * pageSize / size);
  return { index, size, pagesPerZspage, objectsPerZspage };
}

/**
 * The size classes of `profile`: from the largest size down, each class that
 * has the same pages and chunks per zspage as the class built before it is
 * merged into it (since 3.19).
 *
 * Up to 3.18 ZS_SIZE_CLASSES was rounded down, so that with pages of 16 KiB
 * and more the kernel read past its array for the largest objects; here it is
 * rounded up in every profile, as all later releases do.
 *
 * Specifies `zs_create_pool`, `can_merge` and `zs_huge_class_size`,
 * `mm/zsmalloc.c`. Sizes are bytes. Throws a RangeError for a geometry with
 * which Linux cannot be built, and where the chain rule answers more pages than
 * the profile chains, or none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, zsGeometry } from "zspec";
 *
 * assertEquals(zsGeometry(LINUX_6_18).hugeClassSize, 3625);
 * ```
 */
export function zsGeometry(profile: GeometryProfile): Geometry {
  assertGeometry(profile);
  const { pageSize, wordBits, physBits, chainSize, objects } = profile;
  const handleSize = objects.handle === "cell" ? wordBits / 8 : 0;
  const pfnBits = physBits - Math.log2(pageSize);
  const objClassBits = classBitsOf(profile);
  const objIndexBits = wordBits - pfnBits - objects.tagBits - objClassBits;
  const minAllocSize = Math.max(
    LEAST_ALLOC_SIZE,
    Math.floor(chainSize * pageSize / 2 ** objIndexBits),
  );
  const classDelta = pageSize >> profile.classBits;
  const sizeClasses = Math.ceil((pageSize - minAllocSize) / classDelta) + 1;

  const classes: ClassGeometry[] = [];
  const classOf: ClassGeometry[] = new Array(sizeClasses);
  let hugeClassSize = 0;
  let built: ClassGeometry | undefined;
  for (let index = sizeClasses - 1; index >= 0; index--) {
    const size = Math.min(minAllocSize + index * classDelta, pageSize);
    const zspage = zspageOf(profile, index, size);
    if (
      hugeClassSize === 0 && zspage.pagesPerZspage !== 1 &&
      zspage.objectsPerZspage !== 1
    ) {
      hugeClassSize = size - (handleSize - 1);
    }
    if (
      !profile.mergesClasses ||
      built?.pagesPerZspage !== zspage.pagesPerZspage ||
      built.objectsPerZspage !== zspage.objectsPerZspage
    ) {
      built = zspage;
      classes.unshift(built);
    }
    classOf[index] = built;
  }
  return {
    pageSize,
    handleSize,
    objIndexBits,
    objClassBits,
    minAllocSize,
    classDelta,
    sizeClasses,
    hugeClassSize,
    classes,
    classOf,
  };
}

/**
 * The index, before merging, of the class for chunks of `size` bytes, the
 * handle's word included. Specifies `get_size_class_index`, `mm/zsmalloc.c`.
 */
export function sizeClassIndex(geometry: Geometry, size: number): number {
  const index = size > geometry.minAllocSize
    ? Math.ceil((size - geometry.minAllocSize) / geometry.classDelta)
    : 0;
  return Math.min(geometry.sizeClasses - 1, index);
}

/** Bytes at the end of each zspage of a class that hold no chunk. */
export function zspageWaste(geometry: ClassGeometry, pageSize: number): number {
  return geometry.pagesPerZspage * pageSize -
    geometry.objectsPerZspage * geometry.size;
}

/** Chunks of a zspage that start in one page and end in the next. */
export function objectsCrossingPages(
  geometry: ClassGeometry,
  pageSize: number,
): number {
  let crossing = 0;
  for (let index = 0; index < geometry.objectsPerZspage; index++) {
    const start = index * geometry.size;
    const end = start + geometry.size - 1;
    if (Math.floor(start / pageSize) !== Math.floor(end / pageSize)) crossing++;
  }
  return crossing;
}
