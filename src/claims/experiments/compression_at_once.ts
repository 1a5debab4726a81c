/** How many pages are compressed at once, and whether who asks for it waits. */
import type { Codec } from "../../codec/codec.ts";
import { lzo } from "../../codec/lzo.ts";
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_7_3,
  type Profile,
} from "../../linux/profile.ts";
import type { Stop } from "../../rules/stop.ts";
import { replayRace, sampleRaces } from "../../search/races/explore.ts";
import { type RaceRoom, readRaceProgram } from "../../search/races/room.ts";
import { ZRAM_RACES } from "../../search/races/rooms/zram.ts";
import { ZSWAP_RACES } from "../../search/races/rooms/zswap.ts";
import { fillPage } from "../../search/races/rooms/zswap_slots.ts";
import type { RaceTrial } from "../../search/races/trial.ts";
import { Zram } from "../../zram/device.ts";
import { NO_SWAP_LAYER } from "../../zswap/swap_layer.ts";
import { Zswap } from "../../zswap/zswap.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";

type Name = "schedules" | "pages";

/** CPUs that store a page each. */
const CPUS = 3;
const STORES = "store 0 A | store 1 B | store 2 C";
const WRITES = "write 0 A | write 1 B | write 2 C";

/** A read of a page that was written back as it was compressed. */
const READ_WRITTEN_BACK =
  "close; reset; set compressed_writeback 1; set backing_dev sdb; set disksize 12288; open; write 0 A; writeback page_index=0 / read 0";

interface Found {
  /** The most pages that were between begin and end of compression at once. */
  readonly zswapAtOnce: number;
  readonly zramAtOnce: number;
  readonly pages: number;
  /** Pages that were compressed when the store, or the write, returned. */
  readonly zswapAtReturn: number;
  readonly zramAtReturn: number;
  /** Whether a work item ends a read of a page that was written back. */
  readonly endsReadsLater: boolean;
}

/** Runs a trial, telling how many threads hold a lock of a name at once. */
function watching<Subject>(
  trial: RaceTrial<Subject>,
  lock: string,
  tell: (holders: number) => void,
): RaceTrial<Subject> {
  let holders = 0;
  const watch = function* (
    steps: Generator<Stop, unknown>,
  ): Generator<Stop, unknown> {
    let step = steps.next();
    while (!step.done) {
      const stop: Stop = step.value;
      const sent: unknown = yield stop;
      if (
        typeof stop !== "string" && "lock" in stop && stop.lock.name === lock
      ) {
        holders += stop.does === "release" ? -1 : 1;
        tell(holders);
      }
      step = steps.next(sent);
    }
    return step.value;
  };
  return {
    ...trial,
    create() {
      holders = 0;
      return trial.create();
    },
    threads: trial.threads.map((operations) =>
      operations.map(({ text, begin }) => ({
        text,
        begin: (subject) => watch(begin(subject)),
      }))
    ),
  };
}

/** The most holders of a lock at once, in schedules drawn at random. */
function mostAtOnce(
  room: RaceRoom,
  program: string,
  lock: string,
  { profile, seed, sizes: { schedules } }: Given<Name>,
): number {
  return room.explore(profile, readRaceProgram(program), (trial) => {
    let most = 0;
    const watched = watching(trial, lock, (holders) => {
      most = Math.max(most, holders);
    });
    sampleRaces(watched, { seed, schedules });
    return most;
  });
}

/** lzo, counted. */
function counting(): { readonly codec: Codec; count(): number } {
  let count = 0;
  return {
    count: () => count,
    codec: {
      ...lzo,
      name: "counted",
      compress(page, into) {
        count++;
        return lzo.compress(page, into);
      },
    },
  };
}

/** Pages that are compressed by the time that zswap's store returns. */
function storedByZswap(profile: Profile, pages: readonly Uint8Array[]) {
  const { codec, count } = counting();
  const zswap = new Zswap(profile, {
    totalRamPages: 100 * pages.length,
    swap: NO_SWAP_LAYER,
    codecs: [codec],
    compressor: codec.name,
  });
  zswap.swapon(0);
  return pages.filter((page, nth) => {
    const before = count();
    zswap.store(0, nth, [page]);
    return count() > before;
  }).length;
}

/** The same of a write to zram. */
function writtenToZram(profile: Profile, pages: readonly Uint8Array[]) {
  const { codec, count } = counting();
  const zram = new Zram(profile, { codecs: [codec] });
  zram.setAlgorithm(codec.name);
  zram.setDisksize(pages.length * profile.pageSize);
  return pages.filter((page, nth) => {
    const before = count();
    zram.write(nth, page);
    return count() > before;
  }).length;
}

