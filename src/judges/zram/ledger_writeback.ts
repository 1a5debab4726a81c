/** Writeback in the ledger: which pages, in which order, and what comes of it. */
import { argumentsOf, lineOf, wholeNumber } from "../texts.ts";
import { ledgerFacts } from "./kernel_facts.ts";
import type { ZramLedger } from "./ledger.ts";
import { writeInBatches } from "./ledger_batches.ts";
import {
  IDLE,
  INCOMPRESSIBLE,
  type LedgerPages,
  NOWHERE,
  WHOLE,
} from "./ledger_pages.ts";

/** Pages from `start` up to but not including `end`, of a type. */
export interface Selected {
  /** The first page. */
  readonly start: number;
  /** One more than the last. */
  readonly end: number;
  /** `idle`, `huge`, `huge_idle` or `incompressible`; any where it is empty. */
  readonly type: string;
}

/** The pages of a selection, of any type. */
function numbersOf({ start, end }: Selected): number[] {
  return Array.from({ length: end - start }, (_, nth) => start + nth);
}

/** Called wherever writeback waits. */
export type Waits = () => void;

/**
 * A text is written to `writeback`; `found` is the errno that came. `waits` is
 * called wherever others may run. Returns the errno that must come.
 */
export function writeback(
  ledger: ZramLedger,
  text: string,
  found: string | undefined,
  waits: Waits = () => {},
): string | undefined {
  const isByIndex = ledger.profile.zram.writebackOrder === "by-index";
  if (!isByIndex && !ledger.isInitialised) return "EINVAL";
  if (!isByIndex && ledger.backingPath === undefined) return "ENODEV";
  if (ledger.writesInBatches) return writeInBatches(ledger, text, waits);
  const selected = isByIndex ? readOld(ledger, text) : readNew(ledger, text);
  if (typeof selected === "string") return selected;
  // A page for the while of it.
  if (!ledger.memory.hold(found === "ENOMEM")) return "ENOMEM";
  const errno = isByIndex
    ? writeByIndex(ledger, selected, waits)
    : writeBySize(ledger, selected, waits);
  ledger.memory.release();
  return errno;
}

/** What kernels up to 6.12 are asked for: a type, or one page. */
function readOld(ledger: ZramLedger, text: string): Selected[] | string {
  const { pages, profile: { wordBits, zram } } = ledger;
  const type = zram.writebackTypes.find((one) => one === lineOf(text));
  const index = zram.writebackPages === "one"
    ? /^page_index=([^]*)$/.exec(text)?.[1]
    : undefined;
  if (type === undefined && index === undefined) return "EINVAL";
  const page = index === undefined
    ? 0n
    : wholeNumber(index, { bits: wordBits, signed: true });
  if (typeof page === "string" || !ledger.isInitialised) return "EINVAL";
  const isOutside = page < 0n || page >= BigInt(pages.length);
  // Of those that take an index, 6.12 alone does not look for a device first.
  const looksFirst = ledgerFacts(ledger.profile).looksForDevice;
  if (looksFirst && ledger.backingPath === undefined) return "ENODEV";
  if (isOutside) return "EINVAL";
  if (ledger.backingPath === undefined) return "ENODEV";
  if (type !== undefined) return [{ start: 0, end: pages.length, type }];
  return [{ start: Number(page), end: Number(page) + 1, type: "" }];
}

/** What is asked for since 6.16: pages and ranges, and a type of the last. */
export function readNew(ledger: ZramLedger, text: string): Selected[] | string {
  const selected: Selected[] = [];
  let last = { start: 0, end: ledger.pages.length };
  for (const [param, value = ""] of argumentsOf(text)) {
    const type = value === "" ? param : param === "type" ? value : undefined;
    if (type !== undefined) {
      const { writebackTypes } = ledger.profile.zram;
      if (!writebackTypes.includes(type)) return "EINVAL";
      return [...selected, { ...last, type }];
    }
    if (param !== "page_index" && param !== "page_indexes") continue;
    const range = readRange(ledger, param, value);
    if (typeof range === "string") return range;
    last = range;
    selected.push({ ...range, type: "" });
  }
  return selected;
}

function readRange(
  { profile, pages }: ZramLedger,
  param: "page_index" | "page_indexes",
  value: string,
): { start: number; end: number } | string {
  const dash = value.indexOf("-");
  if (param === "page_indexes" && dash < 0) return "EINVAL";
  const texts = param === "page_index"
    ? [value]
    : [value.slice(0, dash), value.slice(dash + 1)];
  const numbers: number[] = [];
  for (const one of texts) {
    const page = wholeNumber(one, { bits: profile.wordBits });
    if (typeof page === "string") return page;
    if (page >= BigInt(pages.length)) return "ERANGE";
    numbers.push(Number(page));
  }
  const [start, last = start] = numbers;
  return last < start ? "ERANGE" : { start, end: last + 1 };
}

