/** What a device must say of itself, kept from what was asked of it. */
import type { Profile } from "../linux/profile.ts";
import type { Rule } from "../rules/invariant.ts";
import { MM_STAT_FIELDS, type MmStat } from "../zram/stat.ts";
import { Disagreement } from "./judge.ts";
import { ZRAM_CONTRACT as RULES } from "./zram_rules.ts";

/** What is stored of a page. */
export interface StoredPage {
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** By how many it counts in `compr_data_size`. */
  readonly stored: number;
  /** Whether it is one word repeated, and takes no memory. */
  readonly isSame: boolean;
}

/** What one operation may have changed. */
export interface Allowed {
  /** A write took memory, if only for a while. */
  readonly isTried?: boolean;
  /** The device was reset. */
  readonly isReset?: boolean;
  /** The pool was compacted. */
  readonly isCompacted?: boolean;
  /** `mem_used_max` was written. */
  readonly isMaxLowered?: boolean;
}

/** The nine numbers of `mm_stat`; throws a {@linkcode Disagreement} for others. */
export function parseMmStat(text: string): MmStat {
  const numbers = text.trim().split(/\s+/);
  const isRight = numbers.length === MM_STAT_FIELDS.length &&
    numbers.every((one) => /^[0-9]+$/.test(one));
  if (!isRight) throw new Disagreement(RULES.texts, "nine numbers", text);
  const [
    orig_data_size,
    compr_data_size,
    mem_used_total,
    mem_limit,
    mem_used_max,
    same_pages,
    pages_compacted,
    huge_pages,
    huge_pages_since,
  ] = numbers.map(Number);
  return {
    orig_data_size,
    compr_data_size,
    mem_used_total,
    mem_limit,
    mem_used_max,
    same_pages,
    pages_compacted,
    huge_pages,
    huge_pages_since,
  };
}

const ZERO: MmStat = parseMmStat("0 0 0 0 0 0 0 0 0");

/** What is known of a device. */
export class ZramAccount {
  /** Pages of the disk; 0 before it is initialised. */
  diskPages = 0;

  readonly #profile: Profile;
  readonly #pages = new Map<number, StoredPage>();
  #limit = 0;
  #hugeSince = 0;
  #before: MmStat = ZERO;

  /** A fresh device. */
  constructor(profile: Profile) {
    this.#profile = profile;
  }

  /** Bytes per page. */
  get pageSize(): number {
    return this.#profile.pageSize;
  }

