/**
 * The ledger: what a device holds, must show and should answer, kept from what
 * was asked of it. It knows nothing of objects' places, of frames' bytes or of
 * how a codec works. What is left to a device, such as how long a page becomes,
 * it takes from the answer.
 */
import { mostFrames } from "../../programs/zones.ts";
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../../programs/bytes.ts";
import { filesOf } from "../../programs/files.ts";
import type { ExpandedPages } from "../../programs/expanded.ts";
import type { ZramCreate } from "../../programs/zram/steps.ts";
import type { LengthOf } from "../lengths.ts";
import { isOneWord, isZero } from "../page_kinds.ts";
import { lineOf } from "../texts.ts";
import { type ClassTable, classTable } from "./classes.ts";
import { ledgerFacts } from "./kernel_facts.ts";
import { outcomeOfSetUp } from "./ledger_params.ts";
import { ToldParams } from "./ledger_told.ts";
import { LedgerBlocks } from "./ledger_blocks.ts";
import { type LedgerEvents, NO_EVENTS } from "./ledger_events.ts";
import { type Attempt, type Known, LedgerMemory } from "./ledger_memory.ts";
import { MM, MM_STAT_NUMBERS } from "./mm_stat.ts";
import { exactly } from "./pool_bounds.ts";
import {
  BACKING,
  IDLE,
  LedgerPages,
  NOWHERE,
  OBJECT,
  SAME,
  UNKNOWN_BYTES,
  WHOLE,
} from "./ledger_pages.ts";

/** What a ledger is made with. */
export interface LedgerSetup {
  /** The kernel, with the geometry that was asked for. */
  readonly profile: Profile;
  /** What is special about the device. */
  readonly create: ZramCreate;
  /** How long pages become. */
  readonly lengthOf: LengthOf;
  /** Whether its pool has Linux's classes; else its memory is not followed. */
  readonly isLinux: boolean;
  /** The bytes of pages. */
  readonly pages: ExpandedPages;
}

/** What should come of storing a page. */
export interface Storing {
  /** Bytes by which it counts, where they are known: 0 of one that takes no memory. */
  readonly bytes?: number;
  /** What should come of its object, where it has one whose length is known. */
  readonly attempt?: Attempt;
  /** Whether it is stored. */
  readonly stored: Known;
}

/** A device as it must be. */
export class ZramLedger {
  /** The kernel, with the geometry that was asked for. */
  readonly profile: Profile;
  /** What is special about the device. */
  readonly create: ZramCreate;
  /** What objects of every length take. */
  readonly table: ClassTable;
  /** How long pages become. */
  readonly lengthOf: LengthOf;
  /** The bytes of pages. */
  readonly #bytes: ExpandedPages;
  /** A page of zeros. */
  readonly zeros: Uint8Array;
  /** Its pages; none before it has a disk. */
  pages: LedgerPages = new LedgerPages(0);
  /** Its memory. */
  readonly memory: LedgerMemory;
  /** The blocks of its backing device. */
  readonly blocks: LedgerBlocks;
  /** Algorithms by priority. */
  algorithms: (string | undefined)[];
  /** What algorithms were told, by priority. */
  readonly told: ToldParams = new ToldParams();
  /** The files that there are. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** `max_comp_streams`, where it can be set. */
  maxCompStreams = 1;
  /** The clock, in seconds. */
  clock: number;
  /** How many have the disk open. */
  openers = 0;
  /** How many of them exclusively. */
  holders = 0;
  /** Whether the backing device is set, and by which path. */
  backingPath: string | undefined;
  /** `writeback_limit`. */
  wbLimit = 0n;
  /** `writeback_limit_enable`. */
  wbLimitEnable = false;
  /** `writeback_batch_size`. */
  wbBatchSize = 32;
  /** `compressed_writeback`. */
  isCompressedWb = false;
  /** Blocks that are taken and of no page, for good. */
  lostBlocks = 0;
  /** Pages that wait to be written back, and were not accessed since. */
  readonly waiting: Set<number> = new Set();
  /** The page whose slot is locked while others may run. */
  locked: number | undefined;
  /** Pages that were stored when another ran amid a recompression. */
  storedAmid = 0;
  /** Events, as `io_stat` and its like count them. */
  events: LedgerEvents = { ...NO_EVENTS };

