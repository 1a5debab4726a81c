/** How the second model of zswap expects a page to be held. */
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../../programs/bytes.ts";
import type { LengthOf } from "../lengths.ts";
import { isOneWord } from "../page_kinds.ts";

/** How a page is held. */
export type HeldKind = "same" | "compressed" | "whole";

/** Why a page cannot be held. */
export type PageRefusal = "not-same" | "codec" | "poor";

/** What decides how a page is held. */
export interface PageConditions {
  /** The kernel. */
  readonly profile: Profile;
  /** What compressors make of pages. */
  readonly lengthOf: LengthOf;
  /** Whether pages may be written back. */
  readonly writeback: boolean;
  /** The compressor. */
  readonly compressor: string;
  /** The allocator. */
  readonly zpool: string;
  /** Whether pages of one word repeated are kept as that word. */
  readonly keepsSame: boolean;
  /** Whether other pages are kept. */
  readonly keepsOthers: boolean;
}

/** How a page is to be held, or why it is to be refused. */
export function kindOf(
  data: Bytes,
  bytes: Uint8Array,
  conditions: PageConditions,
): HeldKind | PageRefusal {
  const { profile, writeback, compressor, zpool } = conditions;
  const { pageSize, wordBits, zswap } = profile;
  if (zswap.sameFilled) {
    if (conditions.keepsSame && isOneWord(bytes, wordBits / 8)) return "same";
    if (!conditions.keepsOthers) return "not-same";
  }
  const length = conditions.lengthOf(bytes, compressor, data);
  if (length === undefined) throw new Error(`No codec is called ${compressor}`);
  if (zswap.storesIncompressible) {
    if (length < pageSize) return "compressed";
    return writeback ? "whole" : "codec";
  }
  const isLimited = zswap.limitedCompressors.includes(compressor);
  if (isLimited && length > pageSize) return "codec";
  const header = writeback && zpool !== "zsmalloc" ? wordBits / 8 : 0;
  // zbud leaves a chunk of 64 for its header, and one for another object.
  const largest = zpool === "zbud" ? pageSize * 62 / 64 : pageSize;
  return header + length <= largest ? "compressed" : "poor";
}