/** Whether a read of a written-back page stops at the queueing of a work item. */
function endsReadsLater(profile: Profile): boolean {
  if (!Object.hasOwn(profile.zram.attributes, "compressed_writeback")) {
    return false;
  }
  const { trace } = ZRAM_RACES.explore(
    profile,
    readRaceProgram(READ_WRITTEN_BACK),
    (trial) => replayRace(trial, "A99"),
  );
  return trace.some(({ stop }) =>
    typeof stop !== "string" && stop.where.includes("queue_work")
  );
}

/** Pages of a letter each but for their end: none is one word repeated. */
function pagesOf(count: number, pageSize: number): Uint8Array[] {
  return Array.from({ length: count }, (_, nth) => {
    const page = new Uint8Array(pageSize);
    fillPage(page, nth + 1);
    return page;
  });
}

function run(given: Given<Name>): Found {
  const { profile, sizes } = given;
  const pages = pagesOf(sizes.pages, profile.pageSize);
  const { compressor } = profile.zswap.locks;
  const { stream } = profile.zram.locking;
  return {
    zswapAtOnce: mostAtOnce(ZSWAP_RACES, STORES, compressor.name, given),
    zramAtOnce: mostAtOnce(ZRAM_RACES, WRITES, stream.name, given),
    pages: pages.length,
    zswapAtReturn: storedByZswap(profile, pages),
    zramAtReturn: writtenToZram(profile, pages),
    endsReadsLater: endsReadsLater(profile),
  };
}

function figures(found: Found): readonly Figures[] {
  const { pages, endsReadsLater } = found;
  return [{
    title: `${CPUS} CPUs that store a page each, and ${pages} stores by one`,
    columns: ["", "compressed at once", "compressed at its return"],
    rows: [
      ["zswap", found.zswapAtOnce, found.zswapAtReturn],
      ["zram", found.zramAtOnce, found.zramAtReturn],
    ],
  }, {
    title: "A read of a page that was written back as it was compressed",
    columns: ["", "ends"],
    rows: [["zram", endsReadsLater ? "in a work item" : "at once, or is not"]],
  }];
}

/** The experiment. */
export const COMPRESSION_AT_ONCE = experiment<Name, Found>({
  name: "compression-at-once",
  theme: "locks",
  method:
    "Three CPUs store a page each to zswap, and write one each to zram, in schedules drawn at random: how many hold what is needed to compress at once. One stores many pages: how many are compressed when the call returns. zram reads a page that it wrote back as it was compressed: whether a work item ends that.",
  sizes: {
    schedules: {
      usual: 300,
      least: 10,
      most: 10_000,
      means: "schedules that are drawn",
    },
    pages: { usual: 16, least: 1, most: 200, means: "pages that one stores" },
  },
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "one-page-compressed-at-a-time",
      says:
        "In zswap only one page can be compressed at a time, unless frontswap's interface is changed.",
      who: "Mel Gorman, 2013",
      passages: [{ thread: "002", at: "lines 9237-9239" }],
      decide({ zswapAtOnce, zramAtOnce }) {
        const evidence =
          `${CPUS} CPUs at once: ${zswapAtOnce} compressed together in zswap, ${zramAtOnce} in zram`;
        return zswapAtOnce === 1
          ? holds(true, evidence)
          : holdsIf(zswapAtOnce === CPUS, "one CPU stores", evidence);
      },
    },
    {
      name: "frontswap-is-synchronous-zram-could-be-asynchronous",
      says:
        "A store to frontswap is done when it returns; zram, as a block device, could end its requests later.",
      who: "Minchan Kim, 2013",
      passages: [
        { thread: "002", at: "lines 8182-8184" },
        { thread: "002", at: "lines 7919-7920" },
        { thread: "000", at: "lines 132-133" },
      ],
      disputed: "Mel Gorman: how compelling is asynchronous IO?",
      decide({ pages, zswapAtReturn, zramAtReturn, endsReadsLater }) {
        const evidence =
          `of ${pages} pages ${zswapAtReturn} are compressed when zswap's store returns, ${zramAtReturn} when zram's write does${
            endsReadsLater ? "; a read of a written-back page ends later" : ""
          }`;
        const isSynchronous = zswapAtReturn === pages;
        return zramAtReturn < pages ? holds(isSynchronous, evidence) : holdsIf(
          isSynchronous,
          "zram is changed: it compresses within the request",
          evidence,
        );
      },
    },
  ],
});
