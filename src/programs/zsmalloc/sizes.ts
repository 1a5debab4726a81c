/** The pools and the sizes of objects that random programs are about. */
import type { Profile } from "../../linux/profile.ts";
import { type Geometry, zsGeometry } from "../../zsmalloc/geometry.ts";
import type { Scope } from "../program.ts";
import { pick, type Random } from "../random.ts";
import { kernelAsked } from "../kernel.ts";
import type { ZsmallocCreate } from "./steps.ts";

/** Pages of the sizes that there are, those of most kernels the most. */
const PAGE_SIZES = [4096, 4096, 4096, 4096, 4096, 16384, 16384, 65536];

/**
 * Words and physical addresses. Where an index has few bits, locations use
 * them all: 32 bits and PAE, with chains of 11 pages.
 */
const WORDS = [
  { wordBits: 64, physBits: 52 },
  { wordBits: 64, physBits: 46 },
  { wordBits: 64, physBits: 40 },
  { wordBits: 64, physBits: 36 },
  { wordBits: 32, physBits: 32 },
  { wordBits: 32, physBits: 36 },
  { wordBits: 32, physBits: 36 },
];

/** What a target that knows no more than the protocol is asked for. */
const PLAIN_SETUPS: readonly ZsmallocCreate[] = [
  { pageSize: 4096, wordBits: 64, chainSize: 4 },
  { pageSize: 4096, wordBits: 32, chainSize: 4 },
  { pageSize: 16384, wordBits: 64, chainSize: 8 },
  { pageSize: 4096, wordBits: 64, chainSize: 16 },
];

/** A random pool of a kernel. */
export function randomCreate(
  random: Random,
  profile: Profile,
  { anyGeometry, anySurroundings = false }: Scope,
): ZsmallocCreate {
  const { pageSize, wordBits, chainSize } = profile;
  const own = { pageSize, wordBits, chainSize };
  if (!anySurroundings) {
    return anyGeometry ? pick(random, own, ...PLAIN_SETUPS) : own;
  }
  const geometry = !anyGeometry || random(3) === 0 ? own : {
    pageSize: pick(random, ...PAGE_SIZES),
    ...pick(random, ...WORDS),
    chainSize: pick(random, 4, 8, 11, 11, 16, 1),
  };
  return {
    ...geometry,
    ...(random(4) === 0 ? { maxPages: pick(random, 1, 8, 24, 64, 200) } : {}),
    // Up to 4.7 a link to frame 0 would be null: such kernels keep it back.
    ...(profile.objects.link === "index" && random(4) === 0
      ? { firstPfn: 0 }
      : {}),
    ...(profile.mapping === "copy" && random(2) === 0
      ? { mapping: "page-table" as const }
      : {}),
  };
}

/** Objects of a zspage that are few: they fill, empty and compact in few steps. */
const FEW = 8;

/** Chunks beyond which an index takes the upper half of its bits, with PAE. */
const MANY = 128;

/** Sizes of the objects of one program: few, the first of them the most. */
export function randomSizes(
  random: Random,
  profile: Profile,
  create: ZsmallocCreate,
): readonly number[] {
  const geometry = zsGeometry(kernelAsked(profile, create));
  const sizes = Array.from({ length: 4 }, () => randomSize(random, geometry));
  return hasFewIndexBits(geometry) && random(2) === 0
    ? [manyToAZspage(geometry), ...sizes]
    : sizes;
}

function randomSize(random: Random, geometry: Geometry): number {
  const { pageSize } = geometry;
  const kind = random(16);
  if (kind < 8) return filling(random, geometry, 2, FEW);
  if (kind < 9) return filling(random, geometry, 1, MANY);
  if (kind < 10) return border(random, geometry);
  if (kind < 13) return 1 + random(pageSize);
  if (kind < 14) return 1 + random(pageSize >> 4);
  return pick(random, 1, pageSize - 1, pageSize, pageSize);
}

/** An object that fills a chunk of a class to the last byte. */
function filling(
  random: Random,
  { classes, handleSize }: Geometry,
  fewest: number,
  most: number,
): number {
  const among = classes.filter(({ objectsPerZspage }) =>
    objectsPerZspage >= fewest && objectsPerZspage <= most
  );
  return (pick(random, ...among)?.size ?? classes[0].size) - handleSize;
}

/** The sizes on both sides of a class's last byte, and of the huge ones' first. */
function border(random: Random, geometry: Geometry): number {
  const { hugeClassSize, pageSize } = geometry;
  const at = random(2) === 0
    ? hugeClassSize
    : filling(random, geometry, 1, MANY);
  return Math.min(Math.max(at + random(3) - 1, 1), pageSize);
}

function hasFewIndexBits({ minAllocSize }: Geometry): boolean {
  return minAllocSize > 32;
}

/** Objects of the class with the most chunks to a zspage of several pages. */
function manyToAZspage({ classes, handleSize }: Geometry): number {
  const most = classes.reduce((most, one) =>
    one.objectsPerZspage > most.objectsPerZspage ? one : most
  );
  return most.size - handleSize;
}

/** Sizes that are refused. */
export function refusedSize(random: Random, pageSize: number): number {
  return pick(random, 0, 0, pageSize + 1, pageSize + 2, 2 * pageSize);
}