  /** The numbers of `mm_stat` as they were shown last. */
  readonly seen: Float64Array = new Float64Array(MM_STAT_NUMBERS);
  /** A page whose length is not known, if there is one. */
  #unknownPage = 0;
  readonly #isLinux: boolean;
  /** Writes to the backing device, failed or not. */
  #blockWrites = 0;

  /** A fresh device. */
  constructor({ profile, create, lengthOf, isLinux, pages }: LedgerSetup) {
    this.profile = profile;
    this.#bytes = pages;
    this.#isLinux = isLinux;
    this.zeros = new Uint8Array(profile.pageSize);
    this.create = create;
    this.files = filesOf(create.files, profile.pageSize);
    this.clock = create.uptime ?? 0;
    this.lengthOf = lengthOf;
    this.table = classTable(profile);
    this.memory = new LedgerMemory(this.table, profile.zram, {
      maxPages: mostFrames(create, profile.zram.gfp),
      failEach: create.failEach,
    });
    this.algorithms = [profile.zram.defaultAlgorithm];
    // Up to 6.18 a block 0 would be none.
    this.blocks = new LedgerBlocks(
      create.backingPages ?? 0,
      this.writesInBatches ? 0 : 1,
    );
  }

  /** Whether it has a disk. */
  get isInitialised(): boolean {
    return this.pages.length > 0;
  }

  /** Bytes of the disk. */
  get disksize(): number {
    return this.pages.length * this.profile.pageSize;
  }

  /** How many algorithms there are (`num_active_comps`). */
  get activeCount(): number {
    return this.algorithms.filter((name) => name !== undefined).length;
  }

