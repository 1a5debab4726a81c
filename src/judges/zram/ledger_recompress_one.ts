/** What `recompress` is asked for since 7.1: one algorithm. */
import { kstrtoll, kstrtoull, nextArgs } from "../../linux/kstrtox.ts";
import type { ZramLedger } from "./ledger.ts";
import type { Recompression } from "./ledger_recompress.ts";

const TYPES = ["idle", "huge", "huge_idle"];

/** How each parameter that is a number is read. */
const NUMBERS: Readonly<Record<string, (text: string) => bigint | string>> = {
  max_pages: (text) => kstrtoull(text, 64),
  threshold: (text) => kstrtoull(text, 32),
  priority: (text) => kstrtoll(text, 32),
};

/** Reads the text; the errno where it is refused. */
export function readOneAlgorithm(
  ledger: ZramLedger,
  text: string,
): Recompression | string {
  let type = "";
  let algo: string | undefined;
  const numbers: Record<string, number> = {};
  for (const { param, value = "" } of nextArgs(text)) {
    if (value === "") return "EINVAL";
    if (param === "algo") algo = value;
    if (param === "type") {
      if (TYPES.includes(value)) type = value;
      else if (type === "") return "EINVAL";
    }
    if (!Object.hasOwn(NUMBERS, param)) continue;
    const number = NUMBERS[param](value);
    if (typeof number === "string") return number;
    numbers[param] = Number(number);
  }
  if (!ledger.isInitialised) return "EINVAL";
  const { threshold = 0, max_pages: maxPages = Infinity, priority } = numbers;
  if (threshold >= ledger.table.hugeFrom) return "EINVAL";
  const first = priorityOf(ledger, algo, priority);
  if (first === undefined) return "EINVAL";
  // No other is left where none above it has an algorithm.
  const last = ledger.algorithms.findLastIndex((name) => name !== undefined);
  return { type, threshold, maxPages, first, end: first + 1, last: last + 1 };
}

/** The priority that is meant, if it has an algorithm, and the one that is named. */
function priorityOf(
  { algorithms }: ZramLedger,
  algo: string | undefined,
  priority: number | undefined,
): number | undefined {
  const found = priority ??
    (algo === undefined ? 1 : algorithms.indexOf(algo, 1));
  if (found < 1 || found > 3) return undefined;
  const name = algorithms[found];
  const isRight = name !== undefined && (algo === undefined || algo === name);
  return isRight ? found : undefined;
}
