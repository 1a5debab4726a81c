/** What `zspec run` does to a device: written, aged, and read back. */
import { crc32 } from "node:zlib";
import { randomFrom, shuffle } from "../programs/random.ts";
import type { Errno } from "../linux/errno.ts";
import { type ClassReport, classReport, zspagesByUse } from "../report/pool.ts";
import type { Zram } from "../zram/device.ts";
import { ZRAM_IDLE, ZRAM_INCOMPRESSIBLE } from "../zram/slots.ts";
import type { BdStat, MmStat } from "../zram/stat.ts";
import { absentText, algorithmText, hasAlgorithm } from "./algorithms.ts";
import { type Input, inputPages } from "./pages.ts";
import { progress } from "./progress.ts";
import { echo, initialise, type RunRequest } from "./run_device.ts";

/** A pool at one moment of a run. */
export interface Snapshot {
  readonly mmStat: MmStat;
  readonly classes: readonly ClassReport[];
  readonly zspagesByUse: readonly number[];
}

/** What writeback did. */
export interface WrittenBack {
  /** Idle pages that were in memory. */
  readonly idle: number;
  /** How many of them are on the backing device now. */
  readonly pages: number;
  /** The pool after it. */
  readonly after: Snapshot;
}

/** What recompression did. */
export interface Recompressed {
  /** The second algorithm. */
  readonly algorithm: string;
  /** Pages that it made smaller. */
  readonly pages: number;
  /** Pages that were tried in vain. */
  readonly incompressible: number;
  /** The pool after it. */
  readonly after: Snapshot;
}

/** A page that the kernel refused. */
export interface Refused {
  /** Its number. */
  readonly page: number;
  /** What who writes it gets. */
  readonly errno: Errno;
  /** Where the disk ends, or what the limit does not let in. */
  readonly by: "disksize" | "mem_limit";
}

/** A whole run. */
export interface Run {
  readonly profile: string;
  readonly algorithm: string;
  /** What of it the kernel has not got, in words. */
  readonly absent: readonly string[];
  readonly disksize: number;
  readonly seed: number;
  readonly files: number;
  readonly pages: number;
  readonly pageSize: number;
  readonly written: Snapshot;
  /** The first page that was refused, with which writing ends. */
  readonly refused?: Refused;
  /** Pages freed. */
  readonly freed: number;
  readonly aged: Snapshot;
  readonly writtenBack?: WrittenBack;
  readonly recompressed?: Recompressed;
  readonly pagesCompacted: number;
  readonly compacted: Snapshot;
  /** Pages that were left and read back as they were written. */
  readonly intact: number;
  /** After all was read back. */
  readonly bdStat?: BdStat;
}

/** A run in the making: the device, and what each page must read back as. */
interface Machine {
  readonly zram: Zram;
  readonly checksums: Uint32Array;
}

/** Runs the files' pages through a device. */
export function measure(request: RunRequest, input: Input): Run {
  const { profile, seed, backingPages, recompressor } = request;
  const zram = initialise(request);
  const machine = { zram, checksums: new Uint32Array(input.pages) };
  const refused = writeFiles(machine, input);
  const stored = refused?.page ?? input.pages;
  const written = snapshot(zram);
  const left = age(zram, stored, request);
  const aged = snapshot(zram);
  const writtenBack = backingPages === undefined ? undefined : writeBack(zram);
  const recompressed = recompressor && recompress(zram, recompressor.name);
  const pagesCompacted = zram.initialisedPool.compact();
  return {
    profile: profile.name,
    algorithm: algorithmText(request.algorithm),
    absent: [request.algorithm, ...recompressor ? [recompressor] : []]
      .filter(({ name }) => !hasAlgorithm(profile, name))
      .map(({ name }) => absentText(profile, name)),
    disksize: zram.disksize,
    seed,
    files: input.fileCount,
    pages: input.pages,
    pageSize: profile.pageSize,
    written,
    refused,
    freed: stored - left.length,
    aged,
    writtenBack,
    recompressed,
    pagesCompacted,
    compacted: snapshot(zram),
    intact: readBack(machine, left),
    bdStat: backingPages === undefined ? undefined : zram.bdStat(),
  };
}

