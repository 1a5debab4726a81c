/** What writing pages back came to, whoever did it. */
import { percent } from "../../report/table.ts";
import { crc32 } from "node:zlib";
import type { Profile } from "../../linux/profile.ts";
import type { BackingDevice } from "../../zram/backing.ts";

/** The pages, and how much is written back of them. */
export interface Pages {
  readonly profile: Profile;
  readonly data: readonly Uint8Array[];
  readonly seed: number;
  /** Steps of writeback, of a page each or (zbud) two. */
  readonly steps: number;
}

/** What writeback came to. */
export interface Written {
  /** Who wrote. */
  readonly name: string;
  /** Pages that were written back. */
  readonly pages: number;
  /** Pages that were decompressed for it. */
  readonly decompressions: number;
  /** Requests to the device, each of a block of a page's size. */
  readonly requests: number;
  /** Frames that were taken for it, in all and at a time. */
  readonly framesTaken: number;
  readonly framesAtATime: number;
  /** Frames that the pool gave back. */
  readonly framesFreed: number;
  /** The share of requests to the block behind the one before. */
  readonly sequential: number;
  /** Blocks that hold a page just as it was. */
  readonly plain: number;
  /** Pages that are written back where no frame is free, and where one is. */
  readonly withoutFrames: number;
  readonly withOneFrame: number;
}

/** The share of requests to the block behind the one before. */
export function sequentialShare(blocks: readonly number[]): number {
  const next = blocks.filter((block, nth) => block === blocks[nth - 1] + 1);
  return blocks.length < 2 ? 0 : next.length / (blocks.length - 1);
}

/** How many of some blocks hold one of the pages as it was. */
export function countPlain(
  { data, profile }: Pages,
  device: BackingDevice,
  blocks: readonly number[],
): number {
  const known = new Set(data.map((page) => crc32(page)));
  const into = new Uint8Array(profile.pageSize);
  return blocks.filter((block) => {
    device.readPage(block, into);
    return known.has(crc32(into));
  }).length;
}

/** The share of sequential requests, in percent. */
export const sequentialText = ({ sequential }: Written): string =>
  percent(Math.round(1e4 * sequential), 1e4);

/** What writeback came to, in words. */
export const sentence = (one: Written): string =>
  `${one.name}: ${one.pages} pages, ${one.decompressions} decompressed, ${one.requests} requests, ${one.framesAtATime} at a time`;
