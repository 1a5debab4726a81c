/** Claims on zswap's writeback: what it takes, and how it is done. */
import { type Claim, holds, type Verdict } from "../claim.ts";
import type { WritebackOutcome } from "../runs/writeback_outcome.ts";
import { sentence } from "../runs/writeback_written.ts";

/** Pages to a frame of zbud's: what a bounded writeback takes. */
const BOUND = 2;

const undecided = (evidence: string): Verdict => ({
  ruling: "not decided here",
  evidence,
});

/** The claims. */
export const ZSWAP_WRITEBACK_CLAIMS: readonly Claim<WritebackOutcome>[] = [
  {
    name: "zswap-decompresses-before-writeback",
    says: "zswap decompresses each page right before it writes it back.",
    who: "Minchan Kim, 2013",
    passages: [
      { thread: "000", at: "lines 132-134" },
      { thread: "002", at: "line 9630" },
    ],
    decide({ zswap: { written }, incompressible }) {
      const { pages, decompressions } = written;
      const whole = pages - decompressions;
      return holds(
        decompressions > 0 && whole <= incompressible,
        `${decompressions} of ${pages} pages that were written back; ${whole} were stored whole`,
      );
    },
  },
  {
    name: "zswap-writes-back-one-by-one",
    says: "zswap writes page by page, not in batches.",
    who: "Minchan Kim, 2013",
    passages: [
      { thread: "000", at: "lines 134-135" },
      { thread: "002", at: "lines 9256-9263" },
    ],
    decide: ({ zswap: { written } }) =>
      holds(
        written.requests === written.pages && written.framesAtATime === 1,
        sentence(written),
      ),
  },
  {
    name: "zswap-writeback-needs-frames",
    says:
      "Writeback takes memory just when there is none: a frame for each page, which it is decompressed into.",
    who: "Minchan Kim, 2013",
    passages: [
      { thread: "000", at: "lines 132-135" },
      { thread: "002", at: "line 9630" },
    ],
    decide({ zswap: { written } }) {
      const { framesTaken, pages, withoutFrames, withOneFrame } = written;
      return holds(
        withoutFrames === 0 && withOneFrame > 0 && framesTaken >= pages,
        `${framesTaken} frames for ${pages} pages; ${withoutFrames} pages with no frame free, ${withOneFrame} with one`,
      );
    },
  },
  {
    name: "zswap-writeback-is-bounded",
    says:
      "zswap has to write back at most two pages until a frame is free, so that it is bounded.",
    who: "Minchan Kim, 2013",
    passages: [
      { thread: "002", at: "lines 7895-7899" },
      { thread: "004", at: "will only ever need to write back two pages" },
    ],
    decide({ zswap: { toFreeOne: { frames } } }) {
      return holds(
        frames.count > 0 && frames.most <= BOUND,
        `${
          frames.mean.toFixed(1)
        } on average, ${frames.most} at most, ${frames.count} times`,
      );
    },
  },
  {
    name: "store-reclaims-in-the-allocator",
    says:
      "A store that finds zswap full writes pages back itself, through the allocator, and so stalls.",
    who: "Mel Gorman, 2013",
    passages: [{ thread: "002", at: "lines 9250-9261" }],
    decide({ zswap: { inStores: one } }) {
      return holds(
        one.inStores > 0,
        `${one.inStores} pages in ${one.storesThatWrote} of ${one.stores} stores, ${one.byWorker} by the worker`,
      );
    },
  },
  {
    name: "zswap-writeback-is-synchronous",
    says: "That writeback is synchronous: the store waits for the device.",
    who: "Mel Gorman, 2013",
    passages: [{ thread: "002", at: "lines 9256-9258" }],
    decide: ({ zswap: { inStores: { inStores, storesThatWrote } } }) =>
      undecided(
        `the models' devices end requests at once; ${storesThatWrote} stores decompressed and sent ${inStores} pages before they returned`,
      ),
  },
  {
    name: "zswap-leaves-plain-pages-on-disk",
    says:
      "Real swap has what is in the pages on the device, so that it should be encrypted.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 7915-7917" }],
    disputed: "Wanpeng Li asks why (quoted at 002, lines 8909-8910)",
    decide: ({ zswap: { written }, zram }) =>
      holds(
        written.plain > 0 && written.plain === written.requests,
        [written, ...zram.written]
          .map((one) => `${one.name}: ${one.plain} of ${one.requests} blocks`)
          .join("; "),
      ),
  },
];
