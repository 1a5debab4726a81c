/** Recompression in the ledger. */
import type { ZramProfile } from "../../linux/zram_profile.ts";
import { argumentsOf, wholeNumber } from "../texts.ts";
import type { ZramLedger } from "./ledger.ts";
import { IDLE, INCOMPRESSIBLE } from "./ledger_pages.ts";
import { foundBySize, isOfType, type Waits } from "./ledger_writeback.ts";

/** The algorithms to try. */
interface Priorities {
  /** The first priority. */
  readonly first: number;
  /** One more than the last. */
  readonly end: number;
  /** One more than that which leaves no other to be tried. */
  readonly last: number;
}

/** What is asked for. */
interface Recompression extends Priorities {
  /** A type of pages, or none. */
  readonly type: string;
  /** Bytes that an object must have, and a new one must not; 0 is none. */
  readonly threshold: number;
  /** Pages to try. */
  readonly maxPages: number;
}

const TYPES = ["idle", "huge", "huge_idle"];

/** Bits of the parameters that are numbers. */
const BITS: Readonly<Record<string, number>> = {
  max_pages: 64,
  threshold: 32,
  priority: 32,
};

/** How many pages a text lets `recompress` try at the most. */
export function mostTried(ledger: ZramLedger, text: string): number {
  const asked = readRecompression(ledger, text);
  return typeof asked === "string" ? 0 : asked.maxPages;
}

/**
 * A text is written to `recompress`; `found` is the errno that came. `waits` is
 * called wherever others may run. Returns the errno that must come.
 */
export function recompress(
  ledger: ZramLedger,
  text: string,
  found: string | undefined,
  waits: Waits = () => {},
): string | undefined {
  const asked = readRecompression(ledger, text);
  if (typeof asked === "string") return asked;
  // A page for the while of it.
  if (!ledger.memory.hold()) return "ENOMEM";
  const errno = recompressAll(ledger, asked, found === "ENOMEM", waits);
  ledger.memory.release();
  ledger.waiting.clear();
  return errno;
}

/** Reads the text: EINVAL for a parameter without a value, and much else. */
function readRecompression(
  ledger: ZramLedger,
  text: string,
): Recompression | string {
  const order = ledger.profile.zram.recompressOrder;
  const isOne = order === "one-by-size";
  let type = "";
  let algo: string | undefined;
  const numbers: Record<string, number> = {};
  for (const [param, value = ""] of argumentsOf(text)) {
    if (value === "") return "EINVAL";
    if (param === "algo") algo = value;
    if (param === "type") {
      // An unknown type changes nothing, or (since 7.1) that there is none.
      if (TYPES.includes(value)) type = value;
      else if (isOne && type === "") return "EINVAL";
    }
    if (!Object.hasOwn(BITS, param)) continue;
    const signed = isOne && param === "priority";
    const number = wholeNumber(value, { bits: BITS[param], signed });
    if (typeof number === "string") return number;
    numbers[param] = Number(number);
  }
  const { threshold = 0, max_pages: maxPages = Infinity, priority } = numbers;
  if (!ledger.isInitialised || threshold >= ledger.table.hugeFrom) {
    return "EINVAL";
  }
  const priorities = PRIORITIES[order](ledger, algo, priority);
  return priorities === undefined
    ? "EINVAL"
    : { type, threshold, maxPages, ...priorities };
}

/** The priorities that a name and a priority stand for; `undefined` where there are none. */
const PRIORITIES: Readonly<
  Record<
    ZramProfile["recompressOrder"],
    (
      ledger: ZramLedger,
      algo: string | undefined,
      priority: number | undefined,
    ) => Priorities | undefined
  >
