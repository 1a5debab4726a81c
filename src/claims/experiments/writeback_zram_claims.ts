/** Claims on zram's writeback, and on zram's beside zswap's. */
import { type Claim, holds, holdsIf } from "../claim.ts";
import type { WritebackOutcome } from "../runs/writeback_outcome.ts";
import { sentence, type Written } from "../runs/writeback_written.ts";

/** The way of zram's that decompresses least; nothing where it has none. */
const bestOf = ({ zram }: WritebackOutcome): Written | undefined =>
  zram.written.toSorted((a, b) => a.decompressions - b.decompressions).at(0);

const NO_ZRAM = (errno: string | undefined) =>
  errno === "ENOENT"
    ? "zram has no attribute writeback (ENOENT)"
    : `zram answers ${errno} to its attribute writeback`;

/** Whether zram writes as was promised: as stored, in batches, in sequence. */
function isAsPromised(one: Written): boolean {
  return one.pages > 0 && one.decompressions === 0 && one.framesAtATime > 1 &&
    one.sequential > 0.99;
}

/** The condition under which zram's best way is taken. */
const conditionOf = ({ name }: Written) =>
  name === "zram" ? "idle pages are asked for" : "compressed_writeback is on";

/** The claims. */
export const ZRAM_WRITEBACK_CLAIMS: readonly Claim<WritebackOutcome>[] = [
  {
    name: "zram-has-no-sane-writeback",
    says:
      "zram cannot replace zswap, as there is no sane way for it to write back.",
    who: "Mel Gorman, 2013",
    passages: [{ thread: "002", at: "lines 8383-8384" }],
    disputed:
      "Minchan Kim: zram can do everything to replace zswap, too (002, lines 9616-9618)",
    decide(outcome) {
      const best = bestOf(outcome);
      if (best === undefined) return holds(true, NO_ZRAM(outcome.zram.errno));
      return holds(best.pages === 0, sentence(best));
    },
  },
  {
    name: "zram-never-writes-back",
    says: "zram never writes to a disk, and is spared what reclaim costs.",
    who: "Mel Gorman, 2013",
    passages: [
      { thread: "002", at: "lines 7959-7961" },
      { thread: "002", at: "lines 9272-9273" },
    ],
    disputed: "Minchan Kim: it could, and better (002, lines 9672-9673)",
    decide(outcome) {
      const { unasked, errno } = outcome.zram;
      const best = bestOf(outcome);
      if (best === undefined) return holds(unasked === 0, NO_ZRAM(errno));
      return holdsIf(
        unasked === 0,
        "nobody asks for it",
        `${unasked} pages unasked; asked, ${best.pages}`,
      );
    },
  },
  {
    name: "zram-could-write-compressed-batched-sequential",
    says:
      "zram can write back without decompressing, in batches and sequentially.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 9631-9635" }, {
      thread: "002",
      at: "lines 9685-9686",
    }],
    disputed: "Mel Gorman: there is no obvious sane way (002, lines 8383-8384)",
    decide(outcome) {
      const best = bestOf(outcome);
      if (best === undefined) return holds(false, NO_ZRAM(outcome.zram.errno));
      return holdsIf(isAsPromised(best), conditionOf(best), sentence(best));
    },
  },
  {
    name: "zram-writes-back-by-zpage",
    says: "zram can write back in units of compressed pages, not of pages.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 9631-9632" }],
    decide(outcome) {
      const best = bestOf(outcome);
      if (best === undefined) return holds(false, NO_ZRAM(outcome.zram.errno));
      return holds(
        best.requests < best.pages,
        `${best.name}: a block each for ${best.requests} of ${best.pages} pages`,
      );
    },
  },
  {
    name: "zram-better-at-writeback",
    says: "zram would be better than zswap at writeback.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 9616-9618" }],
    disputed:
      "Mel Gorman: zram does not even try to do anything like this (002, lines 9272-9273)",
    decide(outcome) {
      const { written } = outcome.zswap;
      const best = bestOf(outcome);
      if (best === undefined) return holds(false, NO_ZRAM(outcome.zram.errno));
      return holdsIf(
        isAsPromised(best) && best.framesTaken < best.pages,
        conditionOf(best),
        `${sentence(written)}; ${sentence(best)}`,
      );
    },
  },
];
