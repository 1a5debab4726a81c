/** What the second model says of a compaction: not where pages go, but what must hold. */
import type {
  PageAllocResults,
  PageAllocShown,
  PageAllocSteps,
} from "../../programs/page_alloc/steps.ts";
import { expectSame } from "../judge.ts";
import type { NaivePages } from "./naive.ts";
import type { NaiveZone } from "./naive_zone.ts";
import { PAGE_ALLOC_NAIVE } from "./rules.ts";

type Compacted = PageAllocResults["compact"];

const { compactUp, compactFrames, compactEnds, compactWatermark } =
  PAGE_ALLOC_NAIVE;
/** Types of pageblocks that pages may be moved to. */
const TARGETS = [1, 4];

/** Free frames of a zone. */
function freeFrames({ blocks }: NaiveZone): Set<number> {
  return new Set(
    blocks.flatMap(({ pfn, order }) =>
      Array.from({ length: 2 ** order }, (_, nth) => pfn + nth)
    ),
  );
}

/**
 * Judges which pages were moved and where to, and has them there; answers the
 * frames that must be free then.
 */
export function judgeMoves(
  naive: NaivePages,
  zone: NaiveZone,
  { moved }: Compacted,
): Set<number> {
  const before = freeFrames(zone);
  const free = new Set(before);
  for (const [object, to] of moved) {
    const known = naive.objects.get(object);
    const from = known?.pfn ?? -1;
    const isRight = known !== undefined && known.isMovable &&
      !known.refuses && to > from && from >= zone.start && before.has(to) &&
      free.has(to) && TARGETS.includes(zone.typeOf(to));
    if (known === undefined || !isRight) {
      expectSame(compactUp, "a move up to a free page", { object, from, to });
      continue;
    }
    free.delete(to);
    free.add(from);
    known.pfn = to;
  }
  return free;
}

/** Whether a zone has so little free that nothing may be moved; judges that. */
export function judgeWatermark(
  zone: NaiveZone,
  { moved }: Compacted,
): boolean {
  if (zone.freeFrames() > zone.min + 1) return false;
  expectSame(compactWatermark, 0, moved.length);
  return true;
}

/** Judges the frames that are free behind it, and that it ended where it may. */
export function judgeCompacted(
  naive: NaivePages,
  nth: number,
  shown: PageAllocShown,
  free: ReadonlySet<number>,
): void {
  naive.takeOver(shown);
  const found = [...freeFrames(naive.zones[nth])].sort((a, b) => a - b);
  expectSame(compactFrames, [...free].sort((a, b) => a - b), found);
}

/** Whether something is to be said of how it ended; judges that. */
export function judgeEnd(
  naive: NaivePages,
  zone: NaiveZone,
  { order }: PageAllocSteps["compact"],
  { outcome, failed }: Compacted,
): boolean {
  if (outcome === "success") {
    const isThere = zone.blocks.some((block) => block.order >= (order ?? 0));
    expectSame(compactEnds, true, isThere);
    return true;
  }
  const isJudged = outcome === "complete" && order === undefined &&
    failed === 0;
  if (!isJudged) return false;
  const [lowest, highest] = [lowestMovable(naive, zone), highestTarget(zone)];
  if (highest - lowest > 2) {
    expectSame(compactEnds, `no free page above ${lowest + 2}`, highest);
  }
  return lowest !== Infinity;
}

/** The lowest pageblock with a page that could be moved. */
function lowestMovable({ objects }: NaivePages, zone: NaiveZone): number {
  const pageblocks = [...objects.values()]
    .filter(({ pfn, isMovable, refuses }) =>
      isMovable && !refuses && pfn >= zone.start && pfn < zone.end
    )
    .map(({ pfn }) => zone.pageblock(pfn));
  return Math.min(Infinity, ...pageblocks);
}

/** The highest pageblock with a free page that is to be filled. */
function highestTarget(zone: NaiveZone): number {
  const { pageblockOrder } = zone.orders;
  const pageblocks = zone.blocks
    .filter(({ pfn, order }) =>
      order < pageblockOrder && TARGETS.includes(zone.typeOf(pfn)) &&
      zone.pageblock(pfn) * zone.pageblockSize >= zone.start
    )
    .map(({ pfn }) => zone.pageblock(pfn));
  return Math.max(-Infinity, ...pageblocks);
}
