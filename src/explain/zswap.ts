/** What is said of zswap: its counters, parameters and the lines of /proc. */
import { grouped } from "../report/table.ts";
import { ZSWAP_INVARIANTS } from "../zswap/invariants.ts";
import {
  broken,
  type BrokenRule,
  type ExplainContext,
  type Explanation,
  ruleNamed,
} from "./explanation.ts";
import type { FileText } from "./facts.ts";
import { groupedNumeral, isNumeral } from "./numeral.ts";
import { ANY_RELEASE, narrowed, type ReleaseSpan } from "./release_span.ts";
import { mistakenOfZswap, zswapFollows } from "./zswap_follows.ts";
import { MEMINFO, ZSWAP_MEANINGS } from "./zswap_meanings.ts";

/** A number of zswap's by its name; of meminfo in bytes. */
export type ZswapNumbers = ReadonlyMap<string, number>;

/** Explains what there is; `undefined` where nothing is zswap's own. */
export function explainZswap(
  files: ReadonlyMap<string, FileText>,
  context: ExplainContext,
): Explanation | undefined {
  const names = [...files.keys()];
  const isZswaps = names.some((name) =>
    !Object.hasOwn(MEMINFO, name) && !name.startsWith("pswp") ||
    name.startsWith("Zswap")
  );
  if (!isZswaps) return undefined;
  const numbers = numbersOf(files);
  const texts = new Map(
    [...files].map(([name, { text }]) => [name, text.trim()]),
  );
  return {
    kind: "zswap",
    line: Math.min(...[...files.values()].map(({ line }) => line)),
    title: "counters and parameters",
    numbers: [...files].map(([name, { text }]) => ({
      name,
      value: shown(text.trim()),
      ...ZSWAP_MEANINGS[name],
    })),
    follows: zswapFollows(numbers, texts, context),
    broken: brokenByZswap(numbers, context),
    mistaken: mistakenOfZswap(numbers),
    releases: releasesOf(names) ?? null,
  };
}

function shown(text: string): string {
  const word = text.replace(/ kB$/, "");
  return isNumeral(word) ? groupedNumeral(word) : text;
}

function numbersOf(files: ReadonlyMap<string, FileText>): ZswapNumbers {
  const numbers = new Map<string, number>();
  for (const [name, { text }] of files) {
    const word = text.trim().replace(/ kB$/, "");
    if (!isNumeral(word)) continue;
    const unit = Object.hasOwn(MEMINFO, name) ? 1024 : 1;
    numbers.set(name, Number(word) * unit);
  }
  return numbers;
}

function releasesOf(names: readonly string[]): ReleaseSpan | undefined {
  let releases: ReleaseSpan | undefined = ANY_RELEASE;
  for (const name of names) {
    if (releases === undefined) return undefined;
    releases = narrowed(releases, ZSWAP_MEANINGS[name].releases);
  }
  return releases;
}

const COUNTERS = ruleNamed(ZSWAP_INVARIANTS, "zswap/counters");
const TOTAL_SIZE = ruleNamed(ZSWAP_INVARIANTS, "zswap/pool-total-size");

/** The rules that counters break. */
function brokenByZswap(
  numbers: ZswapNumbers,
  { pageSize }: ExplainContext,
): BrokenRule[] {
  const found: BrokenRule[] = [];
  const stored = numbers.get("stored_pages");
  for (const name of ["same_filled_pages", "stored_incompressible_pages"]) {
    const part = numbers.get(name);
    if (part === undefined || stored === undefined || part <= stored) continue;
    const expected = `${name} at most the ${grouped(stored)} of stored_pages`;
    found.push(broken(COUNTERS, expected, grouped(part)));
  }
  const size = numbers.get("pool_total_size");
  if (size !== undefined && size % pageSize !== 0) {
    const expected = `pool_total_size in whole pages of ${
      grouped(pageSize)
    } bytes`;
    found.push(broken(TOTAL_SIZE, expected, grouped(size)));
  }
  return found;
}
