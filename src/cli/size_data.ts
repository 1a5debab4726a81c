/** Data that is described rather than given: what its pages become. */
import { grouped } from "../report/table.ts";
import { readText } from "./text_file.ts";
import type { Measured } from "./measuring.ts";
import { UsageError } from "./usage.ts";

/** Pages that a description stands for. */
const DESCRIBED_PAGES = 1_000_000;
/** A ratio from which on two decimals do not show 1. */
const ABOVE_ONE = 1.005;

/**
 * A million pages that compress by `ratio`, of which a share is stored whole;
 * the others' lengths are spread evenly around their mean, as widely as they can
 * be. Refused where no pages are like that. `wholeFrom` is the length from which
 * on a page is stored whole.
 */
export function describedData(
  ratio: number,
  hugeShare: number,
  pageSize: number,
  wholeFrom: number,
): Measured {
  const lengths = new Float64Array(pageSize + 1);
  const huge = Math.round(hugeShare * DESCRIBED_PAGES);
  const rest = DESCRIBED_PAGES - huge;
  const bytes = DESCRIBED_PAGES * pageSize / ratio - huge * pageSize;
  const mean = Math.round(bytes / rest);
  lengths[pageSize] = huge;
  if (rest === 0 && ratio >= ABOVE_ONE) {
    throw new UsageError(
      `There are no such pages: all of them stored whole have a ratio of 1, not ${ratio}`,
    );
  }
  if (rest > 0 && !(mean >= 1 && mean < wholeFrom)) {
    throw new UsageError(
      `There are no such pages: with a ratio of ${ratio} and ${
        grouped(100 * hugeShare)
      }% stored whole, the others would have ${
        grouped(mean)
      } bytes each, not 1 to ${wholeFrom - 1}`,
    );
  }
  const reach = Math.min(mean, wholeFrom - mean) - 1;
  for (let nth = 0; nth < 2 * reach + 1; nth++) {
    const upTo = (part: number) => Math.floor(rest * part / (2 * reach + 1));
    lengths[mean - reach + nth] += rest === 0 ? 0 : upTo(nth + 1) - upTo(nth);
  }
  return { pages: DESCRIBED_PAGES, same: 0, lengths: [lengths] };
}

/**
 * Pages by lines of a compressed length and how many have it; a length of 0 is
 * of those that take no memory. Empty lines and what follows a # are left out.
 */
export function histogramData(path: string, pageSize: number): Measured {
  const lengths = new Float64Array(pageSize + 1);
  let [pages, same] = [0, 0];
  readText(path).split(/\r?\n/).forEach((line, nth) => {
    const text = line.replace(/#.*$/, "").trim();
    if (text === "") return;
    const [, length = NaN, count = NaN] =
      /^([0-9]+)\s+([0-9]+)$/.exec(text)?.map(Number) ?? [];
    if (!(length <= pageSize && count <= Number.MAX_SAFE_INTEGER)) {
      throw new UsageError(
        `${path}:${
          nth + 1
        }: '${text}' is not the bytes of a page, 0 to ${pageSize}, and how many have them`,
      );
    }
    if (length === 0) same += count;
    else lengths[length] += count;
    pages += count;
  });
  if (pages > 0 && pages <= Number.MAX_SAFE_INTEGER) {
    return { pages, same, lengths: [lengths] };
  }
  throw new UsageError(`Cannot size by '${path}': it has no pages`);
}
