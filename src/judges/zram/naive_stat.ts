/** What the ledger says exactly of the numbers of `mm_stat`. */
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import { Disagreement } from "../judge.ts";
import type { ZramLedger } from "./ledger.ts";
import { SAME, WHOLE } from "./ledger_pages.ts";
import { storedPages } from "./ledger_text.ts";
import { MM } from "./mm_stat.ts";
import { ZRAM_NAIVE as RULES } from "./naive_rules.ts";

/** Throws where a number is not the ledger's. */
export function checkNumbers(
  ledger: ZramLedger,
  numbers: Float64Array,
  reach: Reach,
): void {
  const { pages, memory, events, profile, seen } = ledger;
  const { pageSize } = profile;
  const { bounds } = memory;
  check(
    numbers[MM.orig_data_size] === storedPages(ledger) * pageSize &&
      numbers[MM.compr_data_size] === pages.sumBytes &&
      numbers[MM.mem_limit] === memory.limit * pageSize &&
      numbers[MM.same_pages] === pages.places[SAME] &&
      numbers[MM.huge_pages] === pages.places[WHOLE],
    RULES.counts,
    ledger,
    numbers,
  );
  if (pages.stored > 0) reach.count(RULES.counts);
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
  if (profile.zram.mmStatNumbers <= MM.huge_pages_since) return;
  const since = numbers[MM.huge_pages_since];
  check(since === events.hugeSince, RULES.hugePagesSince, ledger, numbers);
  if (since > seen[MM.huge_pages_since]) reach.count(RULES.hugePagesSince);
}

function check(
  isRight: boolean,
  rule: Rule,
  ledger: ZramLedger,
  numbers: Float64Array,
): void {
  if (!isRight) {
    throw new Disagreement(rule, expectedOf(ledger), numbers.join(" "));
  }
}

/** What `mm_stat` must show; bounds where there are two. */
function expectedOf(ledger: ZramLedger): string {
  const { pages, memory, events, profile } = ledger;
  const { pageSize } = profile;
  const { bounds } = memory;
  const range = (least: number, most: number) =>
    least === most ? String(least) : `${least}..${most}`;
  return [
    storedPages(ledger) * pageSize,
    pages.sumBytes,
    range(bounds.leastUsed * pageSize, bounds.mostUsed * pageSize),
    memory.limit * pageSize,
    range(memory.leastMax * pageSize, memory.mostMax * pageSize),
    pages.places[SAME],
    range(memory.leastCompacted, memory.mostCompacted),
    pages.places[WHOLE],
    events.hugeSince,
  ].slice(0, profile.zram.mmStatNumbers).join(" ");
}
