/** What follows from the numbers of a device's `mm_stat`. */
import { counted, grouped, humanBytes, percent } from "../report/table.ts";
import type { MmStat } from "../zram/stat.ts";
import { aboutCount } from "./numeral.ts";
import {
  leastMemory,
  mostGivenBack,
  pageCounts,
  type Stored,
} from "./pool_room.ts";

/** What else is known of the device. */
export interface Around extends Stored {
  /** The most pages of a zspage. */
  readonly chainSize: number;
  /** Whether zswap, which is above zram, is known to be on. */
  readonly isUnderZswap: boolean;
  /** By how much numbers may be off that were rounded. */
  readonly errors?: Readonly<Partial<Record<keyof MmStat, number>>>;
  /** Writes that failed, where that is known. */
  readonly failedWrites?: number;
}

/** A share of huge pages from which on the data is said not to compress. */
const MOSTLY_HUGE = 0.5;
/** Memory for each byte of objects from which on a pool is said to be loose. */
const LOOSE = 1.25;

const ratio = (whole: number, part: number) => (whole / part).toFixed(2);

/** Each sentence, the most asked of first. */
export function mmStatFollows(around: Around): string[] {
  const { stat } = around;
  if ((stat.orig_data_size ?? 0) === 0) {
    const zeros = stat.same_pages ?? 0;
    return [
      zeros === 0
        ? "Nothing is stored."
        : `Nothing is stored but ${
          countOf(zeros, around.errors?.same_pages)
        } of zeros.`,
      ...limitFollows(around),
    ];
  }
  return [
    storedSentence(around),
    ...ratioFollows(around),
    ...hugeFollows(around),
    ...roomFollows(around),
    ...compactionFollows(around),
    ...limitFollows(around),
  ];
}

function storedSentence(around: Around): string {
  const { stored, same, onDevice, huge, compressed } = pageCounts(around);
  const { pageSize, errors = {} } = around;
  const { orig_data_size = 0, same_pages } = errors;
  const error = orig_data_size / pageSize;
  const kinds = [
    `${aboutCount(compressed, error + (same_pages ?? 0))} compressed`,
    around.stat.huge_pages === undefined ? "" : `${grouped(huge)} whole`,
    same === 0
      ? ""
      : `${aboutCount(same, same_pages)} of one word, which take no memory`,
    onDevice === 0
      ? ""
      : `${grouped(Math.round(onDevice))} on the backing device`,
  ].filter((kind) => kind !== "");
  return `${countOf(stored, error)} of ${humanBytes(pageSize)} stored: ${
    kinds.join(", ")
  }.`;
}

/** How many pages, to the digit that is known. */
const countOf = (pages: number, error?: number) =>
  `${aboutCount(pages, error)} page${Math.round(pages) === 1 ? "" : "s"}`;

/** How much smaller it is, with and without what the pool adds. */
function ratioFollows(around: Around): string[] {
  const { stat, onDevice } = around;
  const orig = (stat.orig_data_size ?? 0) - onDevice;
  const { compr_data_size: compressed = 0, mem_used_total: total = 0 } = stat;
  if (compressed === 0 || total === 0 || orig <= 0) return [];
  const away = onDevice === 0
    ? ""
    : " Pages on the backing device are in orig_data_size, and are left out of this.";
  return [
    `Compressed ${
      ratio(orig, compressed)
    } times smaller; with the pool's own cost ${ratio(orig, total)} times: ${
      humanBytes(orig)
    } in ${humanBytes(total)}.${away}`,
  ];
}

/** What pages that do not compress cost, and why there may be so many. */
function hugeFollows(around: Around): string[] {
  const { stat, pageSize, isUnderZswap } = around;
  const { huge, compressed } = pageCounts(around);
  const { compr_data_size: bytes = 0, mem_used_total: total = 0 } = stat;
  const sentences: string[] = [];
  if (huge > 0) {
    sentences.push(
      `${
        percent(huge, huge + compressed)
      } of the pages in memory did not compress and have a page each: ${
        humanBytes(huge * pageSize)
      }, ${percent(huge * pageSize, total)} of the pool.`,
    );
  }
  const inMemory = (huge + compressed) * pageSize;
  const isMostly = huge > MOSTLY_HUGE * (huge + compressed) ||
    stat.huge_pages === undefined && bytes > 0.9 * inMemory;
  if (!isMostly || inMemory === 0) return sentences;
  return [...sentences, isUnderZswap ? UNDER_ZSWAP : NEAR_ONE];
}

