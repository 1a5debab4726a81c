/** Judging a device that makes Linux's choices: exactly, by the ledger alone. */
import {
  SECTOR,
  type ZramResults,
  type ZramStep,
  type ZramSteps,
} from "../../programs/zram/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import { type BlockStateRow, isRefusal } from "../../targets/target.ts";
import { Disagreement, expectSame } from "../judge.ts";
import { errnoOf, type ZramAnswer } from "./follow.ts";
import type { Storing, ZramLedger } from "./ledger.ts";
import { type Expected, MAY_FAIL } from "./ledger_bio.ts";
import type { LedgerRules } from "./ledger_judge.ts";
import { BACKING, INCOMPRESSIBLE, NOWHERE, WAS_WHOLE } from "./ledger_pages.ts";
import { flagsOf, nextStored, shownOf } from "./ledger_text.ts";
import { expectPage } from "./reads.ts";
import { checkNumbers } from "./naive_stat.ts";
import { ZRAM_NAIVE as RULES } from "./naive_rules.ts";

/**
 * The rules of the ledger. What pages read as and what they add up to are the
 * contract's to judge, which holds them against the same ledger.
 */
export function naiveRules(reach: Reach): LedgerRules {
  const exercised = exercises(reach);
  const lengths = new Map<string, number>();
  return {
    before(ledger, step, answer) {
      if (step.op === "create") lengths.clear();
      exercised.before(ledger, step);
      if (step.op === "write") {
        judgeStored(ledger, step, answer, lengths, reach);
      }
    },
    after(ledger, step, answer, expected) {
      judgeErrno(step, answer, expected, reach);
      judgeMeanwhile(ledger, step, answer, reach);
      if (step.op === "get") judgeText(ledger, step.attr, answer, reach);
      if (step.op === "block_state") judgeRows(ledger, answer, reach);
      exercised.after(ledger, step);
    },
    mmStat: (ledger, numbers) => checkNumbers(ledger, numbers, reach),
  };
}

/** An answer's error must be the one that is expected, or none. */
function judgeErrno(
  step: ZramStep,
  answer: ZramAnswer,
  expected: Expected,
  reach: Reach,
): void {
  if (step.op === "get" || step.op === "block_state") return;
  const found = erringOf(step, answer);
  if (expected === MAY_FAIL && found === undefined) return;
  const right = expected === MAY_FAIL ? "EIO" : expected;
  if (found !== right) {
    throw new Disagreement(
      RULES.answers,
      right === undefined ? "no error" : { error: right },
      found === undefined ? "no error" : { error: found },
    );
  }
  reach.count(RULES.answers);
}

/** The errno of an operation, where something was done meanwhile too. */
function erringOf(step: ZramStep, answer: ZramAnswer): string | undefined {
  switch (step.op) {
    case "writeback_under":
      // Only that operation is answered so.
      return (answer as ZramResults["writeback_under"]).writeback;
    case "recompress_under":
      return (answer as ZramResults["recompress_under"]).recompress;
    default:
      return errnoOf(answer);
  }
}

/** What was read or counted in the middle of an operation. */
function judgeMeanwhile(
  ledger: ZramLedger,
  step: ZramStep,
  answer: ZramAnswer,
  reach: Reach,
): void {
  if (step.op === "recompress_under") {
    // Only that operation is answered so.
    const { stored } = answer as ZramResults["recompress_under"];
    expectSame(RULES.recompressUnder, ledger.storedAmid, stored);
    reach.count(RULES.recompressUnder);
  }
  if (step.op === "writeback_under" && step.does === "read") {
    // Likewise.
    const { data } = answer as ZramResults["writeback_under"];
    if (data !== undefined) {
      expectPage(RULES.writebackUnder, ledger, step.page, data, reach);
    }
  }
}

