/** What is said of a device's `mm_stat`. */
import type { MmStat } from "../zram/stat.ts";
import { MM_STAT_FIELDS } from "../zram/stat.ts";
import {
  broken,
  type BrokenRule,
  type ExplainContext,
  type Explanation,
  type NumberMeaning,
} from "./explanation.ts";
import type { DeviceFacts, FileText } from "./facts.ts";
import { groupedNumeral, numeralsOf } from "./numeral.ts";
import { type Around, mmStatFollows } from "./mm_stat_follows.ts";
import { brokenByMmStat } from "./mm_stat_rules.ts";
import {
  type ReadMmStat,
  readMmStat,
  releasesOfCount,
  releasesOfMmStat,
} from "./mm_stat_text.ts";
import { ANY_RELEASE } from "./release_span.ts";
import { MM_STAT_MEANINGS } from "./zram_meanings.ts";
import { ZRAM_CONTRACT } from "../judges/zram/contract_rules.ts";

/** The fewest and the most numbers that a kernel shows. */
const FEWEST = 7;
const MOST = MM_STAT_FIELDS.length;
/** Of a kernel that nobody named. */
const USUAL_CHAIN_SIZE = 8;
/** The most that 32 bits hold. */
const MOST_32_BITS = 2 ** 32 - 1;

/** What else a paste says of a device. */
export type Beside = Pick<Around, "onDevice" | "isUnderZswap" | "failedWrites">;

/** Explains the file; `undefined` where it has not as many numbers as any release. */
export function explainMmStat(
  { device }: DeviceFacts,
  { line, text, guess }: FileText,
  beside: Beside,
  context: ExplainContext,
): Explanation | undefined {
  const numerals = numeralsOf(text);
  if (numerals === undefined || numerals.length < FEWEST) return undefined;
  const read = readMmStat(numerals);
  const stat = { ...NOTHING, ...read.values };
  const count = numerals.length;
  return {
    kind: "mm_stat",
    ...(device === undefined ? {} : { device }),
    line,
    title: `${count} numbers${guess === undefined ? "" : ` (${guess})`}`,
    numbers: [...meanings(read), ...read.others.map(unknownNumber)],
    follows: mmStatFollows(aroundOf(read.values, beside, context)),
    broken: [
      ...brokenByMmStat(stat, Math.min(count, MOST), context),
      ...brokenByMany(count),
    ],
    mistaken: mistaken(read, context),
    releases: releasesOfMmStat(count, stat, context.pageSize) ?? null,
  };
}

/** Every number at 0. */
export const NOTHING: Readonly<MmStat> = Object.freeze({
  orig_data_size: 0,
  compr_data_size: 0,
  mem_used_total: 0,
  mem_limit: 0,
  mem_used_max: 0,
  same_pages: 0,
  pages_compacted: 0,
  huge_pages: 0,
  huge_pages_since: 0,
});

/** Numbers and what is known beside them. */
export function aroundOf(
  stat: Partial<MmStat>,
  beside: Beside,
  { pageSize, profile }: ExplainContext,
): Around {
  return {
    ...beside,
    stat,
    pageSize,
    chainSize: profile?.chainSize ?? USUAL_CHAIN_SIZE,
  };
}

function meanings({ texts }: ReadMmStat): NumberMeaning[] {
  return [...texts].map(([name, text]) => ({
    name,
    value: groupedNumeral(text),
    ...MM_STAT_MEANINGS[name],
  }));
}

/** A number that no release up to 7.3 has. */
function unknownNumber(text: string): NumberMeaning {
  return {
    name: "?",
    value: groupedNumeral(text),
    unit: "",
    meaning: "no release up to 7.3 shows it: a vendor's kernel, or a newer one",
    releases: ANY_RELEASE,
  };
}

function brokenByMany(count: number): BrokenRule[] {
  if (releasesOfCount(count) !== undefined) return [];
  const expected = `${FEWEST} to ${MOST} numbers`;
  return [broken(ZRAM_CONTRACT.texts, expected, String(count))];
}

/** What people take the numbers for, of those that are there. */
function mistaken(
  { values, texts }: ReadMmStat,
  { pageSize }: ExplainContext,
): string[] {
  const { same_pages = 0, mem_limit = 0, orig_data_size = 0 } = values;
  const isCounted = texts.has("huge_pages") ||
    same_pages * pageSize <= orig_data_size;
  const sentences = [
    same_pages > 0 && isCounted
      ? "orig_data_size has the same-filled pages in it since 4.14; the kernel's documentation said otherwise up to 5.6, and copies of it still do. Up to 4.13 it had not."
      : "",
    "mem_used_total is the pool alone: the table of slots (some 16 bytes for each page of the disk) and the compression streams are not in it.",
    "mem_used_max is not what is used now, and disksize is no memory at all: it only bounds what can be written.",
    mem_limit > MOST_32_BITS
      ? "mem_limit has 64 bits, though it was printed as a long: parsers that read 32 bits of it are wrong from 4G on."
      : "",
    "pages_compacted never falls while the disk is set up. It counts pages given back, not objects moved (as it did in 4.1 and 4.2, and as zramctl says under MIGRATED).",
    texts.has("huge_pages")
      ? "huge_pages are pages that did not compress, not huge pages of memory (THP, hugetlbfs)."
      : "",
  ];
  return sentences.filter((sentence) => sentence !== "");
}
