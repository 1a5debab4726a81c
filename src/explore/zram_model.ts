/**
 * A naive model of zram: the disk is an array of bytes, every page has a record
 * of where it is, and each statistic is counted from the records when it is
 * asked for. It knows nothing of objects and frames. Here are the records and
 * the requests; `zram_model_pages.ts` and `zram_model_stat.ts` have the rest.
 */
import { KERNEL_CODECS } from "../codec/codecs.ts";
import { deflate, zstd } from "../codec/zlib.ts";
import type { Profile } from "../linux/profile.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";

/** The codecs that the machine's devices have beside the kernel's. */
export const ADDED_CODECS = [zstd, deflate] as const;

/** Where a page is, and what its slot says of it. */
export interface PageRecord {
  place: "slot" | "whole" | "object" | "backing";
  bytes: number;
  priority: number;
  idle: boolean;
  incompressible: boolean;
  block: number;
}

/** What a program of zram is set up with, whatever the kernel. */
export interface ZramSetup {
  /** The algorithms of priority 1 to 3. */
  readonly recompressors: readonly (string | null)[];
  /** Pages of the backing device; without any there is none. */
  readonly backingPages: number;
  /** Its blocks that cannot be written. */
  readonly badWrites: readonly number[];
  /** Its blocks that cannot be read. */
  readonly badReads: readonly number[];
  /** Whether there are only ten frames. */
  readonly scarce: boolean;
}

/** What a machine is made with. */
export interface Setup extends ZramSetup {
  readonly profile: Profile;
  readonly diskPages: number;
}

/** Bytes of a sector. */
const SECTOR = 512;

/** A piece of a request: its page, its bytes, and whether they are not all. */
interface Segment {
  readonly page: number;
  readonly from: number;
  readonly to: number;
  readonly partial: boolean;
}

/** A disk as a machine's program should find it. */
export interface NaiveZram {
  readonly setup: Setup;
  disk: Uint8Array;
  records: (PageRecord | undefined)[];
  acTimes: number[];
  /** The clock of both models, in seconds. */
  clock: number;
  /** Whether a limit is set. */
  limited: boolean;
  wbLimit: bigint;
  wbLimitEnable: boolean;
  hugeSince: number;
  bdReads: number;
  bdWrites: number;
  reads: number;
  writes: number;
  failedReads: number;
  failedWrites: number;
  invalidIo: number;
  notifyFree: number;
}

/** An empty disk. */
export function naiveZram(setup: Setup): NaiveZram {
  return {
    setup,
    disk: new Uint8Array(setup.diskPages * setup.profile.pageSize),
    records: Array(setup.diskPages).fill(undefined),
    acTimes: Array(setup.diskPages).fill(0),
    clock: 1,
    limited: false,
    wbLimit: 0n,
    wbLimitEnable: false,
    hugeSince: 0,
    bdReads: 0,
    bdWrites: 0,
    reads: 0,
    writes: 0,
    failedReads: 0,
    failedWrites: 0,
    invalidIo: 0,
    notifyFree: 0,
  };
}

/** A fresh disk; what `reset` leaves alone is left alone. */
export function resetNaive(naive: NaiveZram): void {
  const { clock, wbLimit, wbLimitEnable } = naive;
  Object.assign(naive, naiveZram(naive.setup), {
    clock,
    wbLimit,
    wbLimitEnable,
  });
}

/** Whether an operation may fail for want of memory. */
export function canFail({ limited, setup }: NaiveZram): boolean {
  return limited || setup.scarce;
}

/** The algorithm that machines write with. */
export function algorithmOf(profile: Profile): string {
  return profile.zram.compAlgorithms.includes("lz4") ? "lz4" : "lzo";
}

/** How many algorithms there are (`num_active_comps`). */
export function activeComps({ setup }: NaiveZram): number {
  return 1 + setup.recompressors.filter((name) => name !== null).length;
}

/** The bytes of a page. */
export function bytesOf(
  { disk, setup }: NaiveZram,
  page: number,
): Uint8Array {
  const { pageSize } = setup.profile;
  return disk.subarray(page * pageSize, (page + 1) * pageSize);
}

/** Forgets a page. */
export function freeNaive(naive: NaiveZram, page: number): void {
  naive.records[page] = undefined;
  naive.acTimes[page] = 0;
  bytesOf(naive, page).fill(0);
}

