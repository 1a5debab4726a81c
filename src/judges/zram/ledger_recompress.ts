/** Recompression in the ledger. */
import { kstrtoull, nextArgs } from "../../linux/kstrtox.ts";
import type { ZramLedger } from "./ledger.ts";
import { IDLE, INCOMPRESSIBLE } from "./ledger_pages.ts";
import { readOneAlgorithm } from "./ledger_recompress_one.ts";
import {
  foundBySize,
  isOfType,
  nobody,
  type Waits,
} from "./ledger_writeback.ts";

/** What is asked for. */
export interface Recompression {
  /** A type of pages, or none. */
  readonly type: string;
  /** Bytes that an object must have, and a new one must not; 0 is none. */
  readonly threshold: number;
  /** The first priority to try. */
  readonly first: number;
  /** One more than the last. */
  readonly end: number;
  /** One more than that which leaves no other to be tried. */
  readonly last: number;
  /** Pages to try. */
  readonly maxPages: number;
}

const TYPES = ["idle", "huge", "huge_idle"];

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
  waits: Waits = nobody,
): string | undefined {
  const asked = ledger.profile.zram.recompressOrder === "one-by-size"
    ? readOneAlgorithm(ledger, text)
    : readRecompression(ledger, text);
  if (typeof asked === "string") return asked;
  // A page for the while of it.
  if (ledger.memory.hold() === false) return "ENOMEM";
  const isByIndex = ledger.profile.zram.recompressOrder === "by-index";
  const recompressAll = isByIndex ? recompressInOrder : recompressFound;
  const errno = recompressAll(ledger, asked, found === "ENOMEM", waits);
  ledger.memory.release();
  ledger.waiting.clear();
  return errno;
}

/** The pages that are asked for, the largest first. */
function recompressFound(
  ledger: ZramLedger,
  asked: Recompression,
  isRefused: boolean,
  waits: Waits,
): string | undefined {
  const { pages, waiting } = ledger;
  const { type, threshold, end } = asked;
  const all = [{ start: 0, end: pages.length, type }];
  const found = foundBySize(
    ledger,
    all,
    (page) =>
      (pages.marks[page] & INCOMPRESSIBLE) === 0 &&
      pages.priority[page] + 1 < end,
  );
  found.forEach((page) => waiting.add(page));
  let left = asked.maxPages;
  for (const page of found) {
    if (left === 0) return undefined;
    // Who was freed meanwhile waits no longer.
    if (waiting.has(page) && pages.bytes[page] >= threshold) {
      left--;
      ledger.locked = page;
      const errno = recompressPage(ledger, page, asked, isRefused, waits);
      ledger.locked = undefined;
      if (errno !== undefined) return errno;
    }
    waiting.delete(page);
    waits();
  }
}

/** Reads the text: EINVAL for a parameter without a value, and much else. */
function readRecompression(
  ledger: ZramLedger,
  text: string,
): Recompression | string {
  const read: Record<string, string> = {};
  const numbers: Record<string, number> = {};
  const bits: Record<string, number> = {
    max_pages: 64,
    threshold: 32,
    priority: 32,
  };
  for (const { param, value = "" } of nextArgs(text)) {
    if (value === "") return "EINVAL";
    if (!Object.hasOwn(bits, param)) {
      // An unknown type changes nothing.
      if (param !== "type" || TYPES.includes(value)) read[param] = value;
      continue;
    }
    const number = kstrtoull(value, bits[param]);
    if (typeof number === "string") return number;
    numbers[param] = Number(number);
  }
  if (!ledger.isInitialised) return "EINVAL";
  const { threshold = 0, max_pages: maxPages = Infinity } = numbers;
  if (threshold >= ledger.table.hugeFrom) return "EINVAL";
  const isByIndex = ledger.profile.zram.recompressOrder === "by-index";
  const priorities = isByIndex
    ? prioritiesInOrder(ledger, read.algo, numbers.priority)
    : prioritiesOf(ledger, read.algo, numbers.priority);
  if (priorities === undefined) return "EINVAL";
  const last = ledger.activeCount;
  return { type: read.type ?? "", threshold, maxPages, last, ...priorities };
}

/** The priorities to try; `undefined` where there are none. */
function prioritiesOf(
  { algorithms, activeCount }: ZramLedger,
  algo: string | undefined,
  priority: number | undefined,
): { first: number; end: number } | undefined {
  const from = Math.max(priority ?? 1, 1);
  const first = algo === undefined ? from : algorithms.indexOf(algo, from);
  const isOne = algo !== undefined || priority !== undefined;
  const end = Math.min(isOne ? first + 1 : activeCount, activeCount);
  return first < 0 || first >= end ? undefined : { first, end };
}

