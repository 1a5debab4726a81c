/** Requests of the disk, and which of them a device refuses. */
import type { Errno } from "../linux/errno.ts";
import {
  assertBytes,
  assertHas,
  assertLength,
  assertWhole,
  refuseType,
} from "../rules/argument.ts";
import type { Zram } from "./device.ts";
import { ZRAM_LOCK } from "./slots.ts";

/** Bytes of a sector (SECTOR_SIZE). */
export const SECTOR_SIZE = 512;
/** Bytes to which requests are aligned (ZRAM_LOGICAL_BLOCK_SIZE). */
export const LOGICAL_BLOCK_SIZE = 4096;

/**
 * A request. `sector` counts from the disk's start in units of 512 bytes. The
 * data of a read or write stands for whole pages of memory, one after another.
 */
export type Bio =
  /** REQ_OP_READ: fills `data`. */
  | { readonly op: "read"; readonly sector: number; readonly data: Uint8Array }
  /** REQ_OP_WRITE: stores `data`. */
  | { readonly op: "write"; readonly sector: number; readonly data: Uint8Array }
  /** REQ_OP_DISCARD and REQ_OP_WRITE_ZEROES: frees whole pages. */
  | {
    readonly op: "discard" | "write_zeroes";
    readonly sector: number;
    readonly bytes: number;
  };

/** One with data. */
export type DataBio = Extract<Bio, { data: Uint8Array }>;

/** The size of the disk, as something that is looked at and changed. */
export const CAPACITY = "the disk's capacity";

/** The request's error, or `undefined` where zram takes it. */
export function checkRequest(
  zram: Zram,
  sector: number,
  bytes: number,
): Errno | undefined {
  const { disksize, ioStat } = zram;
  const { requestsChecked } = zram.profile.zram;
  if (requestsChecked === "once-initialised" && disksize === 0) return "EIO";
  const start = sector * SECTOR_SIZE;
  const aligned = start % LOGICAL_BLOCK_SIZE === 0 &&
    bytes % LOGICAL_BLOCK_SIZE === 0;
  const inside = start < disksize && start + bytes <= disksize;
  if (aligned && inside) return undefined;
  if (requestsChecked === "by-block-layer") return inside ? "EINVAL" : "EIO";
  ioStat.invalidIo++;
  return "EIO";
}

/**
 * The error of a request for one whole page, likewise. Throws where it could
 * not run at once: data of another size, or a slot that is locked.
 */
export function checkPageRequest(
  zram: Zram,
  page: number,
  data: Uint8Array,
  op: "read" | "write",
): Errno | undefined {
  const { slots } = zram;
  const { pageSize } = zram.profile;
  const isBytes = data instanceof Uint8Array && data.length === pageSize;
  if (!isBytes) assertLength(`${op} page ${page}`, data, pageSize);
  if (typeof page !== "number" || page !== page >>> 0) {
    assertWhole(op, "page", page);
  }
  if (page >= slots.length) {
    return checkRequest(zram, page * pageSize / SECTOR_SIZE, pageSize);
  }
  if (slots.has(page, ZRAM_LOCK)) {
    throw new Error(`Cannot ${op} page ${page}: its slot is locked`);
  }
}

const OPS = "read, write, discard or write_zeroes";

/**
 * Throws where `bio` is no request: nothing is asked for, or not with what.
 * `sector` and `bytes` are of no type that could be negative.
 */
export function assertBio(bio: Bio): void {
  const doing = "submit a request";
  assertHas(doing, "bio", bio, "op", `a request to ${OPS}`);
  assertWhole(doing, "sector", bio.sector);
  if (bio.op === "discard" || bio.op === "write_zeroes") {
    assertWhole(doing, "bytes", bio.bytes);
  } else if (bio.op === "read" || bio.op === "write") {
    assertBytes(doing, "data", bio.data);
  } else refuseType(doing, "op", Object(bio).op, OPS);
}

/**
 * Whether the queue takes an operation at all. Where a page is larger than a
 * logical block, a discard leaves the parts of pages as they were, so zeroes
 * cannot be written by discarding.
 */
export function isSupported(
  { profile }: Zram,
  op: "discard" | "write_zeroes",
): boolean {
  return op === "discard"
    ? profile.zram.discard
    : profile.zram.writeZeroes && profile.pageSize === LOGICAL_BLOCK_SIZE;
}
