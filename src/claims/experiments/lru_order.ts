/** In what order zswap writes pages back, and in what order they were used. */
import {
  LINUX_3_12,
  LINUX_6_1,
  LINUX_6_12,
  type Profile,
} from "../../linux/profile.ts";
import { randomFrom } from "../../programs/random.ts";
import { percent } from "../../report/table.ts";
import { runToEnd } from "../../rules/stop.ts";
import { shrinkMemcg } from "../../zswap/shrink.ts";
import type { SwapLayer } from "../../zswap/swap_layer.ts";
import { Zswap } from "../../zswap/zswap.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";

type Name = "pages" | "steps";

/** Pairs that were written back, and those of them in the wrong order. */
interface Pairs {
  readonly pairs: number;
  readonly inverted: number;
}

interface Found {
  /** Whether zbud has a list of its pages. */
  readonly zbudHasList: boolean;
  readonly writtenBack: number;
  /** By when a page was stored last, and when it was stored or loaded last. */
  readonly byStore: Pairs;
  readonly byAccess: Pairs;
  /** By when anything was put last in the frame of zbud's that it was in. */
  readonly byFrame: Pairs;
}

/** When the page of a slot was stored and used last, counted in steps. */
interface Used {
  stored: number;
  accessed: number;
}

/** zswap on zbud, and what is known of what is in it. */
interface Traced {
  readonly zswap: Zswap;
  readonly slots: Map<number, Used>;
  /** For each frame, the step in which something was put in it last. */
  readonly frames: Map<number, number>;
  /** What was written back, in that order. */
  readonly written: { slot: number; frame: number }[];
}

const frameOf = ({ profile, trees }: Zswap, slot: number): number => {
  const handle = trees.get(0)?.entries.get(slot)?.handle;
  if (handle === undefined) throw new Error(`slot ${slot} is not stored`);
  // A handle of zbud's is an address.
  return Math.floor(handle / profile.pageSize);
};

function traced(profile: Profile): Traced {
  const written: Traced["written"] = [];
  const swap: SwapLayer = {
    // deno-lint-ignore require-yield
    *allocSwapCachePage(_type, slot) {
      written.push({ slot, frame: frameOf(zswap, slot) });
      return "new";
    },
    *deleteFromSwapCache() {},
    *writePage() {},
  };
  const zswap: Zswap = new Zswap(profile, {
    totalRamPages: 2 ** 20,
    zpool: "zbud",
    swap,
  });
  zswap.swapon(0);
  return { zswap, slots: new Map(), frames: new Map(), written };
}

/** Stores pages, loads some, gives some up, as a machine under pressure does. */
function trace(
  { zswap, slots, frames }: Traced,
  { profile, seed, sizes, realPages }: Given<Name>,
): void {
  const random = randomFrom(seed);
  const pages = realPages(sizes.pages, profile.pageSize);
  const into = new Uint8Array(profile.pageSize);
  for (let step = 0; step < sizes.steps; step++) {
    const slot = random(pages.length);
    const used = slots.get(slot);
    const kind = random(4);
    if (used === undefined || kind === 0) {
      const stored = zswap.store(0, slot, [pages[slot]]) === "stored";
      slots.delete(slot);
      if (!stored) continue;
      slots.set(slot, { stored: step, accessed: step });
      frames.set(frameOf(zswap, slot), step);
    } else if (kind === 1) {
      zswap.invalidate(0, slot);
      slots.delete(slot);
    } else {
      zswap.load(0, slot, into);
      used.accessed = step;
      // Since 6.7 what is in the swap cache is not in zswap.
      const isThere = zswap.trees.get(0)?.entries.has(slot) ?? false;
      if (!isThere) slots.delete(slot);
    }
  }
}

/** Writes everything back, a frame after the other or an entry after the other. */
function writeBack({ zswap }: Traced): void {
  const { shrink } = zswap.profile.zswap;
  // A page of one word repeated may have no object, and stays then.
  const isEmpty = () => zswap.pools.totalPages === 0;
  for (let nth = 0; !isEmpty() && nth < 2 ** 16; nth++) {
    if (shrink === "entries-in-worker") runToEnd(shrinkMemcg(zswap));
    else zswap.pools.list.forEach(({ zpool }) => zpool.shrink(1));
  }
  if (!isEmpty()) throw new Error("zswap is not empty");
}

/** Pairs of numbers of which the earlier one is the greater. */
function inversions(numbers: readonly number[]): Pairs {
  let inverted = 0;
  for (let later = 1; later < numbers.length; later++) {
    for (let nth = 0; nth < later; nth++) {
      if (numbers[nth] > numbers[later]) inverted++;
    }
  }
  return { pairs: numbers.length * (numbers.length - 1) / 2, inverted };
}

function run(given: Given<Name>): Found {
  const all = traced(given.profile);
  trace(all, given);
  writeBack(all);
  const { slots, frames, written } = all;
  const of = (number: (used: Used) => number) =>
    inversions(written.map(({ slot }) => {
      const used = slots.get(slot);
      if (used === undefined) throw new Error(`slot ${slot} was not stored`);
      return number(used);
    }));
  return {
    zbudHasList: given.profile.release.zbud.reclaims,
    writtenBack: written.length,
    byStore: of(({ stored }) => stored),
    byAccess: of(({ accessed }) => accessed),
    byFrame: inversions(written.map(({ frame }) => frames.get(frame) ?? 0)),
  };
}

const share = ({ inverted, pairs }: Pairs) => percent(inverted, pairs);

function figures(found: Found): readonly Figures[] {
  const row = (name: string, pairs: Pairs) => [
    name,
    pairs.pairs,
    pairs.inverted,
    share(pairs),
  ];
  return [{
    title: `${found.writtenBack} pages that were written back`,
    columns: ["ordered by", "pairs", "inverted", "share"],
    rows: [
      row("the last store", found.byStore),
      row("the last store or load", found.byAccess),
      row("what came last to the frame", found.byFrame),
    ],
  }];
}

/** The experiment. */
export const LRU_ORDER = experiment<Name, Found>({
  name: "lru-order",
  theme: "order of use",
  method:
    "Real pages are stored in zswap on zbud, loaded, stored anew and given up at random; then everything is written back. Of each two pages it is asked whether the one that went first was stored, or used, or had something come to its frame, before the other. Since 6.5 it is zswap itself that has a list, of entries.",
  sizes: {
    pages: { usual: 600, least: 20, most: 5000, means: "slots" },
    steps: {
      usual: 3000,
      least: 100,
      most: 100_000,
      means: "stores, loads and invalidates",
    },
  },
  kernels: [LINUX_3_12, LINUX_6_1, LINUX_6_12],
  run,
  figures,
  claims: [
    {
      name: "zbud-exposes-lru-order",
      says:
        "zbud shows in what order its pages were used, so that the least recently used is written back first.",
      who: "Dan Magenheimer, 2013",
      passages: [{ thread: "004", at: "Zbud exposes LRU-ness as well" }],
      decide({ zbudHasList, byStore, byAccess, byFrame }) {
        const evidence = `of each two pages ${
          share(byAccess)
        } go in another order than they were used in, ${
          share(byStore)
        } than they were stored in`;
        if (!zbudHasList) {
          return holds(
            false,
            `zbud has no list any more; by zswap's own ${evidence}`,
          );
        }
        return byAccess.inverted === 0 ? holds(true, evidence) : holdsIf(
          byFrame.inverted === 0,
          "use is what came last to a frame of two",
          `${evidence}, ${share(byFrame)} than something came to their frames`,
        );
      },
    },
  ],
});