  /** The algorithm that a name stands for. */
  #named(name: string): string {
    return ledgerFacts(this.profile).keepsNewline ? lineOf(name) : name;
  }

  /** The algorithm of a priority, whatever name it has. */
  algorithmAt(priority: number): string | undefined {
    const name = this.algorithms[priority];
    return name === undefined ? undefined : this.#named(name);
  }

  /** Whether an algorithm can be chosen by a name. */
  canChoose(given: string): boolean {
    const name = this.#named(given);
    const { compAlgorithms, unlistedAlgorithms } = this.profile.zram;
    return compAlgorithms.includes(name) || unlistedAlgorithms.includes(name);
  }

  /**
   * What comes of setting the algorithms up in turn: the first errno, or that
   * one stops this kernel; nothing where all are there, and take what they were
   * told.
   */
  get outcomeOfSetUp(): string | undefined {
    for (const nth of this.algorithms.keys()) {
      const name = this.algorithmAt(nth);
      if (name === undefined) continue;
      const outcome = this.canChoose(name)
        ? outcomeOfSetUp(this.profile, name, this.told.said[nth])
        : "EINVAL";
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  }

  /**
   * Every algorithm is set up; answers the errno where that did not go well. A
   * kernel may lose some of them then, or all.
   */
  setUp(): string | undefined {
    const { afterFailedSetup, defaultAlgorithm } = this.profile.zram;
    const errno = this.outcomeOfSetUp;
    if (errno === undefined) this.told.setUp();
    if (errno === undefined || afterFailedSetup === "unchanged") return errno;
    this.algorithms = afterFailedSetup === "default" ? [defaultAlgorithm] : [];
    this.told.forget();
    return errno;
  }

  /** Whether there is a disk, but nothing that compresses what is written to it. */
  get lacksCompressor(): boolean {
    return this.isInitialised && this.algorithms[0] === undefined;
  }

  /** The device is as it was, but for what was set of writeback. */
  reset(): void {
    const { resetRestoresAlgorithm, defaultAlgorithm, resetWithoutDisk } =
      this.profile.zram;
    this.memory.limit = 0;
    if (!this.isInitialised && resetWithoutDisk === "limit") return;
    this.told.forget();
    this.pages = new LedgerPages(0);
    this.memory.reset();
    this.algorithms = [
      resetRestoresAlgorithm ? defaultAlgorithm : this.algorithms[0],
    ];
    this.maxCompStreams = 1;
    this.events = { ...NO_EVENTS };
    this.seen.fill(0);
    this.backingPath = undefined;
    this.lostBlocks = 0;
    this.blocks.reset();
  }

  /** The bytes of a page that is written. */
  bytesOf(data: Bytes): Uint8Array {
    return this.#bytes.of(data, this.profile.pageSize);
  }

  /** What a page must read as; nothing where it is zeros. */
  contentsOf(page: number): Uint8Array | undefined {
    return this.pages.place[page] === NOWHERE
      ? undefined
      : this.pages.contents[page];
  }

  /**
   * What should come of storing a page. A length that pages do not state is
   * taken from `stored`, what the device answered, where it did.
   */
  storing(bytes: Uint8Array, data?: Bytes, stored?: number): Storing {
    if (this.takesNoMemory(bytes)) return { bytes: 0, stored: true };
    const isTold = stored !== undefined && stored > 0 &&
      stored <= this.profile.pageSize && this.create.codecs !== "stated";
    const length = isTold ? stored : this.lengthBy(0, bytes, data);
    if (length === undefined) return { stored: undefined };
    // The algorithm failed: there is nothing to store.
    if (length === 0) return { stored: false };
    const counted = this.counted(length);
    const attempt = this.#isLinux ? this.memory.attempt(counted) : undefined;
    return { bytes: counted, attempt, stored: attempt?.stored };
  }

  /** How long the algorithm of a priority makes a page, if there is one. */
  lengthBy(
    priority: number,
    bytes: Uint8Array,
    data?: Bytes,
  ): number | undefined {
    const algorithm = this.algorithmAt(priority);
    const params = this.told.used[priority];
    return algorithm === undefined
      ? undefined
      : this.lengthOf(bytes, { algorithm, params, data });
  }

  /** By how many bytes a page of a compressed length counts. */
  counted(length: number): number {
    return length >= this.table.wholeFrom ? this.profile.pageSize : length;
  }

  /** Whether a page is of one word repeated, or of zeros where only those count. */
  takesNoMemory(bytes: Uint8Array): boolean {
    const { wordBits, zram } = this.profile;
    return zram.sameFilled === "word"
      ? isOneWord(bytes, wordBits / 8)
      : isZero(bytes);
  }

  /** A page was to be stored, and was or was not, by so many bytes where that is known. */
  store(
    page: number,
    contents: Uint8Array,
    storing: Storing,
    isStored: boolean,
    counted: number | undefined,
  ): void {
    const { attempt } = storing;
    if (attempt !== undefined) this.memory.tried(attempt, isStored);
    if (!isStored) return;
    this.#release(page);
    const isSame = storing.bytes === 0;
    const bytes = isSame ? 0 : counted ?? storing.bytes ?? UNKNOWN_BYTES;
    const place = this.#placeOf(bytes);
    this.pages.put(page, isSame ? SAME : place, bytes);
    this.pages.contents[page] = contents;
    if (place === WHOLE) this.events.hugeSince++;
    if (bytes !== UNKNOWN_BYTES) return;
    this.#unknownPage = page;
    this.events.maybeHuge++;
  }

  /**
   * An object takes the place of a larger one that a page had, if there is
   * memory, which `isRefused` tells where it is not known.
   */
  replace(
    page: number,
    bytes: number,
    priority: number,
    isRefused: boolean,
  ): boolean {
    const { pages, memory } = this;
    if (this.#isLinux) {
      if (!memory.add(bytes, isRefused)) return false;
      memory.remove(pages.bytes[page]);
    }
    pages.put(page, OBJECT, bytes);
    pages.priority[page] = priority;
    return true;
  }

  /** The device shows these numbers in `mm_stat`: what else they tell. */
  observe(numbers: Float64Array): void {
    const { memory, profile: { pageSize } } = this;
    this.seen.set(numbers);
    this.#resolve(numbers[MM.compr_data_size]);
    if (this.profile.zram.mmStatNumbers > MM.huge_pages_since) {
      this.events.hugeSince = numbers[MM.huge_pages_since];
      this.events.maybeHuge = 0;
    }
    this.observeUsed(numbers[MM.mem_used_total]);
    memory.max = exactly(numbers[MM.mem_used_max] / pageSize);
    memory.compacted = exactly(numbers[MM.pages_compacted]);
  }

  /** The device shows that it uses so many bytes. */
  observeUsed(bytes: number): void {
    this.memory.bounds.observe(bytes / this.profile.pageSize);
  }

  /** The length of one page is what those of the others leave. */
  #resolve(sum: number): void {
    const { pages } = this;
    const page = this.#unknownPage;
    if (pages.unknown !== 1 || pages.bytes[page] !== UNKNOWN_BYTES) return;
    const bytes = sum - pages.sumBytes;
    pages.put(page, this.#placeOf(bytes), bytes);
  }

  /** Where a page of so many bytes is. */
  #placeOf(bytes: number): number {
    return bytes === this.profile.pageSize ? WHOLE : OBJECT;
  }

  /** Forgets a page. */
  free(page: number): void {
    this.#release(page);
    this.pages.put(page, NOWHERE, 0);
    this.pages.contents[page] = undefined;
  }

  /** A page goes to a block of the backing device. */
  writeBack(page: number, block: number): void {
    this.#release(page);
    if (this.profile.zram.writtenBackKeeps === "nothing") {
      this.pages.put(page, BACKING, 0);
      this.pages.block[page] = block;
    } else {
      this.pages.putBack(page, block);
    }
  }

  /** A page was accessed. */
  touch(page: number): void {
    this.pages.marks[page] &= ~IDLE;
    const isWhole = this.profile.zram.acTime === "seconds";
    this.pages.acTime[page] = isWhole
      ? Math.floor(this.clock) % 2 ** 32
      : this.clock;
    if (this.waiting.size > 0) this.waiting.delete(page);
  }

  /** Whether a page can be read, which the backing device may fail to. */
  isReadable(page: number): boolean {
    const { badReads = [] } = this.create;
    return this.pages.place[page] !== BACKING ||
      !badReads.includes(this.pages.block[page]);
  }

  /** Counts a read from the backing device, if a page is there; answers whether it is read. */
  readBacking(page: number): boolean {
    if (this.pages.place[page] === BACKING) this.events.bdReads++;
    return this.isReadable(page);
  }

  /** Writes to a block, which counts where the backing device takes it. */
  writeBlock(block: number): boolean {
    const { badWrites = [], failEachWrite = Infinity } = this.create;
    const isTaken = ++this.#blockWrites % failEachWrite !== 0 &&
      !badWrites.includes(block);
    if (isTaken) this.events.bdWrites++;
    return isTaken;
  }

  /** Whether a writeback takes many pages for the while of it. */
  get writesInBatches(): boolean {
    return this.profile.zram.writebackOrder === "in-batches";
  }

  /** Gives back what holds a page. */
  #release(page: number): void {
    const { pages, waiting } = this;
    if (waiting.size > 0) waiting.delete(page);
    if (pages.isInPool(page)) {
      if (this.#isLinux) this.memory.remove(pages.bytes[page]);
    } else if (pages.place[page] === BACKING) {
      this.blocks.give(pages.block[page]);
    }
  }
}