/** How a page is stored, and whether it is refused for want of memory. */
function judgeStored(
  ledger: ZramLedger,
  { page, data }: ZramSteps["write"],
  answer: ZramAnswer,
  lengths: Map<string, number>,
  reach: Reach,
): void {
  if (page >= ledger.pages.length) return;
  const bytes = ledger.bytesOf(data);
  const isRefused = isRefusal(answer);
  // A write that is not refused is answered so.
  const found = answer as { readonly stored?: number };
  const storing = ledger.storing(bytes, data, found.stored);
  if (storing.stored === isRefused) {
    const rule = ruleOfRefusal(storing);
    throw new Disagreement(rule, isRefused ? "no error" : "an errno", answer);
  }
  if (isRefused) {
    if (storing.stored === undefined) return;
    return reach.count(ruleOfRefusal(storing));
  }
  const { stored } = found;
  if (stored === undefined) return;
  if (!isKnown(ledger)) judgeEqual(ledger, data, stored, lengths, reach);
  else if (storing.bytes !== undefined) {
    expectSame(RULES.stored, storing.bytes, stored);
  }
  reach.count(RULES.stored);
}

/** By what rule a page is refused, or would be. */
function ruleOfRefusal({ attempt, stored }: Storing): Rule {
  if (attempt === undefined && stored === false) return RULES.compressor;
  return attempt?.had === false ? RULES.frames : RULES.limit;
}

/** Whether lengths are known from what pages state. */
function isKnown({ create }: ZramLedger): boolean {
  return create.codecs === "stated";
}

/** A codec makes the same of the same page, and a page of its own of one above a size. */
function judgeEqual(
  ledger: ZramLedger,
  data: ZramSteps["write"]["data"],
  stored: number,
  lengths: Map<string, number>,
  reach: Reach,
): void {
  const { pageSize } = ledger.profile;
  const isRight = stored === pageSize ||
    (stored >= 0 && stored < ledger.table.wholeFrom);
  if (!isRight) {
    const range = `0 to ${ledger.table.wholeFrom - 1}, or ${pageSize}`;
    throw new Disagreement(RULES.stored, { stored: range }, { stored });
  }
  const { level, winbits, dict } = ledger.told.used[0] ?? {};
  const told = `${level} ${winbits} ${dict?.length}`;
  const key = `${ledger.algorithms[0]} ${told} ${JSON.stringify(data)}`;
  const before = lengths.get(key);
  if (before === undefined) return void lengths.set(key, stored);
  expectSame(RULES.lengths, before, stored);
  reach.count(RULES.lengths);
}

function judgeText(
  ledger: ZramLedger,
  attr: string,
  answer: ZramAnswer,
  reach: Reach,
): void {
  const shown = shownOf(ledger, attr);
  if ("error" in shown) {
    expectSame(RULES.texts, shown.error, errnoOf(answer));
    return reach.count(RULES.texts);
  }
  // An attribute that is not refused is answered so.
  const { value } = answer as { readonly value?: string };
  if (shown.value === undefined) {
    if (value === undefined) {
      throw new Disagreement(RULES.texts, "a text", answer);
    }
    if (attr === "mem_used_total") judgeUsed(ledger, value, reach);
    return;
  }
  expectSame(RULES.texts, shown.value, value);
  reach.count(attr === "bd_stat" ? RULES.backing : RULES.texts);
}

/** Kernels without `mm_stat` show what is used in a file of its own. */
function judgeUsed(ledger: ZramLedger, value: string, reach: Reach): void {
  const used = Number(value) / ledger.profile.pageSize;
  const { least: leastUsed, most: mostUsed } = ledger.memory.bounds.used;
  if (used < leastUsed || used > mostUsed) {
    throw new Disagreement(RULES.memUsedTotal, { leastUsed, mostUsed }, used);
  }
  reach.count(RULES.memUsedTotal);
}

