/** What the naive model of zram shows: its statistics, counted each time. */
import type { BlockState } from "../zram/debugfs.ts";
import type { MmStat } from "../zram/stat.ts";
import type { NaiveZram, PageRecord } from "./zram_model.ts";

function count(
  { records }: NaiveZram,
  has: (record: PageRecord) => boolean,
): number {
  return records.filter((record) => record !== undefined && has(record)).length;
}

/** The texts of the files that do not depend on frames. */
export function textsOf(naive: NaiveZram): Record<string, string> {
  const { profile, diskPages } = naive.setup;
  const { pageSize } = profile;
  const countsSame = profile.zram.sameFilled === "word";
  const stored = count(naive, ({ place }) => countsSame || place !== "slot");
  const bytes = naive.records
    .reduce((sum, record) => sum + (record?.bytes ?? 0), 0);
  const same = count(naive, ({ place }) => place === "slot");
  const units = pageSize / 4096;
  const back = count(naive, ({ place }) => place === "backing");
  const wide = (value: number) => String(value).padStart(8);
  const invalid = profile.zram.requestsChecked === "by-driver"
    ? wide(naive.invalidIo)
    : "0";
  return {
    disksize: `${diskPages * pageSize}\n`,
    initstate: "1\n",
    orig_data_size: `${stored * pageSize}\n`,
    compr_data_size: `${bytes}\n`,
    zero_pages: `${same}\n`,
    num_reads: `${naive.reads}\n`,
    num_writes: `${naive.writes}\n`,
    failed_reads: `${naive.failedReads}\n`,
    failed_writes: `${naive.failedWrites}\n`,
    invalid_io: `${naive.invalidIo}\n`,
    notify_free: `${naive.notifyFree}\n`,
    io_stat: `${wide(naive.failedReads)} ${
      wide(naive.failedWrites)
    } ${invalid} ${wide(naive.notifyFree)}\n`,
    writeback_limit: `${naive.wbLimit}\n`,
    writeback_limit_enable: `${Number(naive.wbLimitEnable)}\n`,
    bd_stat: [back, naive.bdReads, naive.bdWrites]
      .map((value) => wide(value * units)).join(" ") + "\n",
  };
}

/** The numbers of `mm_stat` that do not depend on frames. */
export function mmStatOf(naive: NaiveZram): Partial<MmStat> {
  const texts = textsOf(naive);
  return {
    orig_data_size: Number(texts.orig_data_size),
    compr_data_size: Number(texts.compr_data_size),
    same_pages: Number(texts.zero_pages),
    huge_pages: count(naive, ({ place }) => place === "whole"),
    huge_pages_since: naive.hugeSince,
  };
}

/** The rows of `block_state`. */
export function blockStateOf(naive: NaiveZram): BlockState[] {
  const { blockStateFlags, trackEntryActime } = naive.setup.profile.zram;
  return naive.records.flatMap((record, page) => {
    if (record === undefined) return [];
    const letters = {
      s: record.place === "slot",
      w: record.place === "backing",
      h: record.place === "whole",
      i: record.idle,
      r: record.priority > 0,
      n: record.incompressible,
    };
    const flags = Object.entries(letters)
      .slice(0, blockStateFlags.length)
      .map(([letter, set]) => set ? letter : ".").join("");
    const acTime = trackEntryActime ? naive.acTimes[page] : 0;
    return [{ page, acTime, flags }];
  });
}