function snapshot(zram: Zram): Snapshot {
  return {
    mmStat: zram.mmStat(),
    classes: classReport(zram.initialisedPool),
    zspagesByUse: zspagesByUse(zram.initialisedPool),
  };
}

/** Writes page after page, and answers the first that is refused. */
function writeFiles(
  { zram, checksums }: Machine,
  input: Input,
): Refused | undefined {
  const shown = progress("writing", checksums.length, "pages");
  let page = 0;
  let refused: Refused | undefined;
  for (const data of inputPages(input, zram.profile.pageSize)) {
    refused = writeNext(zram, page, data);
    if (refused !== undefined) break;
    checksums[page++] = crc32(data);
    shown.step(page);
  }
  shown.end();
  return refused;
}

/**
 * Writes a page as who has the disk open does. No request is made of one behind
 * its end (ENOSPC, `blkdev_write_iter`, block/fops.c); what the limit does not
 * let in ends its bio with EIO.
 */
function writeNext(
  zram: Zram,
  page: number,
  data: Uint8Array,
): Refused | undefined {
  if (page >= zram.slots.length) {
    return { page, errno: "ENOSPC", by: "disksize" };
  }
  const errno = zram.write(page, data);
  if (typeof errno === "number") return undefined;
  if (zram.limitPages === 0) {
    throw new Error(`Cannot write page ${page}: ${errno}`);
  }
  return { page, errno, by: "mem_limit" };
}

/**
 * Frees a random half of the pages and returns those that are left, in order.
 * Where idle pages matter, all are idle before, and half of those left are
 * read, so that the other half are idle after.
 */
function age(zram: Zram, pages: number, request: RunRequest): number[] {
  const { seed, backingPages, recompressor } = request;
  const order = shuffle([...Array(pages).keys()], randomFrom(seed));
  const half = Math.floor(pages / 2);
  const left = order.slice(half);
  if (backingPages !== undefined || recompressor !== undefined) {
    echo(zram, "idle", "all");
    const into = new Uint8Array(zram.profile.pageSize);
    const used = left.slice(0, Math.floor(left.length / 2));
    for (const page of used) zram.read(page, into);
  }
  for (const page of order.slice(0, half)) zram.discard(page, 1);
  return left.sort((a, b) => a - b);
}

/** How many slots are of a kind. */
function countSlots({ slots }: Zram, is: (slot: number) => boolean): number {
  let count = 0;
  for (let slot = 0; slot < slots.length; slot++) if (is(slot)) count++;
  return count;
}

/** Writes idle pages back until the backing device is full, huge ones first. */
function writeBack(zram: Zram): WrittenBack {
  const { slots } = zram;
  const idle = countSlots(
    zram,
    (slot) => slots.handle(slot) !== 0 && slots.has(slot, ZRAM_IDLE),
  );
  for (const type of ["huge_idle", "idle"]) {
    echo(zram, "writeback", type, "ENOSPC");
  }
  return { idle, pages: zram.stats.bdCount, after: snapshot(zram) };
}

/** Recompresses the idle pages that are in memory, and the huge ones. */
function recompress(zram: Zram, algorithm: string): Recompressed {
  const { slots } = zram;
  for (const type of ["idle", "huge"]) {
    echo(zram, "recompress", `type=${type}`);
  }
  return {
    algorithm,
    pages: countSlots(zram, (slot) => slots.priority(slot) > 0),
    incompressible: countSlots(
      zram,
      (slot) => slots.has(slot, ZRAM_INCOMPRESSIBLE),
    ),
    after: snapshot(zram),
  };
}

/** Reads pages back; throws at the first that is not what was written. */
function readBack(
  { zram, checksums }: Machine,
  pages: readonly number[],
): number {
  const shown = progress("reading", pages.length, "pages");
  const into = new Uint8Array(zram.profile.pageSize);
  pages.forEach((page, nth) => {
    zram.read(page, into);
    const sum = crc32(into);
    if (sum !== checksums[page]) {
      throw new Error(
        `Page ${page} is not what was written: its CRC-32 is ${sum}, not ${
          checksums[page]
        }`,
      );
    }
    shown.step(nth + 1);
  });
  shown.end();
  return pages.length;
}