> = {
  "by-size"({ algorithms, activeCount }, algo, priority) {
    const from = Math.max(priority ?? 1, 1);
    const first = algo === undefined ? from : algorithms.indexOf(algo, from);
    const isOne = algo !== undefined || priority !== undefined;
    const end = Math.min(isOne ? first + 1 : activeCount, activeCount);
    if (first < 0 || first >= end) return undefined;
    return { first, end, last: activeCount };
  },
  // A range may hold no algorithm, or be none.
  "by-index"({ algorithms, activeCount }, algo, priority) {
    const from = Math.max(priority ?? 1, 1);
    const first = algo === undefined ? from : algorithms.indexOf(algo, from);
    const isOne = algo !== undefined || priority !== undefined;
    if (first < 0) return undefined;
    return { first, end: isOne ? first + 1 : 4, last: activeCount };
  },
  // It must have an algorithm, and the one that is named.
  "one-by-size"({ algorithms }, algo, priority) {
    const first = priority ??
      (algo === undefined ? 1 : algorithms.indexOf(algo, 1));
    const name = first < 1 || first > 3 ? undefined : algorithms[first];
    if (name === undefined || name !== (algo ?? name)) return undefined;
    // No other is left where none above it has an algorithm.
    const last = algorithms.findLastIndex((other) => other !== undefined) + 1;
    return { first, end: first + 1, last };
  },
};

/**
 * Tries the pages that are asked for: by number as they are found, of which
 * those count that an algorithm was tried on (6.12); or those found beforehand,
 * the largest first.
 */
function recompressAll(
  ledger: ZramLedger,
  asked: Recompression,
  isRefused: boolean,
  waits: Waits,
): string | undefined {
  const { pages, waiting, profile: { zram } } = ledger;
  const isByIndex = zram.recompressOrder === "by-index";
  if (!isByIndex) findPages(ledger, asked);
  let left = asked.maxPages;
  for (const page of isByIndex ? pages.place.keys() : [...waiting]) {
    if (left === 0) return undefined;
    // Who was freed meanwhile waits no longer.
    const isThere = isByIndex
      ? isOfType(pages, page, asked.type) && isCompressible(ledger, page)
      : waiting.has(page);
    if (isThere && pages.bytes[page] >= asked.threshold) {
      ledger.locked = page;
      const tried = recompressPage(ledger, page, asked, isRefused, waits);
      ledger.locked = undefined;
      if (typeof tried === "string") return tried;
      if (tried > 0 || !isByIndex) left--;
    }
    waiting.delete(page);
    waits();
  }
}

/** Has those wait that are asked for, the largest first. */
function findPages(ledger: ZramLedger, { type, end }: Recompression): void {
  const { pages, waiting } = ledger;
  const all = [{ start: 0, end: pages.length, type }];
  for (const page of foundBySize(ledger, all)) {
    const isLeft = pages.priority[page] + 1 < end;
    if (isLeft && isCompressible(ledger, page)) waiting.add(page);
  }
}

function isCompressible({ pages }: ZramLedger, page: number): boolean {
  return (pages.marks[page] & INCOMPRESSIBLE) === 0;
}

/**
 * The first algorithm that puts a page in a smaller class, and below the
 * threshold. Answers how many were tried; the errno where one fails, or there is
 * no memory for what it makes.
 */
function recompressPage(
  ledger: ZramLedger,
  page: number,
  { threshold, first, end, last }: Recompression,
  isRefused: boolean,
  waits: Waits,
): number | string {
  const { activeCount, pages, profile, table: { comparedOf } } = ledger;
  const isByIndex = profile.zram.recompressOrder === "by-index";
  const contents = pages.contents[page];
  pages.marks[page] &= ~IDLE;
  if (contents === undefined) return 0;
  const old = comparedOf[pages.bytes[page]];
  let tried = 0;
  let isSmaller = false;
  const from = Math.max(first, pages.priority[page] + 1);
  for (let priority = from; priority < end; priority++) {
    const length = ledger.lengthBy(priority, contents);
    if (length === undefined) continue;
    if (length === 0) return "EINVAL";
    tried++;
    // What is longer than a page is of the last class, as a page is.
    isSmaller = comparedOf[Math.min(length, profile.pageSize)] < old;
    if (!isSmaller || (threshold !== 0 && length >= threshold)) continue;
    if (!isByIndex) waits();
    const isHad = ledger.replace(page, length, priority, isRefused);
    return isHad ? tried : "ENOMEM";
  }
  const isLast = isByIndex
    ? tried > 0 && tried === activeCount - 1 && !isSmaller
    : end >= last;
  if (isLast) pages.marks[page] |= INCOMPRESSIBLE;
  return tried;
}
