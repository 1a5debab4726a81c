/**
 * A second model of zram, as naive as can be: the disk is an array of bytes,
 * every page has a record of where it is, and each statistic is counted from
 * the records when it is asked for. It knows nothing of objects and frames.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import {
  type BlockState,
  type Codec,
  lz4,
  type MmStat,
  type Profile,
  type RamBackingDevice,
  zsGeometry,
} from "../mod.ts";

/** A codec with another one's encoder: what is tested is zram, not lzo. */
const alias = (name: string, codec: Codec): Codec => ({
  name,
  compress: (page, into) => codec.compress(page, into),
  decompress: (compressed, page) => codec.decompress(compressed, page),
});

const deflated: Codec = {
  name: "deflate",
  compress(page, into) {
    const bytes = deflateRawSync(page);
    into.set(bytes);
    return bytes.length;
  },
  decompress(compressed, page) {
    page.set(inflateRawSync(compressed));
  },
};

/** A codec for every algorithm that a machine chooses. */
export const CODECS: readonly Codec[] = [
  alias("lzo", lz4),
  alias("lzo-rle", lz4),
  alias("zstd", deflated),
  deflated,
];

/** Where a page is, and what its slot says of it. */
export interface PageRecord {
  place: "slot" | "whole" | "object" | "backing";
  bytes: number;
  priority: number;
  idle: boolean;
  incompressible: boolean;
  block: number;
}

/** What a machine is made with. */
export interface Setup {
  profile: Profile;
  diskPages: number;
  /** The algorithms of priority 1 to 3. */
  recompressors: readonly (string | undefined)[];
  /** Blocks of the backing device, and those that cannot be written or read. */
  backingPages: number;
  badWrites: readonly number[];
  badReads: readonly number[];
  /** Whether memory can run out. */
  scarce: boolean;
}

/** Which pages a writeback takes: ranges one after another, and a type. */
export interface Selected {
  start: number;
  end: number;
  type: string;
}

const SEGMENT_BLOCK = 512;

/** A piece of a request: its page, its bytes, and whether they are not all. */
export interface Segment {
  page: number;
  from: number;
  to: number;
  partial: boolean;
}

/** The second model. */
export class NaiveZram {
  readonly setup: Setup;
  disk: Uint8Array;
  records: (PageRecord | undefined)[];
  acTimes: number[];
  /** The clock of both models, in seconds. */
  clock = 1;
  limited = false;
  openers = 0;
  wbLimit = 0n;
  wbLimitEnable = false;
  hugeSince = 0;
  bdReads = 0;
  bdWrites = 0;
  reads = 0;
  writes = 0;
  failedReads = 0;
  failedWrites = 0;
  invalidIo = 0;
  notifyFree = 0;

  constructor(setup: Setup) {
    this.setup = setup;
    this.disk = new Uint8Array(setup.diskPages * setup.profile.pageSize);
    this.records = Array(setup.diskPages).fill(undefined);
    this.acTimes = Array(setup.diskPages).fill(0);
  }

  get pageSize(): number {
    return this.setup.profile.pageSize;
  }

  /** A fresh disk; what `reset` leaves alone is left alone. */
  reset(): void {
    const { clock, wbLimit, wbLimitEnable } = this;
    Object.assign(this, new NaiveZram(this.setup), {
      clock,
      wbLimit,
      wbLimitEnable,
    });
  }

  bytesOf(page: number): Uint8Array {
    return this.disk.subarray(page * this.pageSize, (page + 1) * this.pageSize);
  }

  free(page: number): void {
    this.records[page] = undefined;
    this.acTimes[page] = 0;
    this.bytesOf(page).fill(0);
  }

  touch(page: number): void {
    const record = this.records[page];
    if (record !== undefined) record.idle = false;
    this.acTimes[page] = this.clock;
  }

