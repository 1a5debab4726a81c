/** Recompression in the ledger. */
import { kstrtoull, nextArgs } from "../../linux/kstrtox.ts";
import type { ZramLedger } from "./ledger.ts";
import { IDLE, INCOMPRESSIBLE, OBJECT } from "./ledger_pages.ts";
import { readOneAlgorithm } from "./ledger_recompress_one.ts";
import { foundBySize, isOfType } from "./ledger_writeback.ts";

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

/** A text is written to `recompress`; returns the errno that must come. */
export function recompress(
  ledger: ZramLedger,
  text: string,
): string | undefined {
  const asked = ledger.profile.zram.recompressOrder === "one-by-size"
    ? readOneAlgorithm(ledger, text)
    : readRecompression(ledger, text);
  if (typeof asked === "string") return asked;
  const { pages, profile: { zram } } = ledger;
  const { type, threshold, end } = asked;
  if (zram.recompressOrder === "by-index") {
    recompressInOrder(ledger, asked);
    return undefined;
  }
  const all = [{ start: 0, end: pages.length, type }];
  const found = foundBySize(
    ledger,
    all,
    (page) =>
      (pages.marks[page] & INCOMPRESSIBLE) === 0 &&
      pages.priority[page] + 1 < end,
  );
  let left = asked.maxPages;
  for (const page of found) {
    if (left === 0) return undefined;
    if (pages.bytes[page] < threshold) continue;
    left--;
    recompressPage(ledger, page, asked);
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
function recompressInOrder(ledger: ZramLedger, asked: Recompression): void {
  const { pages } = ledger;
  let left = asked.maxPages;
  for (let page = 0; page < pages.length && left > 0; page++) {
    const isTried = isOfType(pages, page, asked.type) &&
      (pages.marks[page] & INCOMPRESSIBLE) === 0 &&
      pages.bytes[page] >= asked.threshold;
    if (!isTried) continue;
    pages.marks[page] &= ~IDLE;
    if (recompressOnce(ledger, page, asked)) left--;
  }
}

/** Tries a page's algorithms in turn; answers whether there were any. */
function recompressOnce(
  ledger: ZramLedger,
  page: number,
  { threshold, first, end }: Recompression,
): boolean {
  const { pages, memory, algorithms, table: { comparedOf } } = ledger;
  const contents = pages.contents[page];
  if (contents === undefined) return false;
  const lengths = algorithms.flatMap((name, priority) => {
    const isAsked = priority >= first && priority < end &&
      priority > pages.priority[page] && name !== undefined;
    if (!isAsked) return [];
    return [{ priority, length: ledger.lengthOf(contents, name) ?? 0 }];
  });
  // What is longer than a page is of the last class, as a page is.
  const compared = (length: number) =>
    comparedOf[Math.min(length, comparedOf.length - 1)];
  const old = compared(pages.bytes[page]);
  const isSmaller = ({ length }: { readonly length: number }) =>
    compared(length) < old;
  const good = lengths.find((one) =>
    isSmaller(one) && (threshold === 0 || one.length < threshold)
  );
  const last = lengths.at(-1);
  if (good !== undefined) {
    memory.add(good.length);
    memory.remove(pages.bytes[page]);
    pages.put(page, OBJECT, good.length);
    pages.priority[page] = good.priority;
  } else if (last !== undefined && !isSmaller(last)) {
    const others = ledger.activeCount - 1;
    if (lengths.length === others) pages.marks[page] |= INCOMPRESSIBLE;
  }
  return last !== undefined;
}

/** The first algorithm that puts a page in a smaller class, and below the threshold. */
function recompressPage(
  ledger: ZramLedger,
  page: number,
  { threshold, first, end, last }: Recompression,
): void {
  const { pages, memory, algorithms } = ledger;
  const { comparedOf } = ledger.table;
  const contents = pages.contents[page];
  pages.marks[page] &= ~IDLE;
  if (contents === undefined) return;
  const old = comparedOf[pages.bytes[page]];
  const from = Math.max(first, pages.priority[page] + 1);
  for (let priority = from; priority < end; priority++) {
    const name = algorithms[priority];
    const length = name === undefined
      ? undefined
      : ledger.lengthOf(contents, name);
    if (length === undefined || length > ledger.profile.pageSize) continue;
    const isBelow = threshold === 0 || length < threshold;
    if (!isBelow || comparedOf[length] >= old) continue;
    memory.add(length);
    memory.remove(pages.bytes[page]);
    pages.put(page, OBJECT, length);
    pages.priority[page] = priority;
    return;
  }
  if (end >= last) pages.marks[page] |= INCOMPRESSIBLE;
}
