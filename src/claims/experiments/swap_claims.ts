/** Claims on zram and zswap side by side: ratios, and what the disk has of it. */
import { percent } from "../../report/table.ts";
import { type Claim, holds, holdsIf } from "../claim.ts";
import type { SwapRun } from "../runs/swap_run.ts";

/** One store with one kind of pages. */
export interface StoreOutcome {
  readonly run: SwapRun;
  /** Pages held in memory for each page of it, those without memory aside. */
  readonly ratio: number;
}

/** What all stores came to. */
export interface SwapOutcome {
  /** Pages that went out, those that went out twice counted twice. */
  readonly outs: number;
  /** zswap's allocator where nobody chooses one. */
  readonly defaultZpool: string;
  /** Real pages, with too little memory. */
  readonly real: readonly StoreOutcome[];
  /** The same pages, thinned so that they become smaller than a third; memory for all. */
  readonly thin: readonly StoreOutcome[];
}

/** The least ratio that Chrome OS had. */
const REPORTED = 2.5;

function storeOf(stores: readonly StoreOutcome[], name: string): StoreOutcome {
  const store = stores.find(({ run }) => run.name === name);
  if (store === undefined) throw new Error(`nothing went through ${name}`);
  return store;
}

/** zram, and zswap over the allocator that it has by default. */
const bothOf = (
  stores: readonly StoreOutcome[],
  { defaultZpool }: SwapOutcome,
) => ({
  zram: storeOf(stores, "zram"),
  zswap: storeOf(stores, `zswap on ${defaultZpool}`),
});

const ratioOf = ({ run, ratio }: StoreOutcome) =>
  `${run.name} ${ratio.toFixed(2)}`;

/** The claims. */
export const SWAP_CLAIMS: readonly Claim<SwapOutcome>[] = [
  {
    name: "zram-ratio-2-5-to-3",
    says: "zram over zsmalloc, with lzo, keeps 2.5 to 3 pages in one.",
    who: "Luigi Semenzato, 2013",
    passages: [{ thread: "002", at: "lines 7785-7787" }, {
      thread: "002",
      at: "lines 10197-10200",
    }],
    decide(outcome) {
      const { zram: { ratio } } = bothOf(outcome.thin, outcome);
      const real = bothOf(outcome.real, outcome).zram.ratio;
      return holdsIf(
        ratio >= REPORTED,
        "the pages compress to a third and less",
        `${ratio.toFixed(2)} of thinned pages, ${real.toFixed(2)} of real ones`,
      );
    },
  },
  {
    name: "switching-to-zswap-loses-memory",
    says:
      "Going from zram to zswap wastes memory, as zswap's allocator packs pages less densely.",
    who: "Luigi Semenzato, 2013",
    passages: [{ thread: "002", at: "lines 7785-7787" }, {
      thread: "002",
      at: "lines 10198-10200",
    }],
    disputed:
      "Bob Liu: the next step of zswap is that zsmalloc can be chosen (002, lines 8249-8250)",
    decide(outcome) {
      const { zram, zswap } = bothOf(outcome.thin, outcome);
      return holds(
        zram.ratio > zswap.ratio,
        `${ratioOf(zram)}, ${ratioOf(zswap)}`,
      );
    },
  },
  {
    name: "zswap-better-with-real-swap",
    says:
      "With real swap storage zswap may be better: what it does not hold has a place.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 7912-7913" }],
    decide(outcome) {
      const { zram, zswap } = bothOf(outcome.real, outcome);
      const [without, withDisk] = [zram.run.inMemory, zswap.run.inMemory];
      return holds(
        withDisk < without,
        `zram leaves ${without} pages in memory, zswap ${withDisk}, for ${zswap.run.deviceReads} disk reads`,
      );
    },
  },
  {
    name: "writeback-wears-flash",
    says:
      "Writeback into real swap storage wears flash out, which zram alone does not write to.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "000", at: "lines 143-147" }],
    decide(outcome) {
      const { zram, zswap } = bothOf(outcome.real, outcome);
      const { deviceWrites } = zswap.run;
      return holds(
        deviceWrites > 0 && zram.run.deviceWrites === 0,
        `${deviceWrites} writes of zswap's disk for ${outcome.outs} pages out, ${
          percent(outcome.outs - deviceWrites, outcome.outs)
        } saved; zram: ${zram.run.deviceWrites}`,
      );
    },
  },
];