/** Whether a page in the pool is of a type. */
export function isOfType(
  pages: LedgerPages,
  page: number,
  type: string,
): boolean {
  if (!pages.isInPool(page)) return false;
  const marks = pages.marks[page];
  if (type.includes("idle") && (marks & IDLE) === 0) return false;
  if (type.includes("huge") && pages.place[page] !== WHOLE) return false;
  return type !== "incompressible" || (marks & INCOMPRESSIBLE) !== 0;
}

/** Whether the limit lets no page through. */
function isExhausted({ wbLimitEnable, wbLimit }: ZramLedger): boolean {
  return wbLimitEnable && wbLimit === 0n;
}

/** Takes a page off the limit, in 64 bits. */
export function charge(ledger: ZramLedger): void {
  if (!ledger.wbLimitEnable || ledger.wbLimit === 0n) return;
  const units = BigInt(ledger.profile.pageSize / 4096);
  ledger.wbLimit = (ledger.wbLimit - units + 2n ** 64n) % 2n ** 64n;
}

/** What came of a page: it has the block, was left, or the device failed. */
type Came = "used" | "left" | "failed";

/**
 * Goes through pages, a block taken before each is looked at, and answers the
 * errno. `first` is called before it is taken.
 */
export function writeEach(
  ledger: ZramLedger,
  pages: Iterable<number>,
  write: (page: number, block: number) => Came,
  first: () => void = () => {},
): string | undefined {
  const { blocks, profile: { zram } } = ledger;
  let block: number | undefined;
  let errno: string | undefined;
  for (const page of pages) {
    if (isExhausted(ledger)) {
      errno = "EIO";
      break;
    }
    first();
    block ??= blocks.take();
    if (block === undefined) return "ENOSPC";
    const came = write(page, block);
    if (came === "failed") errno = "EIO";
    if (came === "used") block = undefined;
  }
  if (block === undefined) return errno;
  if (zram.unusedBlock === "given-back") blocks.give(block);
  else ledger.lostBlocks++;
  return errno;
}

/** A page that was not accessed meanwhile is on a block now. */
function leaves(ledger: ZramLedger, page: number, block: number): Came {
  ledger.writeBack(page, block);
  charge(ledger);
  return "used";
}

/** By number, as they are found: whoever accesses a page takes its mark away. */
function writeByIndex(
  ledger: ZramLedger,
  [selected]: readonly Selected[],
  waits: Waits,
): string | undefined {
  const { pages, profile: { zram } } = ledger;
  return writeEach(ledger, numbersOf(selected), (page, block) => {
    if (!isOfType(pages, page, selected.type)) return "left";
    pages.marks[page] |= IDLE;
    if (zram.writebackReads === "unlocked") waits();
    const isTaken = ledger.writeBlock(block);
    waits();
    const isMarked = (pages.marks[page] & IDLE) !== 0;
    if (isTaken && isMarked && pages.place[page] !== NOWHERE) {
      return leaves(ledger, page, block);
    }
    pages.marks[page] &= ~IDLE;
    return isTaken ? "left" : "failed";
  });
}

/** The largest first; one that was accessed since it was found is left. */
function writeBySize(
  ledger: ZramLedger,
  selected: readonly Selected[],
  waits: Waits,
): string | undefined {
  const { waiting } = ledger;
  const found = foundBySize(ledger, selected);
  found.forEach((page) => waiting.add(page));
  const errno = writeEach(ledger, found, (page, block) => {
    let came: Came = "left";
    if (waiting.has(page)) {
      const isTaken = ledger.writeBlock(block);
      waits();
      if (!isTaken) came = "failed";
      else if (waiting.has(page)) came = leaves(ledger, page, block);
    }
    waiting.delete(page);
    waits();
    return came;
  });
  waiting.clear();
  return errno;
}

/** Bytes of size that make no difference. */
const BUCKET = 64;

/**
 * The pages of selections, those with the most bytes first, then those that
 * were found last. A page may be there more than once.
 */
export function foundBySize(
  { pages }: ZramLedger,
  selected: readonly Selected[],
): number[] {
  const bucketOf = (page: number) => Math.floor(pages.bytes[page] / BUCKET);
  return selected
    .flatMap((one) =>
      numbersOf(one).filter((page) => isOfType(pages, page, one.type))
    )
    .reverse()
    .sort((one, other) => bucketOf(other) - bucketOf(one));
}
