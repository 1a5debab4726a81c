/** A second model of the buddy allocator of pages: the same policy, by other means. */
import { type Gfp, ZONE_NAMES } from "../../linux/gfp.ts";
import type { Profile } from "../../linux/profile.ts";
import {
  GFP,
  type GfpName,
  type PageAllocShown,
  type PageAllocSteps,
  type ShownList,
} from "../../programs/page_alloc/steps.ts";
import { zoneStarts } from "../../programs/zones.ts";
import { fallBack, type NaiveAsk, takeSmallest } from "./naive_fallback.ts";
import { type NaiveKernel, naiveKernel } from "./naive_kernels.ts";
import { NaiveZone } from "./naive_zone.ts";

/** Pages that were allocated together. */
export interface NaiveObject {
  pfn: number;
  readonly order: number;
  readonly isMovable: boolean;
  refuses: boolean;
}

/** How an allocation came to its pages. */
export interface NaiveTaken {
  readonly pfn: number;
  readonly zone: NaiveZone;
  /** Whose blocks it was taken from. */
  readonly from: "own" | "cma" | "other" | "reserve";
  /** Whether a higher zone was passed by. */
  readonly isLower: boolean;
}

const [RESERVE, CMA] = [3, 4];

/** Zones and objects of the second model. */
export class NaivePages {
  /** The zones, the lowest first. */
  readonly zones: readonly NaiveZone[];
  /** The objects that there are. */
  readonly objects: Map<number, NaiveObject> = new Map();
  readonly #types = new Map<number, number>();
  readonly #kernel: NaiveKernel;

  /** Memory after boot. */
  constructor(
    profile: Profile,
    { buddy, firstPfn = 1 }: PageAllocSteps["create"],
  ) {
    this.#kernel = naiveKernel(profile);
    const starts = zoneStarts(buddy, firstPfn);
    this.zones = buddy.zones.map((asked, nth) =>
      new NaiveZone(this.#kernel, buddy, this.#types, starts[nth], asked)
    );
  }

  /** Where an allocation has its pages; nothing where it has none. */
  alloc(order: number, name: GfpName): NaiveTaken | undefined {
    const gfp = GFP[name];
    const zones = this.zones
      .filter((zone) => isReached(zone, gfp)).toReversed();
    const isGentle = this.#kernel.lowerZonesFirst &&
      zones[0]?.name === "Normal" &&
      !this.zones.some(({ name }) => name === "HighMem");
    const passes = [
      ...isGentle ? [{ mark: "low", isGentle } as const] : [],
      { mark: "low", isGentle: false } as const,
      { mark: "min", isGentle: false } as const,
    ];
    for (const { mark, isGentle } of passes) {
      for (const zone of zones) {
        if (!this.#hasRoom(zone, order, zone[mark], gfp)) continue;
        const taken = this.#takeFrom(zone, {
          order,
          type: gfp.migrateType,
          usesCma: gfp.cma,
          isGentle,
          isMovable: (pfn) => this.isMovable(pfn),
        });
        if (taken !== undefined) {
          return { ...taken, isLower: zone !== zones[0] };
        }
      }
    }
    return undefined;
  }

  /** Frees an object; answers whether its pages met free ones. */
  free(object: NaiveObject): boolean {
    return this.zoneOf(object.pfn).free(object.pfn, object.order);
  }

  /** The zone of a frame. */
  zoneOf(pfn: number): NaiveZone {
    const zone = this.zones.find(({ start, end }) => pfn >= start && pfn < end);
    if (zone === undefined) throw new Error(`page ${pfn} is of no zone`);
    return zone;
  }

  /** Whether a frame could be moved, as far as anybody looks. */
  isMovable(pfn: number): boolean {
    return this.objects.values().some((object) =>
      object.isMovable && object.pfn === pfn
    );
  }

