/** The pages of a process through zram and through zswap, with the same memory. */
import { percent } from "../../report/table.ts";
import { lzo } from "../../codec/lzo.ts";
import { LINUX_3_12, LINUX_6_1, LINUX_7_3 } from "../../linux/profile.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { swapThrough } from "../runs/swap_run.ts";
import { storesOf, type SwapStore } from "../runs/swap_stores.ts";
import {
  type StoreOutcome,
  SWAP_CLAIMS,
  type SwapOutcome,
} from "./swap_claims.ts";

type Sizes = "pages" | "memory";

/** The part of a page that is kept of it, the rest being one byte. */
const KEPT = 0.35;

/** A page that compresses better than a real one: the begin of it, and zeros. */
function thinned(page: Uint8Array): Uint8Array {
  const thin = page.slice();
  thin.fill(0, Math.floor(KEPT * page.length));
  return thin;
}

/** Frames for each page, with which no store is ever full. */
const ROOM_FOR_ALL = 4;

/** The part of all pages that is touched and goes out again. */
const TOUCHED = 1 / 10;

/** zram with nothing behind it, or zswap above a disk. */
const isAlone = ({ zpool, devices, isBacked }: SwapStore) =>
  isBacked !== true && devices.length === 1 &&
  (zpool === undefined) === (devices[0] === "zram");

function run(given: Given<Sizes>): SwapOutcome {
  const { profile, seed, sizes, realPages } = given;
  const { pageSize } = profile;
  const { pages } = sizes;
  const data = realPages(pages, pageSize);
  const through = (
    some: readonly Uint8Array[],
    frames: number,
  ): StoreOutcome[] =>
    storesOf(profile).filter(isAlone).map((store) => {
      const memory = frames * pageSize;
      const size = { pages, memory, seed, zramSlots: pages };
      const run = swapThrough(store, profile, lzo, some, size);
      const held = run.held - run.heldWithoutMemory;
      return { run, ratio: held * pageSize / Math.max(pageSize, run.memory) };
    });
  return {
    outs: pages + Math.ceil(pages * TOUCHED),
    defaultZpool: profile.zswap.defaultZpool,
    real: through(data, Math.ceil(pages * sizes.memory / 100)),
    thin: through(data.map(thinned), ROOM_FOR_ALL * pages),
  };
}

function figures({ outs, real, thin }: SwapOutcome): readonly Figures[] {
  const tableOf = (title: string, stores: readonly StoreOutcome[]) => ({
    title,
    columns: [
      "",
      "held",
      "bytes",
      "ratio",
      "left in memory",
      "written back",
      "refused",
      "decompressed",
      "disk reads",
      "disk writes",
      "writes saved",
    ],
    rows: stores.map(({ run, ratio }) => [
      run.name,
      run.held,
      run.memory,
      ratio.toFixed(2),
      run.inMemory,
      run.writtenBack,
      run.refused,
      run.decompressions,
      run.deviceReads,
      run.deviceWrites,
      percent(outs - run.deviceWrites, outs),
    ]),
  });
  return [
    tableOf("Real pages, with too little memory", real),
    tableOf("The same pages, thinned, with memory for all", thin),
  ];
}

/** The experiment. */
export const SWAP_THROUGH = experiment<Sizes, SwapOutcome>({
  name: "swap-through",
  theme: "zswap and zram",
  method:
    "Real pages, compressed by lzo, go out to zram, and to zswap over each allocator and a disk that has room for all; a random tenth is touched and goes out again. All have the same memory, which is too little. The figures are taken, then every page is read back. Then the same with memory for all, and with pages of which only the first third is kept, so that they compress as well as some said theirs do. Few pages favour zbud: zsmalloc has up to a zspage in part used for each of its classes.",
  sizes: {
    pages: { usual: 2048, least: 32, most: 65536, means: "pages that go out" },
    memory: {
      usual: 33,
      least: 1,
      most: 400,
      means: "memory for compressed pages, in percent of the pages",
    },
  },
  kernels: [LINUX_3_12, LINUX_6_1, LINUX_7_3],
  run,
  figures,
  claims: SWAP_CLAIMS,
});
