/** What the naive model of zram does to pages later: idle, writeback, recompression. */
import type { Profile } from "../linux/profile.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";
import {
  activeComps,
  bytesOf,
  compressedLength,
  type NaiveZram,
  type PageRecord,
} from "./zram_model.ts";

/** Which pages are looked at: ranges one after another, and a type. */
export interface Selected {
  readonly start: number;
  readonly end: number;
  readonly type: string;
}

/** Marks pages idle: all, or those last accessed before `cutoff`. */
export function markIdleNaive(naive: NaiveZram, cutoff: number | "all"): void {
  const { idleMarks, trackEntryActime } = naive.setup.profile.zram;
  naive.records.forEach((record, page) => {
    if (record === undefined) return;
    const inPool = record.place === "whole" || record.place === "object";
    if (idleMarks === "in-pool" && !inPool) return;
    const old = cutoff === "all" || !trackEntryActime ||
      naive.acTimes[page] < cutoff;
    if (old) record.idle = true;
    else if (idleMarks === "in-pool") record.idle = false;
  });
}

function isType(record: PageRecord, type: string): boolean {
  return (!type.includes("idle") || record.idle) &&
    (!type.includes("huge") || record.place === "whole") &&
    (type !== "incompressible" || record.incompressible);
}

function isWritable(naive: NaiveZram, page: number, type: string): boolean {
  const record = naive.records[page];
  return (record?.place === "whole" || record?.place === "object") &&
    isType(record, type);
}

/** The pages that are looked at, in that order. */
function order(naive: NaiveZram, selections: readonly Selected[]): number[] {
  const pagesOf = ({ start, end }: Selected) =>
    Array.from({ length: end - start }, (_, nth) => start + nth);
  if (naive.setup.profile.zram.writebackOrder === "by-index") {
    return selections.flatMap(pagesOf);
  }
  const found = selections.flatMap((selected, nth) =>
    pagesOf(selected)
      .filter((page) => isWritable(naive, page, selected.type))
      .map((page) => ({ page, nth }))
  );
  const bucket = (page: number) =>
    Math.floor((naive.records[page]?.bytes ?? 0) / 64);
  return found.sort((a, b) =>
    bucket(b.page) - bucket(a.page) || b.nth - a.nth || b.page - a.page
  ).map(({ page }) => page);
}

/** Writes pages back; returns the errno. */
export function writebackNaive(
  naive: NaiveZram,
  selections: readonly Selected[],
): string | undefined {
  const { profile, backingPages, badWrites } = naive.setup;
  const byIndex = profile.zram.writebackOrder === "by-index";
  let errno: string | undefined;
  for (const page of order(naive, selections)) {
    if (naive.wbLimitEnable && naive.wbLimit === 0n) return "EIO";
    const block = firstFreeBlock(naive);
    if (block >= backingPages) return "ENOSPC";
    const record = naive.records[page];
    const type = byIndex ? selections[0].type : "";
    if (record === undefined || !isWritable(naive, page, type)) continue;
    if (badWrites.includes(block)) {
      errno = "EIO";
      if (byIndex) record.idle = false;
      continue;
    }
    naive.bdWrites++;
    naive.acTimes[page] = 0;
    Object.assign(record, {
      place: "backing",
      bytes: 0,
      priority: 0,
      idle: false,
      incompressible: false,
      block,
    });
    charge(naive);
  }
  return errno;
}

function firstFreeBlock({ records }: NaiveZram): number {
  const used = new Set(records.map((record) => record?.block));
  let block = 1;
  while (used.has(block)) block++;
  return block;
}

/** Takes a page off the limit of writeback, in 64 bits. */
function charge(naive: NaiveZram): void {
  if (!naive.wbLimitEnable || naive.wbLimit === 0n) return;
  const units = BigInt(naive.setup.profile.pageSize / 4096);
  naive.wbLimit = BigInt.asUintN(64, naive.wbLimit - units);
}

/** What a recompression is told. */
export interface Recompression {
  readonly type: string;
  readonly threshold: number;
  /** The first priority to try, and one more than the last. */
  readonly first: number;
  readonly end: number;
  readonly maxPages: number;
}

/** Recompresses pages. */
export function recompressNaive(
  naive: NaiveZram,
  recompression: Recompression,
): void {
  const { type, threshold, end } = recompression;
  const chosen = order(naive, [
    { start: 0, end: naive.setup.diskPages, type },
  ]).filter((page) => {
    const record = naive.records[page];
    return record !== undefined && !record.incompressible &&
      record.priority + 1 < end;
  });
  let { maxPages } = recompression;
  for (const page of chosen) {
    if (maxPages === 0) return;
    const record = naive.records[page];
    if (record === undefined || record.bytes < threshold) continue;
    maxPages--;
    recompressPage(naive, page, record, recompression);
  }
}

function recompressPage(
  naive: NaiveZram,
  page: number,
  record: PageRecord,
  { threshold, first, end }: Recompression,
): void {
  const { profile, recompressors } = naive.setup;
  record.idle = false;
  const from = Math.max(first, record.priority + 1);
  for (let priority = from; priority < end; priority++) {
    const name = recompressors[priority - 1];
    if (name === null) continue;
    const bytes = compressedLength(bytesOf(naive, page), name);
    const smaller = classSize(profile, bytes) <
      classSize(profile, record.bytes);
    if (!smaller || (threshold !== 0 && bytes >= threshold)) continue;
    naive.acTimes[page] = 0;
    Object.assign(record, { place: "object", bytes, priority });
    return;
  }
  if (end >= activeComps(naive)) record.incompressible = true;
}

/** Bytes of a chunk of the class for chunks of so many. */
function classSize(profile: Profile, bytes: number): number {
  const { classes } = zsGeometry(profile);
  const sizes = classes.map(({ size }) => size);
  return Math.min(
    ...sizes.filter((size) => size >= bytes),
    profile.pageSize,
  );
}
