/** `mm_stat` as it is read: its numbers by name. */
import { MM_STAT_FIELDS, type MmStat } from "../zram/stat.ts";
import { narrowed, type ReleaseSpan, span } from "./release_span.ts";

/** The numbers of `mm_stat` that a text has; one may be known by half. */
export interface ReadMmStat {
  /** Those that have a name, in the text's order, as they stand there. */
  readonly texts: ReadonlyMap<keyof MmStat, string>;
  /** What stands behind them. */
  readonly others: readonly string[];
  /** Them as numbers. */
  readonly values: Partial<MmStat>;
}

/** Reads the numbers of a line. */
export function readMmStat(numerals: readonly string[]): ReadMmStat {
  const texts = new Map<keyof MmStat, string>();
  const values: Partial<MmStat> = {};
  for (const [nth, field] of MM_STAT_FIELDS.entries()) {
    if (nth >= numerals.length) break;
    texts.set(field, numerals[nth]);
    values[field] = Number(numerals[nth]);
  }
  return { texts, others: numerals.slice(texts.size), values };
}

/** Which releases show so many numbers, the last one that is known being 7.3. */
export function releasesOfCount(count: number): ReleaseSpan | undefined {
  if (count === 7) return span("4.1", "4.17");
  if (count === 8) return span("4.18", "5.10");
  return count === 9 ? span("5.11") : undefined;
}

/**
 * Which releases numbers can be of: by how many there are, and by what only
 * some releases let them be.
 */
export function releasesOfMmStat(
  count: number,
  values: Partial<MmStat>,
  pageSize: number,
): ReleaseSpan | undefined {
  let releases = releasesOfCount(count);
  const { orig_data_size = 0, same_pages = 0 } = values;
  // Pages of zeros are not in orig_data_size up to 4.13.
  if (
    releases !== undefined && count === 7 &&
    same_pages * pageSize > orig_data_size
  ) {
    releases = narrowed(releases, span("", "4.13"));
  }
  // Recompression alone takes memory and does not look at the maximum.
  if (releases !== undefined && isAboveMax(values)) {
    releases = narrowed(releases, span("6.2")) ?? releases;
  }
  return releases;
}

/** Whether more is used than the maximum says. */
export function isAboveMax(
  { mem_used_total, mem_used_max }: Partial<MmStat>,
): boolean {
  return mem_used_total !== undefined && mem_used_max !== undefined &&
    mem_used_total > mem_used_max;
}
