/** What the ledger says exactly of the memory that `mm_stat` shows. */
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import { Disagreement } from "../judge.ts";
import type { ZramLedger } from "./ledger.ts";
import { MM } from "./mm_stat.ts";
import { ZRAM_NAIVE as RULES } from "./naive_rules.ts";
import type { Range } from "./pool_bounds.ts";

/** Throws where a number is not the ledger's. */
export function checkNumbers(
  { memory, profile: { pageSize }, seen }: ZramLedger,
  numbers: Float64Array,
  reach: Reach,
): void {
  const { bounds: { used }, max, compacted } = memory;
  const check = (rule: Rule, number: number, { least, most }: Range) => {
    if (number >= least && number <= most) return;
    const expected = {
      mem_used_total: shown(used, pageSize),
      mem_used_max: shown(max, pageSize),
      pages_compacted: shown(compacted, 1),
    };
    throw new Disagreement(rule, expected, numbers.join(" "));
  };
  const total = numbers[MM.mem_used_total];
  check(RULES.memUsedTotal, total / pageSize, used);
  if (total > 0) reach.count(RULES.memUsedTotal);
  const most = numbers[MM.mem_used_max];
  check(RULES.memUsedMax, most / pageSize, max);
  if (most !== seen[MM.mem_used_max]) reach.count(RULES.memUsedMax);
  const freed = numbers[MM.pages_compacted];
  check(RULES.pagesCompacted, freed, compacted);
  if (freed > seen[MM.pages_compacted]) reach.count(RULES.pagesCompacted);
}

/** A range, or the number that it is, in so many times its units. */
function shown({ least, most }: Range, times: number): string {
  return least === most
    ? String(least * times)
    : `${least * times} to ${most * times}`;
}
