/** Memory of zones, as programs ask for it. */
import { type Gfp, ZONE_NAMES } from "../linux/gfp.ts";
import type { PageAllocRelease } from "../linux/page_alloc_profile.ts";
import type { MemoryBuddyOptions } from "../memory/memory_options.ts";
import type { ZoneOptions } from "../memory/zone.ts";
import { numbers, object, whole } from "./fields.ts";
import { type Field, field } from "./grammar.ts";
import type { Step } from "./program.ts";
import { pick, type Random } from "./random.ts";

/** Zones with a buddy allocator, of the kernel that a program is of. */
export type AskedZones =
  & Required<Omit<MemoryBuddyOptions, "release">>
  & { readonly zones: readonly ZoneOptions[] };

/** Zones as a field: without what is special about them they are simpler. */
export const ZONES: Field<AskedZones> = field(
  readZones,
  "an object of 'zones', 'maxOrder' and 'pageblockOrder'",
  ({ zones, ...orders }) => [
    ...zones.length > 1
      ? zones.map((_, nth) => ({ ...orders, zones: zones.toSpliced(nth, 1) }))
      : [],
    ...zones.flatMap((zone, nth) =>
      simplerZones(zone).map((one) => ({
        ...orders,
        zones: zones.with(nth, one),
      }))
    ),
  ],
);

function simplerZones({ name, pages, ...special }: ZoneOptions): ZoneOptions[] {
  const plain = { name, pages };
  return Object.keys(special).length > 0 ? [plain] : [];
}

function readZones(value: unknown): AskedZones | undefined {
  const json = object(value);
  if (json === undefined || !Array.isArray(json.zones)) return undefined;
  const [maxOrder, pageblockOrder] = [json.maxOrder, json.pageblockOrder]
    .map(whole);
  const zones = json.zones.map(readZone).filter((zone) => zone !== undefined);
  const isWhole = zones.length === json.zones.length && zones.length > 0 &&
    Object.keys(json).length === 3;
  if (!isWhole || maxOrder === undefined || pageblockOrder === undefined) {
    return undefined;
  }
  return { maxOrder, pageblockOrder, zones };
}

function readZone(value: unknown): ZoneOptions | undefined {
  const json = object(value);
  const name = ZONE_NAMES.find((one) => one === json?.name);
  const pages = whole(json?.pages);
  if (json === undefined || name === undefined || !pages) return undefined;
  const { min, cma, ...rest } = json;
  const areas = Array.isArray(cma) ? cma.map(readArea) : [];
  const isRight = Object.keys(rest).length === 2 && !areas.includes(undefined);
  if (!isRight) return undefined;
  return {
    name,
    pages,
    ...min !== undefined && { min: whole(min) },
    ...cma !== undefined && {
      cma: areas.filter((area) => area !== undefined),
    },
  };
}

function readArea(value: unknown): readonly [number, number] | undefined {
  const area = numbers(value);
  return area?.length === 2 ? [area[0], area[1]] : undefined;
}

/**
 * What a memory is made with, or nothing where no zones are asked for. The first
 * zone starts at `firstPfn`, each other one at the first block behind the zone
 * before it.
 */
export function buddyAsked(
  release: PageAllocRelease,
  asked: AskedZones | undefined,
  firstPfn = 1,
): MemoryBuddyOptions | undefined {
  if (asked === undefined) return undefined;
  const starts = zoneStarts(asked, firstPfn);
  const zones = asked.zones.map((zone, nth) => ({
    ...zone,
    startPfn: starts[nth],
  }));
  return { ...asked, release, zones };
}

/** The first frame of each zone. */
export function zoneStarts(
  { zones, maxOrder }: AskedZones,
  firstPfn: number,
): number[] {
  const block = 2 ** maxOrder;
  let next = firstPfn;
  return zones.map(({ pages }) => {
    const start = next;
    next = Math.ceil((start + pages) / block) * block;
    return start;
  });
}

/** What a `create` says of the memory under a pool. */
export interface AskedMemory {
  /** The most frames that can be allocated at once. */
  readonly maxPages?: number;
  /** Zones, where the frames are of such. */
  readonly buddy?: AskedZones;
}

/** The most frames that a pool can have, where that is limited. */
export function mostFrames(
  { maxPages, buddy }: AskedMemory,
  gfp: Gfp,
): number | undefined {
  if (buddy === undefined) return maxPages;
  return Math.min(maxPages ?? Infinity, framesToBeHad(buddy, gfp));
}

/**
 * Frames that can be had one by one of memory that is all free: none but the
 * watermark's and, for who may not have them, CMA areas' are left then.
 */
export function framesToBeHad(
  { zones }: AskedZones,
  { highestZone, cma: usesCma }: Gfp,
): number {
  const highest = ZONE_NAMES.indexOf(highestZone);
  return zones.filter(({ name }) => ZONE_NAMES.indexOf(name) <= highest)
    .reduce((sum, { pages, min = 0, cma = [] }) => {
      const kept = cma.reduce((all, [, more]) => all + more, 0);
      return sum + Math.max(0, pages - min - (usesCma ? 0 : kept));
    }, 0);
}

/**
 * Zones of up to so many pages each, now and then with a watermark; where a
 * kernel is given, with high memory too, or CMA areas as that can have them.
 */
export function randomZones(
  random: Random,
  pages: number,
  kernel?: PageAllocRelease,
): AskedZones {
  const maxOrder = 2 + random(4);
  const pageblockOrder = 1 + random(maxOrder);
  const block = 2 ** maxOrder;
  const blocks = Math.max(1, Math.ceil(pages / block));
  const names = pick(random, ...(kernel ? ANY_NAMES : LOW_NAMES));
  const zones = names.map((name): ZoneOptions => {
    const own = block * (1 + random(blocks));
    const hasCma = kernel && name !== "DMA" && random(3) === 0;
    const area = kernel?.merges === "any" ? block : 2 ** pageblockOrder;
    return {
      name,
      pages: own,
      ...random(3) === 0 && { min: random(own >> 2) },
      ...hasCma && {
        cma: [[area * random(own / area), area]] as const,
      },
    };
  });
  return { maxOrder, pageblockOrder, zones };
}

/**
 * A program of which one in six has its first pool on memory of zones: small
 * ones, which run out. It is drawn last, so that the steps are what they were
 * without it.
 */
export function onZones<One extends Step>(
  random: Random,
  [create, ...steps]: readonly One[],
): One[] {
  if (random(6) > 0) return [create, ...steps];
  const buddy = randomZones(random, pick(random, 8, 32, 128));
  return [{ ...create, buddy }, ...steps];
}

/** Zones of a machine without high memory. */
const LOW_NAMES = [
  ["Normal"],
  ["DMA", "Normal"],
  ["DMA32", "Normal"],
] as const;

/** Zones of any machine. */
const ANY_NAMES = [
  ...LOW_NAMES,
  ["Normal", "HighMem"],
  ["DMA", "Normal", "HighMem"],
  ["DMA32", "Normal", "Movable"],
] as const;