/** A page was accessed. */
export function touch(naive: NaiveZram, page: number): void {
  const record = naive.records[page];
  if (record !== undefined) record.idle = false;
  naive.acTimes[page] = naive.clock;
}

/** Bytes that an algorithm makes of a page. */
export function compressedLength(page: Uint8Array, name: string): number {
  const codec = [...KERNEL_CODECS, ...ADDED_CODECS]
    .find((one) => one.name === name);
  if (codec === undefined) throw new Error(`no codec for ${name}`);
  return codec.compress(page, new Uint8Array(2 * page.length));
}

/** Compressed bytes from which on a page is stored whole. */
function wholeFrom(profile: Profile): number {
  return profile.zram.sameFilled === "zeros"
    ? 3 * profile.pageSize / 4 + 1
    : zsGeometry(profile).hugeClassSize;
}

/** Records the page as it is stored now. */
function store(naive: NaiveZram, page: number): void {
  const { profile } = naive.setup;
  const bytes = bytesOf(naive, page);
  const wordBytes = profile.wordBits / 8;
  const isSame = bytes.every((byte, at) => byte === bytes[at % wordBytes]) &&
    (profile.zram.sameFilled === "word" || bytes.every((byte) => byte === 0));
  const length = isSame ? 0 : compressedLength(bytes, algorithmOf(profile));
  const whole = !isSame && length >= wholeFrom(profile);
  if (whole) naive.hugeSince++;
  naive.acTimes[page] = 0;
  naive.records[page] = {
    place: isSame ? "slot" : whole ? "whole" : "object",
    bytes: whole ? profile.pageSize : length,
    priority: 0,
    idle: false,
    incompressible: false,
    block: 0,
  };
}

/** The pieces of a request, each in one page of the disk and of memory. */
function* segments(
  { setup }: NaiveZram,
  sector: number,
  length: number,
): Generator<Segment> {
  const { pageSize } = setup.profile;
  const start = sector * SECTOR;
  let from = 0;
  for (let at = SECTOR; at <= length; at += SECTOR) {
    const cut = at === length || at % pageSize === 0 ||
      (start + at) % pageSize === 0;
    if (!cut) continue;
    const page = Math.floor((start + from) / pageSize);
    yield { page, from, to: at, partial: at - from < pageSize };
    from = at;
  }
}

/** Whether a segment counts as a request: else the bio it is of does. */
function counts({ setup }: NaiveZram, { from }: Segment): boolean {
  return from === 0 || setup.profile.zram.requestsCounted === "segments";
}

/** A write that succeeds, or fails at a page that cannot be read before. */
export function writeNaive(
  naive: NaiveZram,
  sector: number,
  data: Uint8Array,
): boolean {
  for (const segment of segments(naive, sector, data.length)) {
    const { page, from, to, partial } = segment;
    if (counts(naive, segment)) naive.writes++;
    if (partial && !readBacking(naive, page)) {
      naive.failedWrites++;
      return false;
    }
    naive.disk.set(data.subarray(from, to), sector * SECTOR + from);
    store(naive, page);
    touch(naive, page);
  }
  return true;
}

/** A read; returns whether it succeeds. */
export function readNaive(
  naive: NaiveZram,
  sector: number,
  length: number,
): boolean {
  let success = true;
  for (const segment of segments(naive, sector, length)) {
    const { page, partial } = segment;
    if (counts(naive, segment)) naive.reads++;
    const done = readBacking(naive, page);
    success &&= done;
    if (!done && partial) {
      naive.failedReads++;
      return false;
    }
    touch(naive, page);
  }
  return success;
}

/** Counts a read from the backing device, if that is where the page is. */
function readBacking(naive: NaiveZram, page: number): boolean {
  const record = naive.records[page];
  if (record?.place !== "backing") return true;
  naive.bdReads++;
  return !naive.setup.badReads.includes(record.block);
}

/** Forgets the pages that are wholly inside a range. */
export function discardNaive(
  naive: NaiveZram,
  sector: number,
  length: number,
): void {
  const { diskPages, profile: { pageSize } } = naive.setup;
  const start = sector * SECTOR;
  for (let page = 0; page < diskPages; page++) {
    const inside = page * pageSize >= start &&
      (page + 1) * pageSize <= start + length;
    if (!inside) continue;
    freeNaive(naive, page);
    naive.notifyFree++;
  }
}