  /** Bytes that an algorithm makes of a page; one stored whole has a page. */
  compressed(page: Uint8Array, name: string): number {
    const codec = [...CODECS, lz4].find((one) => one.name === name);
    if (codec === undefined) throw new Error(`no codec for ${name}`);
    return codec.compress(page, new Uint8Array(2 * page.length));
  }

  /** Records the page as it is stored now. */
  store(page: number): void {
    const { profile } = this.setup;
    const bytes = this.bytesOf(page);
    const wordBytes = profile.wordBits / 8;
    const isSame = bytes.every((byte, at) => byte === bytes[at % wordBytes]) &&
      (profile.zram.sameFilled === "word" || bytes.every((byte) => byte === 0));
    const length = isSame ? 0 : this.compressed(bytes, algorithmOf(profile));
    const whole = !isSame && length >= wholeFrom(profile);
    if (whole) this.hugeSince++;
    this.acTimes[page] = 0;
    this.records[page] = {
      place: isSame ? "slot" : whole ? "whole" : "object",
      bytes: whole ? this.pageSize : length,
      priority: 0,
      idle: false,
      incompressible: false,
      block: 0,
    };
  }

  /** The pieces of a request, each in one page of the disk and of memory. */
  *segments(sector: number, length: number): Generator<Segment> {
    const { pageSize } = this;
    const start = sector * SEGMENT_BLOCK;
    let from = 0;
    for (let at = SEGMENT_BLOCK; at <= length; at += SEGMENT_BLOCK) {
      const cut = at === length || at % pageSize === 0 ||
        (start + at) % pageSize === 0;
      if (!cut) continue;
      const page = Math.floor((start + from) / pageSize);
      yield { page, from, to: at, partial: at - from < pageSize };
      from = at;
    }
  }

  /** Whether each segment counts as a request, or the bio they are of. */
  get countsSegments(): boolean {
    return this.setup.profile.zram.requestsCounted === "segments";
  }

  /** A write that succeeds, or fails at a page that cannot be read before. */
  write(sector: number, data: Uint8Array): boolean {
    for (const segment of this.segments(sector, data.length)) {
      const { page, from, to, partial } = segment;
      if (from === 0 || this.countsSegments) this.writes++;
      if (partial && !this.readBacking(page)) {
        this.failedWrites++;
        return false;
      }
      this.disk.set(
        data.subarray(from, to),
        sector * SEGMENT_BLOCK + from,
      );
      this.store(page);
      this.touch(page);
    }
    return true;
  }

  /** A read; returns whether it succeeds. */
  read(sector: number, length: number): boolean {
    let success = true;
    for (const { page, from, partial } of this.segments(sector, length)) {
      if (from === 0 || this.countsSegments) this.reads++;
      const done = this.readBacking(page);
      success &&= done;
      if (!done && partial) {
        this.failedReads++;
        return false;
      }
      this.touch(page);
    }
    return success;
  }

  /** Counts a read from the backing device, if that is where the page is. */
  readBacking(page: number): boolean {
    const record = this.records[page];
    if (record?.place !== "backing") return true;
    this.bdReads++;
    return !this.setup.badReads.includes(record.block);
  }

  discard(sector: number, length: number): void {
    const start = sector * SEGMENT_BLOCK;
    for (let page = 0; page < this.setup.diskPages; page++) {
      const inside = page * this.pageSize >= start &&
        (page + 1) * this.pageSize <= start + length;
      if (!inside) continue;
      this.free(page);
      this.notifyFree++;
    }
  }

  markIdle(cutoff: number | "all"): void {
    const { idleMarks, trackEntryActime } = this.setup.profile.zram;
    this.records.forEach((record, page) => {
      if (record === undefined) return;
      const inPool = record.place === "whole" || record.place === "object";
      if (idleMarks === "in-pool" && !inPool) return;
      const old = cutoff === "all" || !trackEntryActime ||
        this.acTimes[page] < cutoff;
      if (old) record.idle = true;
      else if (idleMarks === "in-pool") record.idle = false;
    });
  }

