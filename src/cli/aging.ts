/** What `zspec run` does to a device: written, aged, and read back. */
import { crc32 } from "node:zlib";
import type { Codec } from "../codec/codec.ts";
import { codecsOf } from "../codec/codecs.ts";
import { randomFrom, shuffle } from "../programs/random.ts";
import type { Errno } from "../linux/errno.ts";
import type { Profile } from "../linux/profile.ts";
import { type ClassReport, classReport, zspagesByUse } from "../report/pool.ts";
import { RamBackingDevice } from "../zram/backing.ts";
import { Zram } from "../zram/device.ts";
import { ZRAM_IDLE, ZRAM_INCOMPRESSIBLE } from "../zram/slots.ts";
import type { BdStat, MmStat } from "../zram/stat.ts";
import { writeAttribute } from "../zram/sysfs.ts";
import { type Input, inputPages } from "./pages.ts";
import { progress } from "./progress.ts";

/** What a run is asked for. */
export interface RunRequest {
  /** The kernel to be. */
  readonly profile: Profile;
  /** What pages are compressed with. */
  readonly algorithm: Codec;
  /** Bytes of the disk: at least those of the files. */
  readonly disksize: number;
  /** Which pages are freed. */
  readonly seed: number;
  /** Pages of a backing device, if there is to be one. */
  readonly backingPages: number | undefined;
  /** What pages are recompressed with, if they are to be. */
  readonly recompressor: Codec | undefined;
}

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

/** A whole run. */
export interface Run {
  readonly profile: string;
  readonly algorithm: string;
  readonly disksize: number;
  readonly seed: number;
  readonly files: number;
  readonly pages: number;
  readonly pageSize: number;
  readonly written: Snapshot;
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
  writeFiles(machine, input);
  const written = snapshot(zram);
  const left = age(zram, input.pages, request);
  const aged = snapshot(zram);
  const writtenBack = backingPages === undefined ? undefined : writeBack(zram);
  const recompressed = recompressor && recompress(zram, recompressor.name);
  const pagesCompacted = zram.initialisedPool.compact();
  return {
    profile: profile.name,
    algorithm: zram.algorithm,
    disksize: zram.disksize,
    seed,
    files: input.fileCount,
    pages: input.pages,
    pageSize: profile.pageSize,
    written,
    freed: input.pages - left.length,
    aged,
    writtenBack,
    recompressed,
    pagesCompacted,
    compacted: snapshot(zram),
    intact: readBack(machine, left),
    bdStat: backingPages === undefined ? undefined : zram.bdStat(),
  };
}

const BACKING_PATH = "/dev/loop0";

/** A device as it is asked for. */
function initialise(request: RunRequest): Zram {
  const { profile, algorithm, disksize, backingPages, recompressor } = request;
  const device = new RamBackingDevice(backingPages ?? 0, profile.pageSize);
  const zram = new Zram(profile, {
    codecs: codecsOf(profile.zram),
    backingDevices: new Map([[BACKING_PATH, device]]),
  });
  zram.setAlgorithm(algorithm.name);
  if (backingPages !== undefined) echo(zram, "backing_dev", BACKING_PATH);
  if (recompressor !== undefined) {
    echo(zram, "recomp_algorithm", `algo=${recompressor.name}`);
  }
  zram.setDisksize(disksize);
  return zram;
}

/** `echo text > /sys/block/zram0/attribute`, which may end with `allowed`. */
function echo(
  zram: Zram,
  attribute: string,
  text: string,
  allowed?: Errno,
): void {
  const errno = writeAttribute(zram, attribute, text);
  if (errno !== undefined && errno !== allowed) {
    throw new Error(`Cannot write '${text}' to '${attribute}': ${errno}`);
  }
}

function snapshot(zram: Zram): Snapshot {
  return {
    mmStat: zram.mmStat(),
    classes: classReport(zram.initialisedPool),
    zspagesByUse: zspagesByUse(zram.initialisedPool),
  };
}

function writeFiles({ zram, checksums }: Machine, input: Input): void {
  const shown = progress("writing", checksums.length);
  let page = 0;
  for (const data of inputPages(input, zram.profile.pageSize)) {
    const stored = zram.write(page, data);
    if (typeof stored === "string") {
      throw new Error(`Cannot write page ${page}: ${stored}`);
    }
    checksums[page++] = crc32(data);
    shown.step(page);
  }
  shown.end();
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
  const shown = progress("reading", pages.length);
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
