/** From which class compaction goes, and from which zspage. */
import { LINUX_3_12, LINUX_4_0, LINUX_7_3 } from "../../linux/profile.ts";
import { holds, holdsIf, type Verdict } from "../claim.ts";
import { experiment, type Figures } from "../experiment.ts";
import {
  type BySource,
  type CompactionOrders,
  INTERRUPTED,
  runOrdersOfCompaction,
} from "../runs/compaction_orders.ts";
import { THINNED_SIZES } from "../runs/packed_by_hand.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";

/** Percent of the moves after which compaction is interrupted early. */
const EARLY = 10;

const perPage = ({ moved, pagesFreed }: BySource) => moved / pagesFreed;

const perPageText = (one: BySource) =>
  one.pagesFreed === 0 ? "no page" : perPage(one).toFixed(2);

function figures({ classes, sources }: CompactionOrders): readonly Figures[] {
  return [
    {
      title: "Frames given back, after a share of the moves",
      columns: [
        "",
        "moves",
        "bytes copied",
        ...INTERRUPTED.map((share) => `after ${share}%`),
      ],
      rows: classes.map((one) => [
        one.name,
        one.moved,
        one.bytesMoved,
        ...one.pagesAfter,
      ]),
    },
    {
      title: "Objects moved by hand, of zspages that are chosen",
      columns: ["from", "objects", "frames back", "objects a frame"],
      rows: sources.map((one) => [
        one.name,
        one.moved,
        one.pagesFreed,
        perPageText(one),
      ]),
    },
  ];
}

function decideLargest(
  { classes: [largest, smallest] }: CompactionOrders,
): Verdict | undefined {
  if (largest.moved === 0) return undefined;
  const [early, end] = [INTERRUPTED.indexOf(EARLY), INTERRUPTED.length - 1];
  const isMore = (nth: number) =>
    largest.pagesAfter[nth] > smallest.pagesAfter[nth];
  const evidence = `after ${EARLY}% of the moves ${
    largest.pagesAfter[early]
  } frames from the largest, ${smallest.pagesAfter[early]} from the smallest; ${
    largest.pagesAfter[end]
  } and ${smallest.pagesAfter[end]} at the end`;
  if (isMore(early) && isMore(end)) return holds(true, evidence);
  return holdsIf(isMore(early), "compaction is interrupted", evidence);
}

function decideGroups(
  { sources: [emptiest, any, fullest] }: CompactionOrders,
): Verdict {
  return holds(
    emptiest.pagesFreed > 0 && perPage(emptiest) < perPage(any) &&
      perPage(any) < perPage(fullest),
    `objects moved for a frame: ${
      perPageText(emptiest)
    } from the emptiest group, ${perPageText(any)} from any zspage, ${
      perPageText(fullest)
    } from the fullest group`,
  );
}

/** The experiment. */
export const COMPACTION_ORDERS = experiment<
  "pages" | "freed",
  CompactionOrders
>({
  name: "compaction-orders",
  theme: "compaction",
  method:
    "Real pages are stored, and most go again at random. The pool is compacted from the largest class down, and the same from the smallest up. Then zspages are emptied by hand, which the kernel of 2013 does not, each the head of the emptiest group, any, or the head of the fullest.",
  sizes: THINNED_SIZES,
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_7_3],
  run: runOrdersOfCompaction,
  figures,
  claims: [
    {
      name: "compaction-from-the-biggest-class",
      says: "Classes are better compacted from the largest down.",
      who: "Seth Jennings, taken up by Minchan Kim, 2015",
      passages: [{ thread: "003", at: "iterating biggest size class - Seth" }],
      decide: decideLargest,
    },
    {
      name: "fullness-groups-find-what-to-shrink",
      says:
        "Groups by fullness let one easily find nearly empty zspages to shrink the pool.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1738-1741" }],
      decide: decideGroups,
    },
  ],
});