/** Likewise of 6.12, where a range may hold no algorithm, or be none. */
function prioritiesInOrder(
  { algorithms }: ZramLedger,
  algo: string | undefined,
  priority: number | undefined,
): { first: number; end: number } | undefined {
  const from = Math.max(priority ?? 1, 1);
  if (algo !== undefined) {
    const first = algorithms.indexOf(algo, from);
    return first < 0 ? undefined : { first, end: first + 1 };
  }
  return { first: from, end: priority === undefined ? 4 : from + 1 };
}

/** 6.12: pages by number, of which those count that an algorithm was tried on. */
function recompressInOrder(
  ledger: ZramLedger,
  asked: Recompression,
  isRefused: boolean,
  waits: Waits,
): string | undefined {
  const { pages } = ledger;
  let left = asked.maxPages;
  for (let page = 0; page < pages.length && left > 0; page++) {
    const isTried = isOfType(pages, page, asked.type) &&
      (pages.marks[page] & INCOMPRESSIBLE) === 0 &&
      pages.bytes[page] >= asked.threshold;
    if (isTried) {
      pages.marks[page] &= ~IDLE;
      const came = recompressOnce(ledger, page, asked, isRefused);
      if (came === "refused") return "ENOMEM";
      if (came === "failed") return "EINVAL";
      if (came === "tried") left--;
    }
    waits();
  }
}

/** Tries a page's algorithms in turn. */
function recompressOnce(
  ledger: ZramLedger,
  page: number,
  { threshold, first, end }: Recompression,
  isRefused: boolean,
): "tried" | "untried" | "refused" | "failed" {
  const { pages, algorithms, table: { comparedOf } } = ledger;
  const contents = pages.contents[page];
  if (contents === undefined) return "untried";
  const lengths = algorithms.flatMap((name, priority) => {
    const isAsked = priority >= first && priority < end &&
      priority > pages.priority[page] && name !== undefined;
    if (!isAsked) return [];
    return [{ priority, length: ledger.lengthBy(priority, contents) ?? 0 }];
  });
  // What is longer than a page is of the last class, as a page is.
  const compared = (length: number) =>
    comparedOf[Math.min(length, comparedOf.length - 1)];
  const old = compared(pages.bytes[page]);
  const isSmaller = ({ length }: { readonly length: number }) =>
    compared(length) < old;
  const good = lengths.find((one) =>
    one.length === 0 ||
    isSmaller(one) && (threshold === 0 || one.length < threshold)
  );
  if (good?.length === 0) return "failed";
  const last = lengths.at(-1);
  if (good !== undefined) {
    const { length, priority } = good;
    const isHad = ledger.replace(page, length, priority, isRefused);
    if (!isHad) return "refused";
  } else if (last !== undefined && !isSmaller(last)) {
    const others = ledger.activeCount - 1;
    if (lengths.length === others) pages.marks[page] |= INCOMPRESSIBLE;
  }
  return last === undefined ? "untried" : "tried";
}

/**
 * The first algorithm that puts a page in a smaller class, and below the
 * threshold. Answers the errno where one fails, or there is no memory for what it
 * makes.
 */
function recompressPage(
  ledger: ZramLedger,
  page: number,
  { threshold, first, end, last }: Recompression,
  isRefused: boolean,
  waits: Waits,
): string | undefined {
  const { pages, table: { comparedOf } } = ledger;
  const contents = pages.contents[page];
  pages.marks[page] &= ~IDLE;
  if (contents === undefined) return undefined;
  const old = comparedOf[pages.bytes[page]];
  const from = Math.max(first, pages.priority[page] + 1);
  for (let priority = from; priority < end; priority++) {
    const length = ledger.lengthBy(priority, contents);
    if (length === undefined || length > ledger.profile.pageSize) continue;
    if (length === 0) return "EINVAL";
    const isBelow = threshold === 0 || length < threshold;
    if (!isBelow || comparedOf[length] >= old) continue;
    waits();
    return ledger.replace(page, length, priority, isRefused)
      ? undefined
      : "ENOMEM";
  }
  if (end >= last) pages.marks[page] |= INCOMPRESSIBLE;
  return undefined;
}
