/** What attributes and `block_state` must show of the ledger. */
import { ATTR_WO } from "../../linux/zram_profile.ts";
import type { ZramLedger } from "./ledger.ts";
import {
  BACKING,
  IDLE,
  INCOMPRESSIBLE,
  NOWHERE,
  SAME,
  WAS_WHOLE,
  WHOLE,
} from "./ledger_pages.ts";
import type { Range } from "./pool_bounds.ts";

/** What reading an attribute gives; a text is `undefined` where it is not known. */
export type Shown = { readonly error: string } | {
  readonly value: string | undefined;
};

/** What must be shown of an attribute. */
export function shownOf(ledger: ZramLedger, attr: string): Shown {
  const { attributes } = ledger.profile.zram;
  if (!Object.hasOwn(attributes, attr)) return { error: "ENOENT" };
  if (attributes[attr] === ATTR_WO) return { error: "EACCES" };
  return { value: TEXTS[attr]?.(ledger) };
}

/** Pages that count as stored: those of one word do, those of zeros do not. */
export function storedPages({ pages, profile }: ZramLedger): number {
  const counts = profile.zram.sameFilled === "word";
  return pages.stored - (counts ? 0 : pages.places[SAME]);
}

type Text = (ledger: ZramLedger) => string | undefined;

const line = (value: number | bigint | string) => `${value}\n`;
const wide = (value: number) => String(value).padStart(8);

/** A number of a range, where it is known. */
function known({ least, most }: Range, times: number): string | undefined {
  return least === most ? line(BigInt(least * times)) : undefined;
}

const TEXTS: Readonly<Record<string, Text>> = {
  disksize: ({ disksize }) => line(disksize),
  initstate: ({ isInitialised }) => line(isInitialised ? 1 : 0),
  num_reads: ({ events }) => line(events.reads),
  num_writes: ({ events }) => line(events.writes),
  failed_reads: ({ events }) => line(events.failedReads),
  failed_writes: ({ events }) => line(events.failedWrites),
  invalid_io: ({ events }) => line(events.invalidIo),
  notify_free: ({ events }) => line(events.notifyFree),
  zero_pages: ({ pages }) => line(pages.places[SAME]),
  orig_data_size: (ledger) =>
    line(storedPages(ledger) * ledger.profile.pageSize),
  compr_data_size: ({ pages }) =>
    pages.unknown > 0 ? undefined : line(pages.sumBytes),
  mem_used_total: ({ memory, profile }) =>
    known(memory.bounds.used, profile.pageSize),
  mem_limit: ({ memory, profile }) =>
    line(BigInt(memory.limit * profile.pageSize)),
  mem_used_max: ({ memory, profile }) => known(memory.max, profile.pageSize),
  max_comp_streams: ({ profile, maxCompStreams }) =>
    line(profile.zram.compStreams === "per-cpu" ? 1 : maxCompStreams),
  comp_algorithm: (ledger) => algorithmsText(ledger, 0),
  recomp_algorithm: recompAlgorithmText,
  backing_dev: ({ backingPath }) => line(backingPath ?? "none"),
  writeback_limit: ({ wbLimit }) => line(wbLimit),
  writeback_limit_enable: ({ wbLimitEnable }) => line(wbLimitEnable ? 1 : 0),
  writeback_batch_size: ({ wbBatchSize }) => line(wbBatchSize),
  compressed_writeback: ({ isCompressedWb }) => line(isCompressedWb ? 1 : 0),
  io_stat: ioStatText,
  bd_stat({ pages, events, profile, lostBlocks }) {
    const units = profile.pageSize / 4096;
    return [pages.places[BACKING] + lostBlocks, events.bdReads, events.bdWrites]
      .map((count) => wide(count * units)).join(" ") + "\n";
  },
  debug_stat({ memory, profile, events }) {
    const stalls = profile.zram.mallocSlowPath ? memory.stalls : "0";
    if (stalls === undefined) return undefined;
    const shown = typeof stalls === "number" ? wide(stalls) : stalls;
    return `version: 1\n${shown} ${wide(events.missFree)}\n`;
  },
};

/** The counter of invalid requests is 0 where the block layer refuses them. */
function ioStatText({ events, profile }: ZramLedger): string {
  const invalid = profile.zram.requestsChecked === "by-block-layer"
    ? "0"
    : wide(events.invalidIo);
  return `${wide(events.failedReads)} ${wide(events.failedWrites)} ${invalid} ${
    wide(events.notifyFree)
  }\n`;
}

/** Every algorithm, the one of a priority in brackets, at the end if it is not listed. */
function algorithmsText(
  { algorithms, profile: { zram } }: ZramLedger,
  priority: number,
): string {
  const chosen = algorithms[priority] ?? "";
  const others = zram.unlistedAlgorithms.includes(chosen) ? `[${chosen}] ` : "";
  return zram.compAlgorithms
    .map((name) => name === chosen ? `[${name}] ` : `${name} `)
    .join("") + `${others}\n`;
}

/**
 * A line for each priority above 0. Since 6.17 a line has as many NULs behind
 * it as characters come before its algorithms, other lines and NULs among them.
 */
function recompAlgorithmText(ledger: ZramLedger): string {
  const { recompAlgorithmLines } = ledger.profile.zram;
  let shown = "";
  for (const priority of [1, 2, 3]) {
    if (ledger.algorithms[priority] === undefined) continue;
    shown += `#${priority}: `;
    const before = recompAlgorithmLines === "offset-twice" ? shown.length : 0;
    shown += algorithmsText(ledger, priority) + "\0".repeat(before);
  }
  return shown;
}

/** The row of a page in `block_state`: its flags. */
export function flagsOf({ pages, profile }: ZramLedger, page: number): string {
  const place = pages.place[page];
  const marks = pages.marks[page];
  const all = [
    place === SAME ? "s" : ".",
    place === BACKING ? "w" : ".",
    place === WHOLE || (marks & WAS_WHOLE) !== 0 ? "h" : ".",
    (marks & IDLE) === 0 ? "." : "i",
    pages.priority[page] === 0 ? "." : "r",
    (marks & INCOMPRESSIBLE) === 0 ? "." : "n",
  ];
  return all.slice(0, profile.zram.blockStateFlags.length).join("");
}

/** The first stored page from `from` on; the number of all pages where none is. */
export function nextStored({ pages }: ZramLedger, from: number): number {
  let page = from;
  while (page < pages.length && pages.place[page] === NOWHERE) page++;
  return page;
}