  /** Bytes of a zspage, at most. */
  get #zspageBytes(): number {
    return this.#profile.chainSize * this.pageSize;
  }

  /** The device has a disk of so many bytes. */
  initialise(bytes: number): void {
    this.diskPages = Math.ceil(bytes / this.pageSize);
  }

  /** The device is as it was. */
  reset(): void {
    this.diskPages = 0;
    this.#pages.clear();
    this.#limit = 0;
    this.#hugeSince = 0;
  }

  /** `mem_limit` in bytes is set. */
  setLimit(bytes: number): void {
    this.#limit = Math.ceil(bytes / this.pageSize) * this.pageSize;
  }

  /** A page was stored. */
  write(page: number, stored: StoredPage): void {
    this.#pages.set(page, stored);
    if (stored.stored === this.pageSize) this.#hugeSince++;
  }

  /** A page left the memory for the backing device. */
  writeBack(page: number): void {
    const stored = this.#pages.get(page);
    if (stored === undefined) return;
    this.#pages.set(page, { ...stored, stored: 0, isSame: false });
  }

  /** Pages were discarded. */
  discard(page: number, pages: number): void {
    for (let nth = 0; nth < pages; nth++) this.#pages.delete(page + nth);
  }

  /** What a page must read as. */
  bytesOf(page: number): Uint8Array {
    return this.#pages.get(page)?.bytes ?? new Uint8Array(this.pageSize);
  }

  /** Whether the limit leaves less room than a zspage may take. */
  mayRefuse(): boolean {
    const { mem_used_total } = this.#before;
    return this.#limit > 0 &&
      mem_used_total + this.#zspageBytes > this.#limit;
  }

  /** Checks what the device says; throws a {@linkcode Disagreement}. */
  check(found: MmStat, allowed: Allowed): void {
    if (allowed.isReset) this.#before = ZERO;
    this.#checkCounts(found);
    this.#checkMemory(found, allowed);
    this.#before = found;
  }

  /** What follows from the pages that are stored. */
  #checkCounts(found: MmStat): void {
    const pages = [...this.#pages.values()];
    const { pageSize } = this;
    const count = (is: (page: StoredPage) => boolean) =>
      pages.filter(is).length;
    const same = count(({ isSame }) => isSame);
    const countsSame = this.#profile.zram.sameFilled === "word";
    const stored = pages.length - (countsSame ? 0 : same);
    const expect = (rule: Rule, field: keyof MmStat, right: number) =>
      expectBetween(rule, found, field, right, right);
    expect(RULES.origDataSize, "orig_data_size", stored * pageSize);
    const compressed = pages.reduce((sum, page) => sum + page.stored, 0);
    expect(RULES.comprDataSize, "compr_data_size", compressed);
    expect(RULES.memLimit, "mem_limit", this.#limit);
    expect(RULES.samePages, "same_pages", same);
    const huge = count((page) => page.stored === pageSize);
    expect(RULES.hugePages, "huge_pages", huge);
    expect(RULES.hugePages, "huge_pages_since", this.#hugeSince);
  }

  /** What bounds the memory: the objects, the limit, and what was before. */
  #checkMemory(found: MmStat, allowed: Allowed): void {
    const before = this.#before;
    const { mem_used_total: total, same_pages } = found;
    const objects = this.#pages.size - same_pages;
    const { pageSize } = this;
    const zspage = this.#zspageBytes;
    const added = allowed.isTried ? zspage : 0;
    expectBetween(
      RULES.memUsedTotal,
      found,
      "mem_used_total",
      found.compr_data_size,
      Math.min(objects * zspage, before.mem_used_total + added),
    );
    if (total % pageSize !== 0) {
      const expected = { mem_used_total: `a multiple of ${pageSize}` };
      const whole = { mem_used_total: total, mm_stat: shown(found) };
      throw new Disagreement(RULES.memUsedTotal, expected, whole);
    }
    if (this.#limit > 0) {
      const most = Math.max(this.#limit, before.mem_used_total);
      expectBetween(RULES.memLimit, found, "mem_used_total", 0, most);
    }
    const peak = Math.max(before.mem_used_max, before.mem_used_total + added);
    expectBetween(
      RULES.memUsedMax,
      found,
      "mem_used_max",
      allowed.isMaxLowered ? total : Math.max(before.mem_used_max, total),
      allowed.isMaxLowered ? total : peak,
    );
    const compacted = before.pages_compacted +
      (allowed.isCompacted ? (before.mem_used_total - total) / pageSize : 0);
    expectBetween(
      RULES.pagesCompacted,
      found,
      "pages_compacted",
      compacted,
      compacted,
    );
  }
}

/** Throws where a number is not within its bounds. */
function expectBetween(
  rule: Rule,
  found: MmStat,
  field: keyof MmStat,
  least: number,
  most: number,
): void {
  const value = found[field];
  if (value >= least && value <= most) return;
  const right = least === most
    ? least
    : value < least
    ? `at least ${least}`
    : `at most ${most}`;
  const whole = { [field]: value, mm_stat: shown(found) };
  throw new Disagreement(rule, { [field]: right }, whole);
}

/** `mm_stat` as it is answered. */
function shown(stat: MmStat): string {
  return MM_STAT_FIELDS.map((field) => stat[field]).join(" ");
}
