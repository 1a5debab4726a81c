/** What is said of `bd_stat`, `io_stat` and `debug_stat`. */
import { counted, humanBytes } from "../report/table.ts";
import type { Rule } from "../rules/rule.ts";
import {
  broken,
  type BrokenRule,
  type ExplainContext,
  type ExplainedKind,
  type Explanation,
  type NumberMeaning,
} from "./explanation.ts";
import type { DeviceFacts, FileText } from "./facts.ts";
import { groupedNumeral, numeralsOf } from "./numeral.ts";
import { type ReleaseSpan, span } from "./release_span.ts";
import {
  BD_STAT_MEANINGS,
  DEBUG_STAT_MEANINGS,
  IO_STAT_MEANINGS,
  type Meaning,
} from "./zram_meanings.ts";

/** The unit of `bd_stat`, whatever the page size (`FOUR_K`, zram_drv.c). */
export const BD_UNIT = 4096;

/** What each kind of file says, from its numbers. */
interface StatKind {
  readonly kind: ExplainedKind;
  readonly meanings: Readonly<Record<string, Meaning>>;
  follows(numbers: readonly number[], context: ExplainContext): string[];
  broken(numbers: readonly number[], context: ExplainContext): BrokenRule[];
  readonly mistaken: readonly string[];
  releases(text: string): ReleaseSpan;
}

const WHOLE_PAGES: Rule = {
  id: "explain/bd-stat-units",
  sentence: "bd_stat counts whole pages in units of 4 KiB.",
  source: "bd_stat_show, drivers/block/zram/zram_drv.c, 5.0",
};

const BD_STAT: StatKind = {
  kind: "bd_stat",
  meanings: BD_STAT_MEANINGS,
  follows([count, reads, writes]) {
    if (writes === 0 && count === 0) {
      return ["Nothing was ever written back to a backing device."];
    }
    return [
      `${humanBytes(count * BD_UNIT)} on the backing device now, of ${
        humanBytes(writes * BD_UNIT)
      } that were ever written to it; ${
        humanBytes(reads * BD_UNIT)
      } were read back.`,
      "Pages on it are still counted in orig_data_size, but in no other size of mm_stat.",
    ];
  },
  broken(numbers, { pageSize }) {
    const units = pageSize / BD_UNIT;
    const names = Object.keys(BD_STAT_MEANINGS);
    return numbers.flatMap((value, nth) =>
      value % units === 0 ? [] : [
        broken(
          WHOLE_PAGES,
          `${names[nth]} a multiple of ${units}`,
          String(value),
        ),
      ]
    );
  },
  mistaken: [
    "The unit is 4 KiB on every page size, so that a page of 16 KiB counts 4; it is neither bytes nor pages, and not sectors of 512 bytes.",
    "bd_count falls when pages are freed or written anew; bd_reads and bd_writes never do. A page takes a whole block, also where it is written back compressed (since 7.0).",
    "Writeback and recompression are two things: bd_stat says nothing of pages that were recompressed.",
  ],
  releases: () => span("5.0"),
};

/** How the third number stands: padded up to 6.3, a bare 0 since. */
const PADDED_THIRD = /^\s*[0-9]+ +[0-9]+ {2,}[0-9]+ {2,}[0-9]+\s*$/;
const BARE_THIRD = /^\s*[0-9]+ +[0-9]+ 0 {2,}[0-9]+\s*$/;

const IO_STAT: StatKind = {
  kind: "io_stat",
  meanings: IO_STAT_MEANINGS,
  follows([reads, writes, invalid, freed]) {
    return [
      writes > 0
        ? `${
          counted(writes, "write")
        } failed with EIO: the pool was at mem_limit, or there was no memory. Whether a limit is set, and mem_used_max above it, mm_stat says.`
        : "No write has failed: the limit, if there is one, was never hit by a write.",
      reads > 0
        ? `${
          counted(reads, "read")
        } failed with EIO: what was stored could not be decompressed or read from the backing device.`
        : "",
      invalid > 0
        ? `${
          counted(invalid, "request")
        } out of range or unaligned: whoever sends them has the wrong size of the disk or of its blocks.`
        : "",
      freed > 0
        ? `${
          counted(freed, "page")
        } freed by the swap layer or discarded; a slot that holds nothing counts as well.`
        : "",
    ].filter((sentence) => sentence !== "");
  },
  broken: () => [],
  mistaken: [
    "A failed swap write loses nothing: the page stays in memory. To a file system it is an I/O error.",
    "io_stat counts no requests that succeeded: /sys/block/zramN/stat of the block layer does.",
  ],
  releases(text) {
    if (PADDED_THIRD.test(text)) return span("4.1", "6.11");
    return BARE_THIRD.test(text) ? span("6.2") : span("4.1");
  },
};

/** Likewise the first of `debug_stat`, of which there is none any more. */
const BARE_FIRST = /^0 {2,}[0-9]+\s*$/m;
const PADDED_FIRST = /^ {2,}[0-9]+ {2,}[0-9]+\s*$/m;

const DEBUG_STAT: StatKind = {
  kind: "debug_stat",
  meanings: DEBUG_STAT_MEANINGS,
  follows([stalls, missed]) {
    return [
      `${counted(stalls, "write")} had to wait for memory.`,
      missed > 0
        ? `${
          counted(missed, "page")
        } freed by the swap layer stayed stored, as their slots were locked; they take memory until they are written again.`
        : "",
    ].filter((sentence) => sentence !== "");
  },
  broken: () => [],
  mistaken: [
    "The format is for debugging and changes: the version in front says which it is.",
  ],
  releases(text) {
    if (BARE_FIRST.test(text)) return span("6.13");
    return PADDED_FIRST.test(text) ? span("4.7", "6.15") : span("4.7");
  },
};

const KINDS: Readonly<Record<string, StatKind>> = {
  bd_stat: BD_STAT,
  io_stat: IO_STAT,
  debug_stat: DEBUG_STAT,
};

/** The numbers of `bd_stat`, `io_stat` or `debug_stat`, if it is well formed. */
export function statNumerals(name: string, text: string): string[] | undefined {
  const lines = text.split("\n").filter((line) => !/^\s*version:/.test(line));
  const numerals = numeralsOf(lines.join(" "));
  const most = Object.keys(KINDS[name].meanings).length;
  const least = name === "debug_stat" ? 1 : most;
  const count = numerals?.length ?? 0;
  return count >= least && count <= most ? numerals : undefined;
}

/** Explains one of these files; `undefined` where it is not well formed. */
export function explainStat(
  name: string,
  { device }: DeviceFacts,
  { line, text, guess }: FileText,
  context: ExplainContext,
): Explanation | undefined {
  const { kind, meanings, follows, broken, mistaken, releases } = KINDS[name];
  const numerals = statNumerals(name, text);
  if (numerals === undefined) return undefined;
  const numbers = numerals.map(Number);
  return {
    kind,
    ...(device === undefined ? {} : { device }),
    line,
    title: `${numerals.length} numbers${
      guess === undefined ? "" : ` (${guess})`
    }`,
    numbers: named(numerals, meanings),
    follows: follows(numbers, context),
    broken: broken(numbers, context),
    mistaken,
    releases: releases(text),
  };
}

/** Numbers with their names. */
function named(
  numerals: readonly string[],
  meanings: Readonly<Record<string, Meaning>>,
): NumberMeaning[] {
  return Object.entries(meanings).slice(0, numerals.length)
    .map(([name, meaning], nth) => ({
      name,
      value: groupedNumeral(numerals[nth]),
      ...meaning,
    }));
}