  /** What there is to see. */
  shown(): PageAllocShown {
    const lists = this.zones.flatMap((zone, nth) => listsOf(zone, nth));
    const first = this.zones[0];
    const last = this.zones[this.zones.length - 1];
    const blockTypes: number[] = [];
    const end = last.pageblock(last.end - 1);
    for (let nth = first.pageblock(first.start); nth <= end; nth++) {
      blockTypes.push(this.#types.get(nth) ?? 1);
    }
    return {
      zones: this.zones.map((zone) => ({
        name: zone.name,
        free: zone.freeFrames(),
        cma: zone.freeFrames(CMA),
      })),
      lists,
      blockTypes,
    };
  }

  /**
   * Takes over what is seen of free blocks, of which it says little of a
   * compaction; and what pageblocks became that merged, where these are of one
   * type then.
   */
  takeOver({ lists, blockTypes }: PageAllocShown): void {
    for (const zone of this.zones) zone.blocks = [];
    for (const [nth, order, type, blocks] of lists) {
      const zone = this.zones[nth];
      for (const pfn of blocks) {
        zone.insert({ pfn, order, type }, true);
        const hasMerged = order > zone.orders.pageblockOrder;
        if (!hasMerged || !this.#kernel.sorted) continue;
        const first = this.zones[0];
        const at = zone.pageblock(pfn) - first.pageblock(first.start);
        zone.setTypes(pfn, order, blockTypes[at]);
      }
    }
  }

  #takeFrom(
    zone: NaiveZone,
    ask: NaiveAsk,
  ): Pick<NaiveTaken, "pfn" | "zone" | "from"> | undefined {
    const half = zone.freeFrames() >> 1;
    const isCmaFirst = this.#kernel.cma === "half" && ask.usesCma &&
      zone.freeFrames(CMA) > half;
    const cma = () =>
      this.#kernel.cma === "half" && ask.usesCma
        ? takeSmallest(zone, ask.order, CMA)
        : undefined;
    const tries = [
      ["cma", () => isCmaFirst ? cma() : undefined],
      ["own", () => takeSmallest(zone, ask.order, ask.type)],
      ["cma", cma],
      ["other", () => fallBack(zone, ask)],
      ["reserve", () => takeSmallest(zone, ask.order, RESERVE)],
    ] as const;
    for (const [from, take] of tries) {
      const pfn = take();
      if (pfn !== undefined) return { pfn, zone, from };
    }
    return undefined;
  }

  /** Whether a zone has more than a mark behind an allocation. */
  #hasRoom(
    zone: NaiveZone,
    order: number,
    mark: number,
    { cma }: Gfp,
  ): boolean {
    const others = 2 ** order - 1;
    const free = zone.freeFrames() - others;
    if (free - (cma ? 0 : zone.freeFrames(CMA)) <= mark) return false;
    if (order === 0) return true;
    if (!this.#kernel.countsLargeOnly) {
      return zone.blocks.some((block) =>
        block.order >= order &&
        (block.type < RESERVE || block.type === CMA && cma)
      );
    }
    let [left, least] = [free, mark];
    for (let small = 0; small < order; small++) {
      left -= zone.blocks.filter((block) => block.order === small).length *
        2 ** small;
      least = least >> 1;
      if (left <= least) return false;
    }
    return true;
  }
}

function isReached({ name }: NaiveZone, { highestZone }: Gfp): boolean {
  return ZONE_NAMES.indexOf(name) <= ZONE_NAMES.indexOf(highestZone);
}

/** Lists with blocks, by order and type. */
function listsOf(zone: NaiveZone, nth: number): ShownList[] {
  const byList = Map.groupBy(
    zone.blocks,
    ({ order, type }) => `${order} ${type}`,
  );
  return [...byList.values()]
    .map((blocks): ShownList => [
      nth,
      blocks[0].order,
      blocks[0].type,
      blocks.map(({ pfn }) => pfn),
    ])
    .sort((one, other) => one[1] - other[1] || one[2] - other[2]);
}
