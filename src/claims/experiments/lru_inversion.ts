/** Which pages are in compressed memory, and which on a disk, when memory is full. */
import { percent } from "../../report/table.ts";
import { lzo } from "../../codec/lzo.ts";
import {
  LINUX_3_12,
  LINUX_6_1,
  LINUX_6_18,
  LINUX_7_3,
} from "../../linux/profile.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { PROCESS, swapOutByAge } from "../runs/swap_by_age.ts";
import { type Place, placeOf } from "../runs/swap_machine.ts";
import {
  LRU_CLAIMS,
  type LruOutcome,
  type Places,
  type WayOutcome,
} from "./lru_claims.ts";
import { type Way, WAYS } from "../runs/lru_ways.ts";

/** Swap-outs after which memory pressure is looked at. */
const ROUND = 32;
type Sizes = "pages" | "room";

/** Pairs of places, the longest unused first, and those that are the wrong way. */
function countPairs(places: readonly Place[]) {
  let compressed = 0;
  let disk = 0;
  let inverted = 0;
  for (const place of places) {
    if (place === "compressed") compressed++;
    if (place !== "disk") continue;
    disk++;
    inverted += compressed;
  }
  return { pairs: compressed * disk, inverted };
}

const countPlaces = (places: readonly Place[]): Places => ({
  compressed: places.filter((one) => one === "compressed").length,
  disk: places.filter((one) => one === "disk").length,
  memory: places.filter((one) => one === "memory").length,
});

/** The quarters of a list. */
function quartersOf<One>(list: readonly One[]): One[][] {
  const at = (nth: number) => Math.round(nth * list.length / 4);
  return [0, 1, 2, 3].map((nth) => list.slice(at(nth), at(nth + 1)));
}

/** Bytes up to which every store takes a page: zbud's most, and less. */
const TAKEN_TO = 15 / 16;

/** The lengths of pages, compressed. */
function lengthsOf(data: readonly Uint8Array[], pageSize: number): number[] {
  const into = new Uint8Array(2 * pageSize);
  return data.map((page) => lzo.compress(page, into));
}

function runWay(
  way: Way,
  { profile, seed, sizes }: Given<Sizes>,
  data: readonly Uint8Array[],
  isTaken: (page: number) => boolean,
): WayOutcome {
  const { pages } = sizes;
  const room = Math.ceil(pages * sizes.room / 100);
  const hierarchy = way.start({ profile, codec: lzo, pages, room });
  const { swap, zram, squeeze = (swapOut) => swapOut() } = hierarchy;
  let outs = 0;
  const age = swapOutByAge(swap, data, seed, (page) => {
    squeeze(() => swap.swapOut(PROCESS, page));
    if (++outs % ROUND === 0) hierarchy.relieve?.();
  });
  const byAge = [...data.keys()].sort((a, b) => age[a] - age[b]);
  const place = (number: number): Place => {
    const page = swap.pageOf(PROCESS, number);
    if (page === undefined) throw new Error(`page ${number} is gone`);
    return placeOf(swap, page, zram);
  };
  return {
    name: way.name,
    quarters: quartersOf(byAge.map(place)).map(countPlaces),
    ...countPairs(byAge.filter(isTaken).map(place)),
    writtenBack: swap.zswap?.counters.written_back_pages ??
      zram?.stats.bdWrites ?? 0,
    failedWrites: swap.stats.failedWrites,
    frames: swap.zswap?.pools.totalPages ??
      zram?.initialisedPool.pagesAllocated ?? 0,
  };
}

function run(given: Given<Sizes>): LruOutcome {
  const { profile, sizes, realPages } = given;
  const { pageSize } = profile;
  const data = realPages(sizes.pages, pageSize);
  const lengths = lengthsOf(data, pageSize);
  const isTaken = (length: number) => length <= TAKEN_TO * pageSize;
  const ways = WAYS.filter((way) => way.isIn(profile))
    .map((way) => runWay(way, given, data, (page) => isTaken(lengths[page])));
  return { pages: sizes.pages, ways };
}

const QUARTERS = ["oldest", "second", "third", "newest"];

function figures({ ways }: LruOutcome): readonly Figures[] {
  return [
    {
      title: "Pages that are compressed in memory / on a disk / left in memory",
      columns: ["", ...QUARTERS],
      rows: ways.map(({ name, quarters }) => [
        name,
        ...quarters.map(({ compressed, disk, memory }) =>
          `${compressed} / ${disk} / ${memory}`
        ),
      ]),
    },
    {
      title:
        "Pairs of pages that compress, one in memory and one on a disk; inverted: the one in memory is older",
      columns: [
        "",
        "pairs",
        "inverted",
        "share",
        "written back",
        "no memory",
        "frames",
      ],
      rows: ways.map((one) => [
        one.name,
        one.pairs,
        one.inverted,
        percent(one.inverted, one.pairs),
        one.writtenBack,
        one.failedWrites,
        one.frames,
      ]),
    },
  ];
}

/** The experiment. */
export const LRU_INVERSION = experiment<Sizes, LruOutcome>({
  name: "lru-inversion",
  theme: "order of use",
  method:
    "Real pages, compressed by lzo, go out in the order of their age; every eighth time a random earlier one comes back, to be read or written, and goes out again. Compressed memory has room for a part of them. In the end it is counted where the pages of each age are, and how many pairs of a page in compressed memory and one on a disk are inverted, of pages that compress: chance alone inverts half of them. Devices end a request at once.",
  sizes: {
    pages: { usual: 2048, least: 64, most: 16384, means: "pages that go out" },
    room: {
      usual: 25,
      least: 1,
      most: 400,
      means: "memory for compressed pages, in percent of the pages",
    },
  },
  kernels: [LINUX_3_12, LINUX_6_1, LINUX_6_18, LINUX_7_3],
  run,
  figures,
  claims: LRU_CLAIMS,
});
