/** What texts written to attributes do to the ledger, and which are refused. */
import { ATTR_RO } from "../../linux/zram_profile.ts";
import { BACKING_PATH } from "../../programs/transcript_zram.ts";
import { lineOf, stringOf, truthOf, wholeNumber } from "../texts.ts";
import { ledgerFacts } from "./kernel_facts.ts";
import type { ZramLedger } from "./ledger.ts";
import { IDLE, LedgerPages } from "./ledger_pages.ts";
import { askedParams, readArguments, tellParams } from "./ledger_params.ts";
import { recompress } from "./ledger_recompress.ts";
import { writeback } from "./ledger_writeback.ts";
import { bytesNamed } from "./sizes.ts";

/** What a text does: the errno of a refusal, or nothing. */
type Setter = (
  ledger: ZramLedger,
  text: string,
  found: string | undefined,
) => string | undefined;

/**
 * A text is written to an attribute; `found` is the errno that the device
 * answered. Returns the errno that it should: what cannot be known, such as
 * whether there was memory for a while, is taken from it.
 */
export function setAttribute(
  ledger: ZramLedger,
  attr: string,
  text: string,
  found: string | undefined,
): string | undefined {
  const { attributes } = ledger.profile.zram;
  if (!Object.hasOwn(attributes, attr)) return "ENOENT";
  if (attributes[attr] === ATTR_RO) return "EACCES";
  // A write of no bytes reaches no attribute.
  if (text === "") return undefined;
  return SETTERS[attr]?.(ledger, stringOf(text), found);
}

const SETTERS: Readonly<Record<string, Setter>> = {
  disksize(ledger, text) {
    const bytes = bytesNamed(text, ledger.profile) ?? 0n;
    if (bytes === 0n) return "EINVAL";
    if (ledger.isInitialised) return "EBUSY";
    const refused = ledger.setUp();
    if (refused !== undefined) return refused;
    const pages = Math.ceil(Number(bytes) / ledger.profile.pageSize);
    ledger.pages = new LedgerPages(pages);
  },
  reset(ledger, text) {
    const { resetReadsFirst, resetRefusedBy } = ledger.profile.zram;
    const isBusy = ledger[resetRefusedBy] > 0;
    const number = wholeNumber(text, { bits: 16 });
    const refused = typeof number === "string"
      ? number
      : number === 0n
      ? "EINVAL"
      : undefined;
    if (isBusy) return resetReadsFirst ? refused ?? "EBUSY" : "EBUSY";
    if (refused === undefined) ledger.reset();
    return refused;
  },
  compact(ledger) {
    if (!ledger.isInitialised) return "EINVAL";
    ledger.memory.compact();
  },
  mem_limit(ledger, text) {
    const bytes = bytesNamed(text, ledger.profile);
    if (bytes === undefined) return "EINVAL";
    const pageSize = BigInt(ledger.profile.pageSize);
    // Rounded up in 64 bits, where the largest become none.
    const rounded = (bytes + pageSize - 1n) % 2n ** 64n;
    ledger.memory.limit = Number(rounded / pageSize);
  },
  mem_used_max(ledger, text) {
    const bits = ledger.profile.wordBits;
    if (wholeNumber(text, { bits }) !== 0n) return "EINVAL";
    ledger.memory.max = ledger.memory.bounds.used;
  },
  max_comp_streams(ledger, text) {
    if (ledger.profile.zram.compStreams === "per-cpu") return undefined;
    const streams = wholeNumber(text, { bits: 32, signed: true });
    if (typeof streams === "string") return streams;
    const isFixed = ledger.isInitialised && ledger.maxCompStreams === 1;
    if (streams < 1n || isFixed) return "EINVAL";
    ledger.maxCompStreams = Number(streams);
  },
  comp_algorithm: (ledger, text) => choose(ledger, text, 0),
  recomp_algorithm(ledger, text) {
    const asked = readArguments(text, ["priority"]);
    if (typeof asked === "string") return asked;
    const { algo, priority = "1" } = asked;
    const nth = Number(priority);
    if (algo === undefined || nth < 1 || nth > 3) return "EINVAL";
    return choose(ledger, algo, nth);
  },
  algorithm_params(ledger, text) {
    const asked = askedParams(ledger, text);
    return typeof asked === "string" ? asked : tellParams(ledger, asked);
  },
  recompress,
  idle: markIdle,
  backing_dev(ledger, text) {
    const path = lineOf(text);
    if (ledger.isInitialised) return "EBUSY";
    const isThere = ledger.create.backingPages !== undefined;
    if (!isThere || path !== BACKING_PATH) return "ENOENT";
    const isSet = ledger.backingPath !== undefined;
    if (isSet && !ledger.profile.zram.backingReopens) return "EBUSY";
    ledger.backingPath = path;
  },
  writeback,
  writeback_limit(ledger, text) {
    const limit = wholeNumber(text);
    if (typeof limit === "string") return "EINVAL";
    const { pageSize, zram } = ledger.profile;
    const units = zram.writebackLimit === "any" ? 1n : BigInt(pageSize / 4096);
    ledger.wbLimit = limit / units * units;
  },
  writeback_batch_size(ledger, text) {
    const size = wholeNumber(text, { bits: 32 });
    if (typeof size === "string" || size === 0n) return "EINVAL";
    ledger.wbBatchSize = Number(size);
  },
  compressed_writeback(ledger, text) {
    const { yes, no } = ledger.profile.release.truths;
    const isCompressed = truthOf(text, [yes, no]);
    if (isCompressed === undefined) return "EINVAL";
    if (ledger.isInitialised) return "EBUSY";
    ledger.isCompressedWb = isCompressed;
  },
  writeback_limit_enable(ledger, text) {
    const enable = wholeNumber(text);
    if (typeof enable === "string") return "EINVAL";
    ledger.wbLimitEnable = enable !== 0n;
  },
};