  isType(record: PageRecord, type: string): boolean {
    return (!type.includes("idle") || record.idle) &&
      (!type.includes("huge") || record.place === "whole") &&
      (type !== "incompressible" || record.incompressible);
  }

  isWritable(page: number, type: string): boolean {
    const record = this.records[page];
    return (record?.place === "whole" || record?.place === "object") &&
      this.isType(record, type);
  }

  /** The pages that a writeback looks at, in its order. */
  order(selections: readonly Selected[]): number[] {
    if (this.setup.profile.zram.writebackOrder === "by-index") {
      return selections.flatMap(({ start, end }) =>
        Array.from({ length: end - start }, (_, nth) => start + nth)
      );
    }
    const found = selections.flatMap(({ start, end, type }, nth) =>
      Array.from({ length: end - start }, (_, at) => start + at)
        .filter((page) => this.isWritable(page, type))
        .map((page) => ({ page, nth }))
    );
    const bucket = (page: number) =>
      Math.floor((this.records[page]?.bytes ?? 0) / 64);
    return found.sort((a, b) =>
      bucket(b.page) - bucket(a.page) || b.nth - a.nth || b.page - a.page
    ).map(({ page }) => page);
  }

  writeback(selections: readonly Selected[]): string | undefined {
    const { profile, backingPages, badWrites } = this.setup;
    const byIndex = profile.zram.writebackOrder === "by-index";
    let errno: string | undefined;
    for (const page of this.order(selections)) {
      if (this.wbLimitEnable && this.wbLimit === 0n) return "EIO";
      const block = this.firstFreeBlock();
      if (block >= backingPages) return "ENOSPC";
      const record = this.records[page];
      const type = byIndex ? selections[0].type : "";
      if (record === undefined || !this.isWritable(page, type)) continue;
      if (badWrites.includes(block)) {
        errno = "EIO";
        if (byIndex) record.idle = false;
        continue;
      }
      this.bdWrites++;
      this.acTimes[page] = 0;
      Object.assign(record, {
        place: "backing",
        bytes: 0,
        priority: 0,
        idle: false,
        incompressible: false,
        block,
      });
      this.charge();
    }
    return errno;
  }

  firstFreeBlock(): number {
    const used = new Set(this.records.map((record) => record?.block));
    let block = 1;
    while (used.has(block)) block++;
    return block;
  }

  charge(): void {
    if (!this.wbLimitEnable || this.wbLimit === 0n) return;
    const left = this.wbLimit - BigInt(this.pageSize / 4096);
    this.wbLimit = left < 0n ? left + (1n << 64n) : left;
  }

  /** Recompresses; `end` is one more than the last priority to try. */
  recompress(
    type: string,
    threshold: number,
    first: number,
    end: number,
    maxPages: number,
  ): void {
    const chosen = this.order([{ start: 0, end: this.setup.diskPages, type }])
      .filter((page) => {
        const record = this.records[page];
        return record !== undefined && !record.incompressible &&
          record.priority + 1 < end;
      });
    for (const page of chosen) {
      if (maxPages === 0) return;
      const record = this.records[page];
      if (record === undefined || record.bytes < threshold) continue;
      maxPages--;
      this.recompressPage(page, record, threshold, first, end);
    }
  }

  recompressPage(
    page: number,
    record: PageRecord,
    threshold: number,
    first: number,
    end: number,
  ): void {
    const { profile, recompressors } = this.setup;
    record.idle = false;
    const from = Math.max(first, record.priority + 1);
    for (let priority = from; priority < end; priority++) {
      const name = recompressors[priority - 1];
      if (name === undefined) continue;
      const bytes = this.compressed(this.bytesOf(page), name);
      const smaller = classSize(profile, bytes) <
        classSize(profile, record.bytes);
      if (!smaller || (threshold !== 0 && bytes >= threshold)) continue;
      this.acTimes[page] = 0;
      Object.assign(record, { place: "object", bytes, priority });
      return;
    }
    if (end >= this.activeComps) record.incompressible = true;
  }

