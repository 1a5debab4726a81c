/**
 * Targets: what is put under test. Each method is one request of the oracle
 * protocol, its result the answer's fields, bytes as they are. A target is
 * asked one request at a time, and answers at once or by a promise.
 */
import type { BlockStateRow } from "../programs/zram/steps.ts";
import type { ZsmallocSetup } from "../programs/zsmalloc/steps.ts";
import type { ZswapSetup } from "../programs/zswap/steps.ts";

export type { BlockStateRow, ZsmallocSetup, ZswapSetup };

/** An outcome that the interface promises to report: an errno's name. */
export interface Refusal {
  /** The errno's symbolic name: `ENOMEM`, `EINVAL`, … */
  readonly error: string;
}

/** A result or a refusal, now or later. `void` where there is nothing to tell. */
export type Answer<Result = void> =
  | Result
  | Refusal
  | Promise<Result | Refusal>;

/** Whether an answer is a refusal. */
export function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === "object" && answer !== null && "error" in answer;
}

/** What every target can be told. */
export interface Target {
  /**
   * Forgets everything, as a fresh process would: asked after a finding, before
   * the next `create`. A target without it is only told to `create`.
   */
  restart?(): void | Promise<void>;
  /**
   * Told `true` while a finding is shrunk, where an answer that is late once
   * may be late a hundred times: a target that waits can then wait less.
   */
  hurry?(isHurried: boolean): void;
  /**
   * Told after the last program that nothing more will be asked. Throws a
   * {@linkcode TargetFault} where the target does not end as it must.
   */
  end?(): void | Promise<void>;
}

/** Counters of a pool. */
export interface ZsmallocStats {
  /** Pages that the pool has (`zs_get_total_pages`). */
  readonly totalPages: number;
  /** Pages that compaction has freed so far (`zs_pool_stats`). */
  readonly pagesCompacted: number;
}

/** An allocator under test: one pool at a time. */
export interface ZsmallocTarget extends Target {
  /** A fresh, empty pool; the previous one is gone. */
  create(setup: ZsmallocSetup): Answer;
  /** An object of `size` bytes: a handle, opaque and never zero. */
  malloc(size: number): Answer<{ readonly handle: string }>;
  /** Frees an object. */
  free(handle: string): Answer;
  /** Copies bytes to the start of an object. */
  write(handle: string, data: Uint8Array): Answer;
  /** The first `length` bytes of an object. */
  read(
    handle: string,
    length: number,
  ): Answer<{ readonly data: Uint8Array }>;
  /** Compacts the pool. */
  compact(): Answer<{ readonly pagesFreed: number }>;
  /** The pool's counters. */
  stats(): Answer<ZsmallocStats>;
}

/** A request to a block device, in sectors of 512 bytes. */
export interface BioRequest {
  /** What is asked. */
  readonly request: "read" | "write" | "discard" | "write_zeroes";
  /** Where it starts, in sectors. */
  readonly sector: number;
  /** How many bytes from there on. */
  readonly bytes: number;
  /** What is written, where it is a request to write. */
  readonly data?: Uint8Array;
}

/**
 * A compressed block device under test. Of what it may do beside the first
 * six, programs use what it has.
 */
export interface ZramTarget extends Target {
  /** A fresh device, its `disksize` 0. */
  create(): Answer;
  /** Writes a sysfs attribute. */
  set(attr: string, value: string): Answer;
  /** Reads a sysfs attribute: the whole text, with its newline. */
  get(attr: string): Answer<{ readonly value: string }>;
  /**
   * Writes a page. `stored`: bytes by which it now counts in
   * `compr_data_size`, 0 for a same-filled page; absent where the device cannot
   * tell, as a kernel's that does not show what recompressed pages count.
   */
  write(page: number, data: Uint8Array): Answer<{ readonly stored?: number }>;
  /** Reads a page. */
  read(page: number): Answer<{ readonly data: Uint8Array }>;
  /** Discards `pages` pages from `page` on. */
  discard(page: number, pages: number): Answer;
  /** Pages that are stored and their flags, as debugfs `block_state` shows them. */
  blockState?(): Answer<readonly BlockStateRow[]>;
  /** A request in sectors. `data`: what was read, where that was asked. */
  bio?(bio: BioRequest): Answer<{ readonly data?: Uint8Array }>;
  /** The device's clock goes on: what `idle` with an age goes by. */
  wait?(seconds: number): Answer;
  /** The swap layer freed a page (`swap_slot_free_notify`). */
  slotFreeNotify?(page: number): Answer;
  /**
   * Which of the last four it can do, where that its methods do not say: the
   * operations `block_state`, `bio`, `wait` and `slot_free_notify`.
   */
  optional?(): Promise<readonly ZramOptional[]>;
}

/** What a {@linkcode ZramTarget} may do or not. */
export type ZramOptional = "block_state" | "bio" | "wait" | "slot_free_notify";

/** What became of a page that was to be stored. */
export type ZswapStored =
  | { readonly stored: true }
  | { readonly stored: false; readonly reason: string };

/** A page written to the swap device: its type, its offset, its bytes. */
export type ZswapWritten = readonly [
  type: number,
  offset: number,
  data: Uint8Array,
];

/** Counters of a swap cache. */
export interface ZswapStats {
  /** Pages that are stored (`stored_pages`). */
  readonly storedPages: number;
  /** What the pool takes (`pool_total_size`), in bytes. */
  readonly poolTotalSize: number;
  /** Pages written back so far (`written_back_pages`). */
  readonly writtenBackPages: number;
}

/** A compressed swap cache under test. */
export interface ZswapTarget extends Target {
  /** A fresh cache, empty. */
  create(setup: ZswapSetup): Answer;
  /** Stores a page of swap type `type` at `offset`. */
  store(type: number, offset: number, data: Uint8Array): Answer<ZswapStored>;
  /** The page that is stored there; `null` where none is. */
  load(
    type: number,
    offset: number,
  ): Answer<{ readonly data: Uint8Array | null }>;
  /** Forgets the page that is stored there. */
  invalidate(type: number, offset: number): Answer;
  /** Writes the `entries` oldest pages to the swap device. */
  writeback(
    entries: number,
  ): Answer<{ readonly written: readonly ZswapWritten[] }>;
  /** The cache's counters. */
  stats(): Answer<ZswapStats>;
}

/** How a target failed to answer at all. */
export type FaultKind =
  | "late"
  | "malformed"
  | "wrong id"
  | "died"
  | "flood"
  | "out of turn";

/**
 * A target that does not answer as the protocol has it: late, malformed, for
 * another request, out of turn, without an end, or it is gone. Targets throw
 * it; whatever else they throw is a finding all the same.
 */
export class TargetFault extends Error {
  /** The error's class. */
  override readonly name = "TargetFault";
  /** What kind of failure it is. */
  readonly kind: FaultKind;

  /** `message` says what came, and what would be right. */
  constructor(kind: FaultKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A target that cannot be had at all: no such command, no such device. */
export class TargetMissing extends Error {
  /** The error's class. */
  override readonly name = "TargetMissing";
}
