/** Judging a device that makes Linux's choices: exactly, by the ledger alone. */
import {
  SECTOR,
  type ZramStep,
  type ZramSteps,
} from "../../programs/zram/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import { isRefusal } from "../../targets/target.ts";
import { Disagreement, expectSame } from "../judge.ts";
import {
  type Answered,
  byOperation,
  errnoOf,
  type LedgerTable,
  type ZramAnswer,
} from "./follow.ts";
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
  const lengths = new Map<string, number>();
  const before: LedgerTable<void> = {
    create: () => lengths.clear(),
    write: (ledger, step, answer) =>
      judgeStored(ledger, step, answer, lengths, reach),
  };
  const after: LedgerTable<void> = {
    get: (ledger, { attr }, answer) => judgeText(ledger, attr, answer, reach),
    block_state: (ledger, _step, answer) => judgeRows(ledger, answer, reach),
    writeback_under(ledger, { page, does }, answer) {
      if (does !== "read" || !("data" in answer)) return;
      if (answer.data === undefined) return;
      expectPage(RULES.writebackUnder, ledger, page, answer.data, reach);
    },
    recompress_under(ledger, _step, answer) {
      const stored = "stored" in answer ? answer.stored : undefined;
      expectSame(RULES.recompressUnder, ledger.storedAmid, stored);
      reach.count(RULES.recompressUnder);
    },
  };
  let found: Found | undefined;
  return {
    before(ledger, step, answer) {
      found = foundBy(ledger, step);
      byOperation(before, ledger, step, answer);
    },
    after(ledger, step, answer, expected) {
      judgeErrno(step, answer, expected, reach);
      byOperation(after, ledger, step, answer);
      if (found !== undefined) countExercised(found, ledger, step, reach);
    },
    mmStat: (ledger, numbers) => checkNumbers(ledger, numbers, reach),
  };
}

/** An answer's error must be the one that is expected, or none. */
function judgeErrno(
  { op }: ZramStep,
  answer: ZramAnswer,
  expected: Expected,
  reach: Reach,
): void {
  if (op === "get" || op === "block_state") return;
  const found = erringOf(answer);
  if (expected === MAY_FAIL && found === undefined) return;
  const right = expected === MAY_FAIL ? "EIO" : expected;
  if (found !== right) {
    const shown = (errno?: string) =>
      errno === undefined ? "no error" : { error: errno };
    throw new Disagreement(RULES.answers, shown(right), shown(found));
  }
  reach.count(RULES.answers);
}

/** The errno of an operation, where something was done meanwhile too. */
function erringOf(answer: ZramAnswer): string | undefined {
  if (answer === undefined) return undefined;
  if ("writeback" in answer) return answer.writeback;
  return "recompress" in answer ? answer.recompress : errnoOf(answer);
}

/** How a page is stored, and whether it is refused for want of memory. */
function judgeStored(
  ledger: ZramLedger,
  { page, data }: ZramSteps["write"],
  answer: Answered<"write">,
  lengths: Map<string, number>,
  reach: Reach,
): void {
  if (page >= ledger.pages.length) return;
  const isRefused = isRefusal(answer);
  const stored = isRefused ? undefined : answer.stored;
  const storing = ledger.storing(ledger.bytesOf(data), data, stored);
  if (storing.stored === isRefused) {
    const rule = ruleOfRefusal(storing);
    throw new Disagreement(rule, isRefused ? "no error" : "an errno", answer);
  }
  if (isRefused && storing.stored === false) {
    reach.count(ruleOfRefusal(storing));
  }
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
  answer: Answered<"get">,
  reach: Reach,
): void {
  const shown = shownOf(ledger, attr);
  if ("error" in shown) {
    expectSame(RULES.texts, shown.error, errnoOf(answer));
    return reach.count(RULES.texts);
  }
  const value = isRefusal(answer) ? undefined : answer.value;
  if (shown.value !== undefined) {
    expectSame(RULES.texts, shown.value, value);
    return reach.count(attr === "bd_stat" ? RULES.backing : RULES.texts);
  }
  if (value === undefined) {
    throw new Disagreement(RULES.texts, "a text", answer);
  }
  if (attr === "mem_used_total") judgeUsed(ledger, value, reach);
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
  answer: Answered<"block_state">,
  reach: Reach,
): void {
  const { memoryTracking, trackEntryActime } = ledger.profile.zram;
  const refused = memoryTracking
    ? ledger.isInitialised ? undefined : "EINVAL"
    : "ENOENT";
  expectSame(RULES.blockState, refused, errnoOf(answer));
  if (isRefusal(answer)) return;
  let page = -1;
  for (const row of answer) {
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

/** What a step finds that tells, with what it leaves, what it exercises. */
function foundBy(ledger: ZramLedger, step: ZramStep) {
  const { events, isInitialised, pages } = ledger;
  const isRecompression = step.op === "set" && step.attr === "recompress";
  return {
    wrote: events.bdWrites,
    stored: pages.stored,
    isInitialised,
    marks: isRecompression ? marksOf(ledger) : 0,
    isOverwritten: step.op === "write" && step.page < pages.length &&
      pages.place[step.page] !== NOWHERE,
    isHeld: step.op === "writeback_under" && pages.isInPool(step.page),
    isCompressed: isStoredBack(ledger, firstRead(ledger, step)),
  };
}

type Found = ReturnType<typeof foundBy>;

function countExercised(
  found: Found,
  ledger: ZramLedger,
  step: ZramStep,
  reach: Reach,
): void {
  const attr = step.op === "set" ? step.attr : undefined;
  const wrote = ledger.events.bdWrites - found.wrote;
  const isReset = found.isInitialised && !ledger.isInitialised;
  const count = (rule: Rule, isExercised: boolean) => {
    if (isExercised) reach.count(rule);
  };
  count(RULES.overwritten, found.isOverwritten);
  count(RULES.writebackUnder, found.isHeld && wrote > 0);
  count(RULES.compressed, found.isCompressed);
  count(RULES.batches, ledger.writesInBatches && wrote > ledger.wbBatchSize);
  count(RULES.writeback, attr === "writeback" && wrote > 0);
  count(RULES.idle, attr === "idle" && found.stored > 0);
  count(RULES.resets, attr === "reset" && isReset);
  if (attr === "recompress") {
    count(RULES.recompress, marksOf(ledger) !== found.marks);
  }
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
