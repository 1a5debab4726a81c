/** Claims on the order in which pages leave compressed memory. */
import { grouped, percent } from "../../report/table.ts";
import { type Claim, holds, holdsIf, type Verdict } from "../claim.ts";
import {
  ZRAM_FIRST,
  ZRAM_IDLE_BACK,
  ZSWAP,
  ZSWAP_STARVED,
} from "../runs/lru_ways.ts";
import type { Place } from "../runs/swap_machine.ts";

/** What all ways came to. */
export interface LruOutcome {
  readonly pages: number;
  readonly ways: readonly WayOutcome[];
}

/** Where the pages of one age are. */
export type Places = Readonly<Record<Place, number>>;

/** What one way came to. */
export interface WayOutcome {
  readonly name: string;
  /** Where the pages are, by quarter, those that were used last at the end. */
  readonly quarters: readonly Places[];
  /**
   * Pairs of a page in compressed memory and one on a disk, of pages that
   * compress: others may be refused, whatever their age.
   */
  readonly pairs: number;
  /** Of those, in which the page on the disk was used later. */
  readonly inverted: number;
  /** Pages that zswap or zram wrote back. */
  readonly writtenBack: number;
  /** Times that zram had no memory for a page. */
  readonly failedWrites: number;
  /** Frames that compressed pages take in the end. */
  readonly frames: number;
}

/** From what share on pairs count as inverted: a tenth of what chance inverts. */
const INVERTED_FROM = 0.05;

const isInverted = ({ inverted, pairs }: WayOutcome): boolean =>
  inverted > INVERTED_FROM * pairs;

const wayOf = ({ ways }: LruOutcome, asked: string): WayOutcome | undefined =>
  ways.find(({ name }) => name === asked);

/** The same of a way that every kernel has. */
function knownWay(outcome: LruOutcome, name: string): WayOutcome {
  const way = wayOf(outcome, name);
  if (way === undefined) throw new Error(`nothing was run with ${name}`);
  return way;
}

const sentence = ({ name, inverted, pairs, writtenBack }: WayOutcome) =>
  `${name}: ${percent(inverted, pairs)} of pairs inverted, ${
    grouped(writtenBack)
  } pages written back`;

/** zswap as it is, then with no frame for what it would write back. */
function zswapInverts(outcome: LruOutcome): Verdict {
  const [usual, starved] = [ZSWAP, ZSWAP_STARVED]
    .map((name) => knownWay(outcome, name));
  if (isInverted(usual)) return holds(true, sentence(usual));
  return holdsIf(
    isInverted(starved),
    "no frame is free to write back with",
    `${sentence(usual)}; ${sentence(starved)}`,
  );
}

/** The claims. */
export const LRU_CLAIMS: readonly Claim<LruOutcome>[] = [
  {
    name: "zswap-inverts-lru",
    says:
      "A full zswap inverts the LRU order: newer pages go to the disk while older ones stay in memory.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 8831-8834" }],
    decide: zswapInverts,
  },
  {
    name: "swap-priorities-are-no-cache-hierarchy",
    says:
      "Swap devices by priority are no cache hierarchy: zram above a disk keeps the older pages.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 9623-9627" }],
    decide(outcome) {
      const way = knownWay(outcome, ZRAM_FIRST);
      return holds(isInverted(way), sentence(way));
    },
  },
  {
    name: "vm-hierarchy-would-not-invert-lru",
    says:
      "With a layer between swap slots and where pages are, pages can go from the fast device to the slow one in LRU order.",
    who: "Minchan Kim, 2013",
    passages: [
      { thread: "002", at: "lines 9620-9635" },
      { thread: "000", at: "lines 103-108" },
    ],
    disputed:
      "Mel Gorman, of zram: there is no obvious sane way to write back (002, lines 8383-8384)",
    decide(outcome) {
      const way = wayOf(outcome, ZRAM_IDLE_BACK);
      if (way === undefined) return undefined;
      return holdsIf(
        way.writtenBack > 0 && !isInverted(way),
        "somebody asks for the writeback of idle pages",
        sentence(way),
      );
    },
  },
];
