/** One full zspage of each size class, and what its bytes and frames show. */
import type { Profile } from "../../linux/profile.ts";
import {
  PAGE_FIRST_OBJ_OFFSET,
  PAGE_INDEX,
  PAGE_STRIDE,
} from "../../memory/memory.ts";
import { type Random, randomFrom } from "../../programs/random.ts";
import { ZS_ALIGN } from "../../zsmalloc/geometry.ts";
import type { MappedChunk } from "../../zsmalloc/mapping.ts";
import { OBJ_ALLOCATED_TAG } from "../../zsmalloc/obj.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import type { SizeClass } from "../../zsmalloc/size_class.ts";

/** A zspage that is full. */
export interface FullZspage {
  /** Bytes of a chunk. */
  readonly size: number;
  /** Its frames. */
  readonly pages: number;
  /** Its objects. */
  readonly objects: number;
  /** Objects that begin in one frame and end in the next. */
  readonly crossing: number;
  /** Objects that were not read back as they were written. */
  readonly damaged: number;
  /** Chunks of which the word at the begin lies in two frames. */
  readonly linksCrossing: number;
  /** The same, were every chunk half a ZS_ALIGN longer. */
  readonly unalignedCrossing: number;
  /** Whether chunks were given out in their order, and no more than there are. */
  readonly isInOrder: boolean;
  /** Frames in which no object begins. */
  readonly withoutStart: number;
  /** Frames that record another place for it than where one begins. */
  readonly wrongStart: number;
  /** For each frame, the index that a location has for the first object in it. */
  readonly firstIndices: readonly number[];
  /** Where the handle is, where one is kept with the object. */
  readonly handle: "none" | "in-chunk" | "in-struct-page" | "nowhere";
  /** Bytes of an object that takes all that there is for it. */
  readonly most: number;
}

/** A full zspage of each class of a kernel. */
export function fullZspages(profile: Profile, seed: number): FullZspage[] {
  const pool = new ZsPool(profile);
  const random = randomFrom(seed);
  return pool.classes.map((one) => fullZspage(pool, one, random));
}

function allocate(pool: ZsPool, size: number): MappedChunk {
  const handle = pool.malloc(size);
  if (typeof handle === "number") return pool.chunkOf(handle, "find");
  throw new Error(`no object of ${size} bytes: ${handle}`);
}

/** Bytes of the largest object that lies in a chunk of a class. */
function mostOf(pool: ZsPool, { size }: SizeClass): number {
  const withHandle = size - pool.geometry.handleSize;
  const { pageSize } = pool.geometry;
  return pool.classFor(withHandle).size === size && size < pageSize
    ? withHandle
    : size;
}

function fullZspage(
  pool: ZsPool,
  sizeClass: SizeClass,
  random: Random,
): FullZspage {
  const { pageSize } = pool.geometry;
  const { size } = sizeClass;
  const most = mostOf(pool, sizeClass);
  const chunks = [allocate(pool, most)];
  const [{ zspage }] = chunks;
  let next = allocate(pool, most);
  while (next.zspage === zspage) {
    chunks.push(next);
    next = allocate(pool, most);
  }
  const pages = pool.zspages.pagesOf(zspage);
  const firsts = pages.map((pfn) => chunks.find((one) => one.pfn === pfn));
  const wordBytes = pool.profile.wordBits / 8;
  return {
    size,
    pages: pages.length,
    objects: chunks.length,
    crossing: chunks.filter(({ offset }) => offset + size > pageSize).length,
    damaged: damagedOf(pool, chunks, most, random),
    linksCrossing:
      chunks.filter(({ offset }) => offset + wordBytes > pageSize).length,
    unalignedCrossing:
      chunks.filter((_, nth) =>
        nth * (size + ZS_ALIGN / 2) % pageSize + wordBytes > pageSize
      ).length,
    isInOrder:
      chunks.every(({ pfn, offset }, nth) =>
        pages.indexOf(pfn) * pageSize + offset === nth * size
      ) && chunks.length === sizeClass.objectsPerZspage,
    withoutStart: firsts.filter((first) => first === undefined).length,
    wrongStart:
      pages.filter((pfn, nth) =>
        pool.memory.page[pfn * PAGE_STRIDE + PAGE_FIRST_OBJ_OFFSET] !==
          firsts[nth]?.offset
      ).length,
    firstIndices: firsts.flatMap((first) =>
      first === undefined ? [] : [indexOf(pool, first.handle)]
    ),
    handle: handlePlace(pool, chunks[0]),
    most,
  };
}

/** Writes every object, and counts those that read back otherwise. */
function damagedOf(
  pool: ZsPool,
  chunks: readonly MappedChunk[],
  length: number,
  random: Random,
): number {
  const written = chunks.map(({ handle }) => {
    const bytes = new Uint8Array(length).fill(random(256));
    bytes[0] = random(256);
    bytes[length - 1] = random(256);
    pool.write(handle, bytes);
    return bytes;
  });
  const into = new Uint8Array(length);
  return chunks.filter(({ handle }, nth) => {
    pool.read(handle, into);
    return into.some((byte, at) => byte !== written[nth][at]);
  }).length;
}

/** The object's index in the location that a handle is, or leads to. */
function indexOf(pool: ZsPool, handle: number): number {
  const { handles, zspages, geometry, profile } = pool;
  const index = profile.objects.handle === "location"
    ? handle
    : zspages.locations.index(handles.cells(), handle / 4);
  return index % 2 ** geometry.objIndexBits;
}

/** Where an object's handle can be read. */
function handlePlace(
  { memory, zspages }: ZsPool,
  { handle, pfn, offset }: MappedChunk,
): FullZspage["handle"] {
  if (zspages.headerBytes === 0) return "none";
  const header = (handle | OBJ_ALLOCATED_TAG) >>> 0;
  const inChunk = memory.words[(pfn * memory.pageSize + offset) >>> 2];
  if (inChunk === header) return "in-chunk";
  const inPage = memory.page[pfn * PAGE_STRIDE + PAGE_INDEX];
  return inPage === header ? "in-struct-page" : "nowhere";
}
