/** The contract's rules that the numbers of one `mm_stat` can break alone. */
import { ZRAM_CONTRACT as RULES } from "../judges/zram/contract_rules.ts";
import type { MmStat } from "../zram/stat.ts";
import { grouped } from "../report/table.ts";
import type { Rule } from "../rules/rule.ts";
import { broken, type BrokenRule, type ExplainContext } from "./explanation.ts";
import {
  isAboveMax,
  releasesOfCount,
  releasesOfMmStat,
} from "./mm_stat_text.ts";
import { releaseNumber, spanHas } from "./release_span.ts";

/** The most pages of a zspage that a kernel can be built with. */
const MOST_CHAIN_SIZE = 16;

type Whole = Readonly<MmStat>;

/** Whether same-filled pages are among those stored: as far as that is known. */
function objectsAtMost(count: number, stat: Whole, pageSize: number): number {
  const stored = Math.floor(stat.orig_data_size / pageSize);
  // Seven numbers may be of a kernel that does not count them there.
  return count === 7 ? stored : Math.max(0, stored - stat.same_pages);
}

/** A number that is not between its bounds. */
function outside(
  rule: Rule,
  name: keyof MmStat,
  stat: Whole,
  least: number,
  most: number,
  why: string,
): BrokenRule | undefined {
  const value = stat[name];
  if (value >= least && value <= most) return undefined;
  const bound = value < least
    ? `at least ${grouped(least)}`
    : `at most ${grouped(most)}`;
  return broken(
    rule,
    `${name} ${bound}, ${why}`,
    grouped(value),
  );
}

/** Sizes that are no whole pages. */
function brokenPages(stat: Whole, pageSize: number): BrokenRule[] {
  const sizes: readonly (readonly [keyof MmStat, Rule])[] = [
    ["orig_data_size", RULES.origDataSize],
    ["mem_used_total", RULES.memUsedTotal],
    ["mem_limit", RULES.memLimit],
    ["mem_used_max", RULES.memUsedMax],
  ];
  return sizes.flatMap(([name, rule]) => {
    const value = stat[name];
    if (value % pageSize === 0) return [];
    const expected = `${name} in whole pages of ${grouped(pageSize)} bytes`;
    const fits = [4096, 8192, 16384, 32768].findLast((one) =>
      value % one === 0
    );
    const hint = fits !== undefined && fits < pageSize
      ? `, pages of ${grouped(fits)}`
      : "";
    return [broken(rule, expected, grouped(value) + hint)];
  });
}

/** The rules that numbers break; `count` is how many the text has. */
export function brokenByMmStat(
  stat: Whole,
  count: number,
  { pageSize, profile }: ExplainContext,
): BrokenRule[] {
  const objects = objectsAtMost(count, stat, pageSize);
  const { huge_pages: huge, compr_data_size: compressed } = stat;
  const chainSize = profile?.chainSize ?? MOST_CHAIN_SIZE;
  const bounds = [
    outside(
      RULES.comprDataSize,
      "compr_data_size",
      stat,
      huge * pageSize,
      objects * pageSize,
      "a whole page for each huge one, at most one for each stored",
    ),
    outside(
      RULES.memUsedTotal,
      "mem_used_total",
      stat,
      compressed,
      objects * chainSize * pageSize,
      "what compr_data_size needs, at most a zspage for each object",
    ),
    count === 7 ? undefined : outside(
      RULES.samePages,
      "same_pages",
      stat,
      0,
      Math.floor(stat.orig_data_size / pageSize),
      "as they are among the pages stored since 4.14",
    ),
    outside(
      RULES.hugePages,
      "huge_pages",
      stat,
      0,
      objects,
      "the pages that take memory",
    ),
    count < 9 ? undefined : outside(
      RULES.hugePages,
      "huge_pages_since",
      stat,
      huge,
      Infinity,
      "as those that are there were stored",
    ),
    brokenMaximum(stat, count),
  ];
  return [
    ...brokenPages(stat, pageSize),
    ...bounds.filter((one) => one !== undefined),
    ...brokenCount(stat, count, pageSize, profile?.release.name),
  ];
}

/** The maximum is below what is used: only recompression, since 6.2, does that. */
function brokenMaximum(stat: Whole, count: number): BrokenRule | undefined {
  if (!isAboveMax(stat) || count === 9) return undefined;
  return outside(
    RULES.memUsedMax,
    "mem_used_max",
    stat,
    stat.mem_used_total,
    Infinity,
    "what is used now",
  );
}

/** A kernel that is named shows another number of numbers, or others. */
function brokenCount(
  stat: Whole,
  count: number,
  pageSize: number,
  release: string | undefined,
): BrokenRule[] {
  if (release === undefined) return [];
  const number = releaseNumber(release);
  if (spanHasNot(releasesOfCount(count), number)) {
    const right = [7, 8, 9].filter((one) =>
      !spanHasNot(releasesOfCount(one), number)
    );
    const expected = right.length === 0
      ? `no mm_stat in ${release}, which came with 4.1`
      : `${right[0]} numbers of ${release}`;
    return [broken(RULES.texts, expected, `${count}`)];
  }
  if (!spanHasNot(releasesOfMmStat(count, stat, pageSize), number)) return [];
  return [
    broken(
      RULES.memUsedMax,
      `mem_used_max at least ${grouped(stat.mem_used_total)} in ${release}`,
      grouped(stat.mem_used_max),
    ),
  ];
}

const spanHasNot = (
  releases: ReturnType<typeof releasesOfCount>,
  number: string,
) => releases === undefined || !spanHas(releases, number);