  get activeComps(): number {
    return 1 +
      this.setup.recompressors.filter((name) => name !== undefined).length;
  }

  count(has: (record: PageRecord) => boolean): number {
    return this.records
      .filter((record) => record !== undefined && has(record)).length;
  }

  /** The texts of the files that do not depend on frames. */
  texts(): Record<string, string> {
    const { profile, diskPages } = this.setup;
    const { pageSize } = this;
    const countsSame = profile.zram.sameFilled === "word";
    const stored = this.count(({ place }) => countsSame || place !== "slot");
    const bytes = this.records
      .reduce((sum, record) => sum + (record?.bytes ?? 0), 0);
    const same = this.count(({ place }) => place === "slot");
    const units = pageSize / 4096;
    const back = this.count(({ place }) => place === "backing");
    const wide = (value: number) => String(value).padStart(8);
    const invalid = profile.zram.requestsChecked === "by-driver"
      ? wide(this.invalidIo)
      : "0";
    return {
      disksize: `${diskPages * pageSize}\n`,
      initstate: "1\n",
      orig_data_size: `${stored * pageSize}\n`,
      compr_data_size: `${bytes}\n`,
      zero_pages: `${same}\n`,
      num_reads: `${this.reads}\n`,
      num_writes: `${this.writes}\n`,
      failed_reads: `${this.failedReads}\n`,
      failed_writes: `${this.failedWrites}\n`,
      invalid_io: `${this.invalidIo}\n`,
      notify_free: `${this.notifyFree}\n`,
      io_stat: `${wide(this.failedReads)} ${
        wide(this.failedWrites)
      } ${invalid} ${wide(this.notifyFree)}\n`,
      writeback_limit: `${this.wbLimit}\n`,
      writeback_limit_enable: `${Number(this.wbLimitEnable)}\n`,
      bd_stat: [back, this.bdReads, this.bdWrites]
        .map((value) => wide(value * units)).join(" ") + "\n",
    };
  }

  /** The numbers of `mm_stat` that do not depend on frames. */
  mmStat(): Partial<MmStat> {
    const texts = this.texts();
    return {
      orig_data_size: Number(texts.orig_data_size),
      compr_data_size: Number(texts.compr_data_size),
      same_pages: Number(texts.zero_pages),
      huge_pages: this.count(({ place }) => place === "whole"),
      huge_pages_since: this.hugeSince,
    };
  }

  /** The rows of `block_state`. */
  blockState(): BlockState[] {
    const { blockStateFlags } = this.setup.profile.zram;
    return this.records.flatMap((record, page) => {
      if (record === undefined) return [];
      const letters = {
        s: record.place === "slot",
        w: record.place === "backing",
        h: record.place === "whole",
        i: record.idle,
        r: record.priority > 0,
        n: record.incompressible,
      };
      const flags = Object.entries(letters)
        .slice(0, blockStateFlags.length)
        .map(([letter, set]) => set ? letter : ".").join("");
      const { trackEntryActime } = this.setup.profile.zram;
      return [{
        page,
        acTime: trackEntryActime ? this.acTimes[page] : 0,
        flags,
      }];
    });
  }
}

/** The algorithm that machines write with. */
export function algorithmOf(profile: Profile): string {
  return profile.zram.compAlgorithms.includes("lz4") ? "lz4" : "lzo";
}

/** Compressed bytes from which on a page is stored whole. */
function wholeFrom(profile: Profile): number {
  return profile.zram.sameFilled === "zeros"
    ? 3 * profile.pageSize / 4 + 1
    : zsGeometry(profile).hugeClassSize;
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

/** The failing backing device of a setup. */
export function failsRequest(
  { badReads, badWrites }: Setup,
): NonNullable<
  NonNullable<ConstructorParameters<typeof RamBackingDevice>[2]>["failRequest"]
> {
  return (kind, block) =>
    (kind === "read" ? badReads : badWrites).includes(block);
}
