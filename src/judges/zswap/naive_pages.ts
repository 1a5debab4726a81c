/** How the second model of zswap expects a page to be held. */
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../../programs/bytes.ts";
import type { LengthOf } from "../lengths.ts";
import { isOneWord } from "../page_kinds.ts";
import { compressorOf, type NaiveKernel } from "./naive_kernels.ts";

/** How a page is held. */
export type HeldKind = "same" | "compressed" | "whole";

/** How a page is held, and in how many bytes. */
export interface Holding {
  /** How. */
  readonly kind: HeldKind;
  /** Bytes of its compressed form; 0 where it is a word. */
  readonly length: number;
}

/**
 * Why a page cannot be held: it is not of one word, its compressor says that
 * something is wrong, or that there is no room, or it is too large to be
 * stored, which an allocator may not tell from want of memory.
 */
export type PageRefusal =
  | "not-same"
  | "codec"
  | "codec-poor"
  | "poor"
  | "memory";

/** What decides how a page is held. */
export interface PageConditions {
  /** The kernel. */
  readonly profile: Profile;
  /** What the kernel does. */
  readonly facts: NaiveKernel;
  /** What compressors make of pages. */
  readonly lengthOf: LengthOf;
  /** Whether what does not compress may be written back. */
  readonly mayWriteBack: boolean;
  /** Bytes in front of each object. */
  readonly header: number;
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
): Holding | PageRefusal {
  const { profile, facts, mayWriteBack, zpool, header } = conditions;
  const { pageSize, wordBits, zswap } = profile;
  if (zswap.sameFilled) {
    if (conditions.keepsSame && isOneWord(bytes, wordBits / 8)) {
      return { kind: "same", length: 0 };
    }
    if (!conditions.keepsOthers) return "not-same";
  }
  const compressor =
    compressorOf(facts, zswap.compressors, conditions.compressor) ?? "";
  const length = conditions.lengthOf(bytes, {
    algorithm: compressor,
    data,
  });
  if (length === undefined) throw new Error(`No codec is called ${compressor}`);
  const isLimited = !facts.unlimited.includes(compressor);
  const isRefused = isLimited && length > pageSize;
  const saysNoRoom = isRefused && facts.countsRefused &&
    facts.saysNoRoom.includes(compressor);
  const refusal = saysNoRoom ? "codec-poor" : "codec";
  if (facts.keepsWhole) {
    if (!isRefused && length < pageSize) return { kind: "compressed", length };
    return mayWriteBack ? { kind: "whole", length: pageSize } : refusal;
  }
  if (isRefused) return refusal;
  // zbud leaves a chunk of 64 for its header, and one for another object.
  const largest = zpool === "zbud" ? pageSize * 62 / 64 : pageSize;
  if (header + length <= largest) return { kind: "compressed", length };
  return zpool === "zsmalloc" && !facts.zsmallocSaysWhy ? "memory" : "poor";
}