const NEAR_ONE =
  "The ratio is near 1 as most pages do not compress. Either the data is compressed or encrypted already, or zswap is above this device (/sys/module/zswap/parameters/enabled says Y): it keeps the pages that compress, and zram gets those that it refuses. With zram as swap, turn zswap off.";
const UNDER_ZSWAP =
  "The ratio is near 1 as zswap is on and lies above this device: it keeps the pages that compress, and zram gets those that it refuses and, once it is full, what it writes back, decompressed. With zram as swap, turn zswap off: echo N > /sys/module/zswap/parameters/enabled.";

/** How much of the pool is not data. */
function roomFollows(around: Around): string[] {
  const { compr_data_size: bytes = 0, mem_used_total: total = 0 } = around.stat;
  const room = total - bytes;
  if (room <= 0) return [];
  const what = `${humanBytes(room)} of the pool (${
    percent(room, total)
  }) is not compressed data: chunks without an object in partly used zspages, sizes rounded up to their class, and a handle of 8 bytes for each object.`;
  const least = leastMemory(around);
  if (least === 0 || total < LOOSE * least) return [what];
  const times = `The pool takes ${
    ratio(total, least)
  } times what its objects need at least.`;
  return [
    what,
    mostGivenBack(around) === 0
      ? `${times} So few objects do not fill their zspages; new pages fill the room.`
      : `${times} Frees leave that behind, or classes of which each has few objects. echo 1 > compact packs them, and new pages fill the room as well.`,
  ];
}

/** What compaction can do, and what it has done. */
function compactionFollows(around: Around): string[] {
  const { stat, pageSize } = around;
  const most = mostGivenBack(around);
  const done = stat.pages_compacted;
  const total = stat.mem_used_total ?? 0;
  const sentences = [
    most > 0
      ? `Compaction can give back at most ${humanBytes(most)} (${
        percent(most, total)
      }), and less where a class has not a whole zspage of room: the column freeable of 'classes' in debugfs says how much.`
      : total > leastMemory(around)
      ? "Compaction can give back nothing: a class that has an object keeps a zspage for it."
      : "Compaction can give back nothing: the objects need every page.",
  ];
  if (done === undefined) return sentences;
  return [
    ...sentences,
    done === 0
      ? "pages_compacted is 0: no compaction has freed a page yet. One runs when 1 is written to compact or, since 4.3, under memory pressure, and frees whole zspages alone: where no class has a zspage's worth of free chunks it stays 0."
      : `Compaction has freed ${
        countOf(done, around.errors?.pages_compacted)
      } (${humanBytes(done * pageSize)}) since the disk was set up.`,
  ];
}

/** What the limit leaves, and whether it was hit. */
function limitFollows(around: Around): string[] {
  const { stat, pageSize, chainSize, failedWrites } = around;
  const { mem_limit: limit, mem_used_total: total = 0, mem_used_max: max = 0 } =
    stat;
  const failed = failedWrites === undefined || failedWrites === 0
    ? ""
    : ` io_stat counts ${counted(failedWrites, "failed write")}.`;
  if (limit === undefined) return [];
  if (limit === 0) {
    return failed === "" ? [] : [
      `No limit is set, so that writes fail for want of memory alone.${failed}`,
    ];
  }
  const zspage = chainSize * pageSize;
  const left = limit - total;
  const room = left < 0
    ? `The pool is ${humanBytes(-left)} above its limit of ${
      humanBytes(limit)
    }, which was lowered later, or recompression took it there.`
    : `The limit of ${humanBytes(limit)} leaves ${humanBytes(left)}.`;
  const sentences = [room + failed];
  if (left < zspage) {
    sentences.push(
      `That is less than a zspage may take (${
        humanBytes(zspage)
      }): a write whose class has no free chunk fails with EIO (an I/O error to the file system; swap keeps the page in memory), and the page that was there stays.`,
    );
  }
  if (max > limit) {
    sentences.push(
      `mem_used_max is above the limit: a write took the pool there, was undone and failed with EIO, so the limit was hit; or the limit was lowered later.`,
    );
  }
  return sentences;
}
