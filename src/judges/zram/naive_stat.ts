/** What the ledger says exactly of the memory that `mm_stat` shows. */
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import { Disagreement } from "../judge.ts";
import type { ZramLedger } from "./ledger.ts";
import { MM } from "./mm_stat.ts";
import { ZRAM_NAIVE as RULES } from "./naive_rules.ts";

/** Throws where a number is not the ledger's. */
export function checkNumbers(
  ledger: ZramLedger,
  numbers: Float64Array,
  reach: Reach,
): void {
  const { memory, profile: { pageSize }, seen } = ledger;
  const { bounds } = memory;
  const used = numbers[MM.mem_used_total] / pageSize;
  check(bounds.allows(used), RULES.memUsedTotal, ledger, numbers);
  if (used > 0) reach.count(RULES.memUsedTotal);
  const max = numbers[MM.mem_used_max] / pageSize;
  check(
    max >= memory.leastMax && max <= memory.mostMax,
    RULES.memUsedMax,
    ledger,
    numbers,
  );
  if (max !== seen[MM.mem_used_max] / pageSize) reach.count(RULES.memUsedMax);
  const compacted = numbers[MM.pages_compacted];
  check(
    compacted >= memory.leastCompacted && compacted <= memory.mostCompacted,
    RULES.pagesCompacted,
    ledger,
    numbers,
  );
  if (compacted > seen[MM.pages_compacted]) reach.count(RULES.pagesCompacted);
}

function check(
  isRight: boolean,
  rule: Rule,
  { memory, profile: { pageSize } }: ZramLedger,
  numbers: Float64Array,
): void {
  if (isRight) return;
  const { bounds, leastMax, mostMax, leastCompacted, mostCompacted } = memory;
  const expected = {
    mem_used_total: range(
      bounds.leastUsed * pageSize,
      bounds.mostUsed * pageSize,
    ),
    mem_used_max: range(leastMax * pageSize, mostMax * pageSize),
    pages_compacted: range(leastCompacted, mostCompacted),
  };
  throw new Disagreement(rule, expected, numbers.join(" "));
}

function range(least: number, most: number): string {
  return least === most ? String(least) : `${least} to ${most}`;
}
