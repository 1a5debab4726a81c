/** What the contract says of the numbers of `mm_stat`. */
import type { ZramStep } from "../../programs/zram/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import { stringOf, wholeNumber } from "../texts.ts";
import { Disagreement } from "../judge.ts";
import { ZRAM_CONTRACT as RULES } from "./contract_rules.ts";
import type { ZramLedger } from "./ledger.ts";
import { piecesOf } from "./ledger_bio.ts";
import type { LedgerRules } from "./ledger_judge.ts";
import { OBJECT, SAME, WHOLE } from "./ledger_pages.ts";
import { storedPages } from "./ledger_text.ts";
import { MM, type MmStatNumber } from "./mm_stat.ts";
import { exactly, type Range } from "./pool_bounds.ts";

/** What steps may have changed since the numbers were seen last: nothing. */
const NOTHING = {
  /** Zspages that the pool may have got. */
  zspages: 0,
  /** Whether it was compacted. */
  isCompacted: false,
  /** Whether the maximum was lowered. */
  isMaxLowered: false,
  /** Whether pages were recompressed, which no limit and no maximum sees. */
  isRecompressed: false,
};

type Allowed = typeof NOTHING;

/** What the contract says of `mm_stat`, from a fresh device on. */
export function contractStat(reach: Reach): LedgerRules {
  let allowed = { ...NOTHING };
  let wasRecompressed = false;
  return {
    before(ledger, step) {
      if (step.op === "create") wasRecompressed = false;
      if (recompresses(step)) wasRecompressed = true;
      allow(allowed, ledger, step);
    },
    mmStat(ledger, numbers, count, text) {
      const { mmStatNumbers } = ledger.profile.zram;
      if (count !== mmStatNumbers) {
        throw new Disagreement(RULES.texts, `${mmStatNumbers} numbers`, text);
      }
      const within = checking(numbers, reach);
      checkCounts(ledger, within);
      checkHuge(ledger, within);
      checkMemory(ledger, numbers, allowed, within);
      checkMax(ledger, numbers, allowed, wasRecompressed, within);
      allowed = { ...NOTHING };
    },
  };
}

/** Whether a step recompresses pages. */
function recompresses(step: ZramStep): boolean {
  return step.op === "recompress_under" ||
    (step.op === "set" && step.attr === "recompress");
}

function allow(allowed: Allowed, ledger: ZramLedger, step: ZramStep): void {
  if (recompresses(step)) allowed.isRecompressed = true;
  switch (step.op) {
    case "write":
    case "writeback_under":
      allowed.zspages++;
      return;
    case "bio":
      allowed.zspages += piecesOf(step, ledger.profile.pageSize);
      return;
    case "set":
      if (step.attr === "compact") allowed.isCompacted = true;
      if (step.attr === "mem_used_max") {
        allowed.isMaxLowered = wholeNumber(stringOf(step.value)) === 0n;
      }
  }
}

/** What follows from the pages that are stored. */
function checkCounts(ledger: ZramLedger, within: Within): void {
  const { pages, memory, profile: { pageSize } } = ledger;
  const { unknown, places, sumBytes } = pages;
  const is = (rule: Rule, name: MmStatNumber, right: number) =>
    within(rule, name, exactly(right), right > 0);
  is(RULES.origDataSize, "orig_data_size", storedPages(ledger) * pageSize);
  within(RULES.comprDataSize, "compr_data_size", {
    least: sumBytes + unknown,
    most: sumBytes + unknown * pageSize,
  }, sumBytes > 0);
  is(RULES.memLimit, "mem_limit", memory.limit * pageSize);
  is(RULES.samePages, "same_pages", places[SAME]);
}

/** How many pages are stored whole, and were: which numbers there are differs. */
function checkHuge(
  { pages: { unknown, places }, events, profile: { zram } }: ZramLedger,
  within: Within,
): void {
  if (zram.mmStatNumbers <= MM.huge_pages) return;
  const [huge, since] = [places[WHOLE], events.hugeSince];
  within(RULES.hugePages, "huge_pages", {
    least: huge,
    most: huge + unknown,
  }, huge > 0 || since > 0);
  if (zram.mmStatNumbers <= MM.huge_pages_since) return;
  within(RULES.hugePages, "huge_pages_since", {
    least: since,
    most: since + events.maybeHuge,
  });
}

/** What bounds the memory: the objects, the limit, and what was before. */
function checkMemory(
  { seen, pages, memory, profile }: ZramLedger,
  numbers: Float64Array,
  { zspages, isRecompressed, isCompacted }: Allowed,
  within: Within,
): void {
  const { pageSize, chainSize } = profile;
  const total = numbers[MM.mem_used_total];
  const before = seen[MM.mem_used_total];
  const zspage = chainSize * pageSize;
  const objects = pages.places[OBJECT] + pages.places[WHOLE];
  const added = isRecompressed ? Infinity : zspages * zspage;
  within(RULES.memUsedTotal, "mem_used_total", {
    least: numbers[MM.compr_data_size],
    most: Math.min(objects * zspage, before + added),
  }, objects > 0);
  if (total % pageSize !== 0) {
    const expected = { mem_used_total: `a multiple of ${pageSize}` };
    throw new Disagreement(RULES.memUsedTotal, expected, {
      mem_used_total: total,
      mm_stat: shown(numbers),
    });
  }
  const limit = memory.limit * pageSize;
  if (limit > 0 && !isRecompressed) {
    const most = Math.max(limit, before);
    within(RULES.memLimit, "mem_used_total", { least: 0, most });
  }
  const freed = isCompacted ? (before - total) / pageSize : 0;
  const compacted = exactly(seen[MM.pages_compacted] + freed);
  within(RULES.pagesCompacted, "pages_compacted", compacted, freed > 0);
}

/** What bounds the most that was used. */
function checkMax(
  { seen, profile }: ZramLedger,
  numbers: Float64Array,
  { zspages, isMaxLowered }: Allowed,
  wasRecompressed: boolean,
  within: Within,
): void {
  const total = numbers[MM.mem_used_total];
  const [total0, max0] = [seen[MM.mem_used_total], seen[MM.mem_used_max]];
  const added = zspages * profile.chainSize * profile.pageSize;
  const range = isMaxLowered ? exactly(total) : {
    least: wasRecompressed ? max0 : Math.max(max0, total),
    most: Math.max(max0, total0 + added),
  };
  const isExercised = numbers[MM.mem_used_max] > total || isMaxLowered;
  within(RULES.memUsedMax, "mem_used_max", range, isExercised);
}

/** Throws where a number is not in its range; counts a rule that is exercised. */
type Within = (
  rule: Rule,
  name: MmStatNumber,
  range: Range,
  isExercised?: boolean,
) => void;

/** What checks these numbers. */
function checking(numbers: Float64Array, reach: Reach): Within {
  return (rule, name, { least, most }, isExercised = false) => {
    const value = numbers[MM[name]];
    if (value >= least && value <= most) {
      if (isExercised) reach.count(rule);
      return;
    }
    const right = least === most
      ? least
      : value < least
      ? `at least ${least}`
      : `at most ${most}`;
    throw new Disagreement(rule, { [name]: right }, {
      [name]: value,
      mm_stat: shown(numbers),
    });
  };
}

/** `mm_stat` as it is answered. */
function shown(numbers: Float64Array): string {
  return numbers.join(" ");
}