/** The rows of `block_state`: those of the pages that are stored, in order. */
function judgeRows(
  ledger: ZramLedger,
  answer: ZramAnswer,
  reach: Reach,
): void {
  const { memoryTracking, trackEntryActime } = ledger.profile.zram;
  const refused = memoryTracking
    ? ledger.isInitialised ? undefined : "EINVAL"
    : "ENOENT";
  expectSame(RULES.blockState, refused, errnoOf(answer));
  if (refused !== undefined) return;
  let page = -1;
  // What is not refused is answered so.
  for (const row of answer as readonly BlockStateRow[]) {
    page = nextStored(ledger, page + 1);
    const [found, flags, acTime] = row;
    const right = flagsOf(ledger, page);
    const isInTime = acTime === undefined ||
      acTime === (trackEntryActime ? ledger.pages.acTime[page] : 0);
    if (found === page && flags === right && isInTime) {
      if (/w.*[hrn]/.test(right)) reach.count(RULES.kept);
      continue;
    }
    const expected = [page, right, ledger.pages.acTime[page]];
    throw new Disagreement(RULES.blockState, expected, row);
  }
  expectSame(
    RULES.blockState,
    ledger.pages.length,
    nextStored(ledger, page + 1),
  );
  if (page >= 0) reach.count(RULES.blockState);
}

/** Counts what steps exercise: what they find, and what they do to it. */
function exercises(reach: Reach) {
  let wrote = 0;
  let stored = 0;
  let wasSet = false;
  let marked = 0;
  let isHeld = false;
  let isCompressed = false;
  return {
    before(ledger: ZramLedger, step: ZramStep): void {
      wrote = ledger.events.bdWrites;
      stored = ledger.pages.stored;
      wasSet = ledger.isInitialised;
      if (step.op === "set" && step.attr === "recompress") {
        marked = marksOf(ledger);
      }
      if (step.op === "write" && step.page < ledger.pages.length) {
        const place = ledger.pages.place[step.page];
        if (place !== NOWHERE) reach.count(RULES.overwritten);
      }
      isCompressed = isStoredBack(ledger, firstRead(ledger, step));
      if (step.op === "writeback_under") {
        isHeld = ledger.pages.isInPool(step.page);
      }
    },
    after(ledger: ZramLedger, step: ZramStep): void {
      const wroteNow = ledger.events.bdWrites - wrote;
      if (step.op === "writeback_under" && wroteNow > 0 && isHeld) {
        reach.count(RULES.writebackUnder);
      }
      if (isCompressed) reach.count(RULES.compressed);
      const isFull = wroteNow > ledger.wbBatchSize;
      if (ledger.writesInBatches && isFull) reach.count(RULES.batches);
      if (step.op !== "set") return;
      if (step.attr === "writeback" && wroteNow > 0) {
        reach.count(RULES.writeback);
      }
      if (step.attr === "idle" && stored > 0) reach.count(RULES.idle);
      if (step.attr === "reset" && wasSet && !ledger.isInitialised) {
        reach.count(RULES.resets);
      }
      if (step.attr === "recompress" && marksOf(ledger) !== marked) {
        reach.count(RULES.recompress);
      }
    },
  };
}

/** The first page that a step reads; -1 where it reads none. */
function firstRead({ profile }: ZramLedger, step: ZramStep): number {
  if (step.op === "read") return step.page;
  const isRead = step.op === "bio" && step.request === "read";
  return isRead ? Math.floor(step.sector * SECTOR / profile.pageSize) : -1;
}

/** Whether a page is on the backing device as its object was. */
function isStoredBack(
  { pages, isCompressedWb }: ZramLedger,
  page: number,
): boolean {
  return isCompressedWb && pages.place[page] === BACKING &&
    (pages.marks[page] & WAS_WHOLE) === 0;
}

/** What recompression leaves on pages. */
function marksOf({ pages }: ZramLedger): number {
  let marks = 0;
  for (let page = 0; page < pages.length; page++) {
    if (pages.priority[page] > 0) marks++;
    if ((pages.marks[page] & INCOMPRESSIBLE) !== 0) marks++;
  }
  return marks;
}

/** The rules of the ledger, as a list to read. */
export const ZRAM_NAIVE_RULES: readonly Rule[] = Object.values(RULES);