/** Chooses an algorithm for a priority. */
function choose(
  ledger: ZramLedger,
  text: string,
  priority: number,
): string | undefined {
  const { profile } = ledger;
  const { zram } = profile;
  const name = lineOf(text);
  if (zram.algorithmChecked === "when-set") {
    if (text.length >= 128) return zram.longAlgorithmName;
    if (!ledger.canChoose(name)) return "EINVAL";
  }
  if (ledger.isInitialised) return "EBUSY";
  ledger.algorithms[priority] = name;
  // What the one before was told, this one is not.
  if (ledgerFacts(profile).choiceForgetsParams) {
    ledger.told.said[priority] = undefined;
  }
}

/** Marks pages idle: all, or those that were not accessed for so long. */
function markIdle(ledger: ZramLedger, text: string): string | undefined {
  const { trackEntryActime, idleAges, idleMarks } = ledger.profile.zram;
  const cutoff = lineOf(text) === "all"
    ? 0
    : trackEntryActime && idleAges
    ? cutoffOf(ledger, text)
    : undefined;
  if (cutoff === "unchanged") return undefined;
  if (cutoff === undefined || !ledger.isInitialised) return "EINVAL";
  const { pages } = ledger;
  for (let page = 0; page < pages.length; page++) {
    const isLooked = idleMarks === "in-pool"
      ? pages.isInPool(page)
      : pages.place[page] !== 0;
    if (!isLooked) continue;
    if (cutoff === 0 || !trackEntryActime || pages.acTime[page] < cutoff) {
      pages.marks[page] |= IDLE;
    } else if (idleMarks === "in-pool") {
      pages.marks[page] &= ~IDLE;
    }
  }
}

/**
 * The second before which pages are too old: nanoseconds wrap in 64 bits,
 * seconds in 32, and since 7.3 pages cannot be older than the system is up.
 */
function cutoffOf(
  { clock, profile }: ZramLedger,
  text: string,
): number | "unchanged" | undefined {
  const { idleAge } = profile.zram;
  const bits = idleAge === "nanoseconds" ? 64 : 32;
  const age = wholeNumber(text, { bits, anyBase: true });
  if (typeof age === "string") return undefined;
  if (idleAge === "nanoseconds") {
    const wrapped = BigInt.asIntN(64, age * 10n ** 9n);
    return clock - Number(wrapped) / 1e9;
  }
  const seconds = Number(age);
  const uptime = Math.floor(clock);
  if (idleAge === "seconds") return (uptime + 2 ** 32 - seconds) % 2 ** 32;
  return seconds >= uptime ? "unchanged" : uptime - seconds;
}
