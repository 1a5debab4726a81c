/** What the contract says of the numbers of `mm_stat`. */
import type { ZramStep } from "../../programs/zram/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import { Disagreement } from "../judge.ts";
import { ZRAM_CONTRACT as RULES } from "./contract_rules.ts";
import type { ZramLedger } from "./ledger.ts";
import { piecesOf } from "./ledger_bio.ts";
import type { LedgerRules } from "./ledger_judge.ts";
import { OBJECT, SAME, WHOLE } from "./ledger_pages.ts";
import { storedPages } from "./ledger_text.ts";
import { MM, type MmStatNumber } from "./mm_stat.ts";

/** What steps may have changed since the numbers were seen last. */
interface Allowed {
  /** Zspages that the pool may have got. */
  zspages: number;
  /** Whether it was compacted. */
  isCompacted: boolean;
  /** Whether the maximum was lowered. */
  isMaxLowered: boolean;
  /** Whether pages were recompressed, which no limit and no maximum sees. */
  isRecompressed: boolean;
}

const nothing = (): Allowed => ({
  zspages: 0,
  isCompacted: false,
  isMaxLowered: false,
  isRecompressed: false,
});

/** Judges the numbers, and is told what may have changed them. */
export interface ContractStat {
  /** A step may change numbers. */
  allow(ledger: ZramLedger, step: ZramStep): void;
  /** Checks the numbers. */
  readonly check: NonNullable<LedgerRules["mmStat"]>;
}

/** What the contract says of `mm_stat`, from a fresh device on. */
export function contractStat(reach: Reach): ContractStat {
  let allowed = nothing();
  let wasRecompressed = false;
  return {
    allow(ledger, step) {
      if (step.op === "create") wasRecompressed = false;
      if (recompresses(step)) wasRecompressed = true;
      allow(allowed, ledger, step);
    },
    check(ledger, numbers, count, text) {
      const { mmStatNumbers } = ledger.profile.zram;
      if (count !== mmStatNumbers) {
        throw new Disagreement(RULES.texts, `${mmStatNumbers} numbers`, text);
      }
      checkCounts(ledger, numbers, reach);
      checkMemory(ledger, numbers, allowed, reach);
      checkMax(ledger, numbers, allowed, wasRecompressed, reach);
      allowed = nothing();
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
        allowed.isMaxLowered = step.value === "0";
      }
  }
}

/** What follows from the pages that are stored. */
function checkCounts(
  ledger: ZramLedger,
  numbers: Float64Array,
  reach: Reach,
): void {
  const { pages, memory, profile: { pageSize } } = ledger;
  const { unknown, places } = pages;
  const exactly = (rule: Rule, name: MmStatNumber, right: number) =>
    between(rule, numbers, name, right, right, reach, right > 0);
  exactly(RULES.origDataSize, "orig_data_size", storedPages(ledger) * pageSize);
  between(
    RULES.comprDataSize,
    numbers,
    "compr_data_size",
    pages.sumBytes + unknown,
    pages.sumBytes + unknown * pageSize,
    reach,
    pages.sumBytes > 0,
  );
  exactly(RULES.memLimit, "mem_limit", memory.limit * pageSize);
  exactly(RULES.samePages, "same_pages", places[SAME]);
  checkHuge(ledger, numbers, reach);
}

/** How many pages are stored whole, and were: which numbers there are differs. */
function checkHuge(
  { pages: { unknown, places }, events, profile: { zram } }: ZramLedger,
  numbers: Float64Array,
  reach: Reach,
): void {
  if (zram.mmStatNumbers <= MM.huge_pages) return;
  const isSeen = places[WHOLE] > 0 || events.hugeSince > 0;
  const [huge, since] = [places[WHOLE], events.hugeSince];
  const most = (least: number) => least + unknown;
  between(
    RULES.hugePages,
    numbers,
    "huge_pages",
    huge,
    most(huge),
    reach,
    isSeen,
  );
  if (zram.mmStatNumbers <= MM.huge_pages_since) return;
  between(
    RULES.hugePages,
    numbers,
    "huge_pages_since",
    since,
    since + events.maybeHuge,
    reach,
    false,
  );
}

/** What bounds the memory: the objects, the limit, and what was before. */
function checkMemory(
  { seen, pages, memory, profile }: ZramLedger,
  numbers: Float64Array,
  { zspages, isRecompressed, isCompacted }: Allowed,
  reach: Reach,
): void {
  const { pageSize, chainSize } = profile;
  const total = numbers[MM.mem_used_total];
  const before = seen[MM.mem_used_total];
  const zspage = chainSize * pageSize;
  const objects = pages.places[OBJECT] + pages.places[WHOLE];
  const added = isRecompressed ? Infinity : zspages * zspage;
  between(
    RULES.memUsedTotal,
    numbers,
    "mem_used_total",
    numbers[MM.compr_data_size],
    Math.min(objects * zspage, before + added),
    reach,
    objects > 0,
  );
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
    between(RULES.memLimit, numbers, "mem_used_total", 0, most, reach, false);
  }
  const freed = isCompacted ? (before - total) / pageSize : 0;
  const compacted = seen[MM.pages_compacted] + freed;
  between(
    RULES.pagesCompacted,
    numbers,
    "pages_compacted",
    compacted,
    compacted,
    reach,
    freed > 0,
  );
}

/** What bounds the most that was used. */
function checkMax(
  { seen, profile }: ZramLedger,
  numbers: Float64Array,
  { zspages, isMaxLowered }: Allowed,
  wasRecompressed: boolean,
  reach: Reach,
): void {
  const total = numbers[MM.mem_used_total];
  const [total0, max0] = [seen[MM.mem_used_total], seen[MM.mem_used_max]];
  const added = zspages * profile.chainSize * profile.pageSize;
  between(
    RULES.memUsedMax,
    numbers,
    "mem_used_max",
    isMaxLowered ? total : wasRecompressed ? max0 : Math.max(max0, total),
    isMaxLowered ? total : Math.max(max0, total0 + added),
    reach,
    numbers[MM.mem_used_max] > total || isMaxLowered,
  );
}

/** Throws where a number is not within its bounds; counts what was exercised. */
function between(
  rule: Rule,
  numbers: Float64Array,
  name: MmStatNumber,
  least: number,
  most: number,
  reach: Reach,
  isExercised: boolean,
): void {
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
}

/** `mm_stat` as it is answered. */
function shown(numbers: Float64Array): string {
  return numbers.join(" ");
}
