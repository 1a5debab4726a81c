/** Compaction that is interrupted, by the order of classes and of sources. */
import { randomFrom } from "../../programs/random.ts";
import { runToEnd, type Stop } from "../../rules/stop.ts";
import { COMPACT_CLASS } from "../../zsmalloc/compact_class.ts";
import type { ZsPool } from "../../zsmalloc/pool.ts";
import type { SizeClass } from "../../zsmalloc/size_class.ts";
import type { Given } from "../experiment.ts";
import {
  anyOf,
  type ChooseSource,
  emptiest,
  fullest,
  packByHand,
  thinnedPool,
} from "./packed_by_hand.ts";

/** Percent of the moves after which compaction is looked at. */
export const INTERRUPTED = [1, 10, 50, 100];

/** Compaction by one order of the classes. */
export interface ByClasses {
  readonly name: string;
  readonly moved: number;
  readonly bytesMoved: number;
  /** Pages that were given back after each percent of the moves. */
  readonly pagesAfter: readonly number[];
}

/** Packing by one choice of sources. */
export interface BySource {
  readonly name: string;
  readonly moved: number;
  readonly pagesFreed: number;
}

/** What one kernel comes to. */
export interface CompactionOrders {
  /** From the largest class and from the smallest; none where nothing moves. */
  readonly classes: readonly ByClasses[];
  /** From the emptiest group, from any, from the fullest. */
  readonly sources: readonly BySource[];
}

type Sizes = "pages" | "freed";

/** What had been moved when pages were given back. */
interface GivenBack {
  readonly moved: number;
  readonly pages: number;
}

/** Notes when a pool's compaction gives pages back. */
function noteGivenBack(pool: ZsPool): GivenBack[] {
  const noted: GivenBack[] = [];
  const countCompacted = pool.countCompacted.bind(pool);
  pool.countCompacted = function* (pages: number): Generator<Stop, void> {
    noted.push({ moved: pool.objectsMigrated, pages });
    yield* countCompacted(pages);
  };
  return noted;
}

function compactClasses(
  name: string,
  pool: ZsPool,
  classes: readonly SizeClass[],
): ByClasses {
  const noted = noteGivenBack(pool);
  let bytesMoved = 0;
  for (const sizeClass of classes) {
    const before = pool.objectsMigrated;
    runToEnd(COMPACT_CLASS[pool.profile.compaction](pool, sizeClass));
    bytesMoved += (pool.objectsMigrated - before) * sizeClass.size;
  }
  const { objectsMigrated: moved } = pool;
  const pagesAfter = INTERRUPTED.map((share) =>
    noted.filter((one) => 100 * one.moved <= share * moved)
      .reduce((sum, { pages }) => sum + pages, 0)
  );
  return { name, moved, bytesMoved, pagesAfter };
}

/** Compacts the same pool by each order, and packs it by each choice. */
export function runOrdersOfCompaction(given: Given<Sizes>): CompactionOrders {
  const start = () => thinnedPool(given, given.profile);
  const byClasses = (name: string, isFromLargest: boolean) => {
    const { pool } = start();
    const classes = isFromLargest ? pool.classes.toReversed() : pool.classes;
    return compactClasses(name, pool, classes);
  };
  const bySource = (name: string, choose: ChooseSource): BySource => {
    const { pool, owned } = start();
    const { moved, pagesFreed } = packByHand(pool, owned, choose);
    return { name, moved, pagesFreed };
  };
  return {
    classes: [
      byClasses("largest class first", true),
      byClasses("smallest class first", false),
    ],
    sources: [
      bySource("the emptiest group", emptiest),
      bySource("any", anyOf(randomFrom(given.seed))),
      bySource("the fullest group", fullest),
    ],
  };
}
