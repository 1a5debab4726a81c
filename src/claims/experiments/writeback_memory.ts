/** What writing pages back takes of a memory that is short. */
import { lzo } from "../../codec/lzo.ts";
import {
  LINUX_3_12,
  LINUX_6_1,
  LINUX_6_18,
  LINUX_7_3,
} from "../../linux/profile.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { sequentialText, type Written } from "../runs/writeback_written.ts";
import { ZRAM_WRITEBACK_CLAIMS } from "./writeback_zram_claims.ts";
import type { WritebackOutcome } from "../runs/writeback_outcome.ts";
import { measureZram } from "../runs/writeback_zram.ts";
import { ZSWAP_WRITEBACK_CLAIMS } from "./writeback_zswap_claims.ts";
import { measureZswap } from "../runs/writeback_zswap.ts";

type Sizes = "pages" | "steps";

function run(
  { profile, seed, sizes, realPages }: Given<Sizes>,
): WritebackOutcome {
  const { pageSize } = profile;
  const data = realPages(sizes.pages, pageSize);
  const pages = { profile, data, seed, steps: sizes.steps };
  const into = new Uint8Array(2 * pageSize);
  const incompressible = data
    .filter((page) => lzo.compress(page, into) >= pageSize).length;
  return {
    zswap: measureZswap(pages),
    zram: measureZram(pages),
    incompressible,
  };
}

const rowOf = (one: Written) => [
  one.name,
  one.pages,
  one.decompressions,
  one.requests,
  sequentialText(one),
  one.framesTaken,
  one.framesAtATime,
  one.framesFreed,
  one.withoutFrames,
  one.withOneFrame,
];

function figures({ zswap, zram }: WritebackOutcome): readonly Figures[] {
  const { frames, tries, doneWithTwo } = zswap.toFreeOne;
  const { stores, storesThatWrote, inStores, byWorker } = zswap.inStores;
  return [
    {
      title: "Writing pages back",
      columns: [
        "",
        "pages",
        "decompressed",
        "requests",
        "sequential",
        "frames taken",
        "at a time",
        "given back",
        "pages, no frame free",
        "one free",
      ],
      rows: [zswap.written, ...zram.written].map(rowOf),
    },
    {
      title: "zswap: pages on their way until its pool has a frame fewer",
      columns: ["", "tries", "least", "median", "mean", "most", "two suffice"],
      rows: [[
        "requests end late",
        tries,
        frames.least,
        frames.median,
        frames.mean.toFixed(1),
        frames.most,
        doneWithTwo,
      ]],
    },
    {
      title: "zswap that is full: who writes back",
      columns: ["", "stores", "that write", "pages in stores", "by the worker"],
      rows: [["zswap", stores, storesThatWrote, inStores, byWorker]],
    },
  ];
}

/** The experiment. */
export const WRITEBACK_MEMORY = experiment<Sizes, WritebackOutcome>({
  name: "writeback-memory",
  theme: "writeback",
  method:
    "Real pages, compressed by lzo, go out to zswap and to zram. zswap then writes back in steps, of a frame of the allocator's (up to 6.4) or of an entry of its LRU list, and zram, where it can, all its pages at once. Frames, decompressions and requests are counted; then with no frame free, and with one. Devices end a request at once, but where it is said that they end late: then a page that is on its way has its frame until a frame of the pool is free.",
  sizes: {
    pages: { usual: 1024, least: 32, most: 8192, means: "pages that go out" },
    steps: { usual: 128, least: 1, most: 4096, means: "steps of writeback" },
  },
  kernels: [LINUX_3_12, LINUX_6_1, LINUX_6_18, LINUX_7_3],
  run,
  figures,
  claims: [...ZSWAP_WRITEBACK_CLAIMS, ...ZRAM_WRITEBACK_CLAIMS],
});
