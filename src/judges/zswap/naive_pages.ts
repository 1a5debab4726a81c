/**
 * How the second model of zswap expects a page to be held. Lengths it has from
 * what a page states, not from the codec that it judges.
 */
import { ALL_CODECS } from "../../codec/codecs.ts";
import { STATED_LENGTHS, STATEMENT_BYTES } from "../../codec/stated.ts";
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../../programs/bytes.ts";
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
  /** Whether compressors make the lengths that pages state. */
  readonly isStated: boolean;
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

/** Whether a page is one word over and over. */
function isSame(bytes: Uint8Array, wordBytes: number): boolean {
  for (let at = wordBytes; at < bytes.length; at++) {
    if (bytes[at] !== bytes[at - wordBytes]) return false;
  }
  return true;
}

/** The length that a page states for the `nth` compressor; `undefined` where it states none. */
function statedLength(data: Bytes, nth: number): number | undefined {
  if (!("kind" in data) || data.kind !== "stated") return undefined;
  const { lengths, seed } = data;
  const place = Math.min(nth % STATED_LENGTHS, lengths.length - 1);
  const length = lengths[place];
  const isAlike = lengths.every((one) => one === length) && seed < 256;
  return length >= STATEMENT_BYTES || isAlike ? length : undefined;
}

function lengthOf(
  data: Bytes,
  bytes: Uint8Array,
  compressor: string,
  { isStated, profile }: PageConditions,
): number {
  if (isStated) {
    const nth = profile.zswap.compressors.indexOf(compressor);
    const length = statedLength(data, nth) ?? Infinity;
    return Math.min(length, bytes.length + 1);
  }
  const codec = ALL_CODECS.find(({ name }) => name === compressor);
  if (codec === undefined) throw new Error(`No codec is called ${compressor}`);
  return codec.compress(bytes, new Uint8Array(2 * bytes.length));
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
    if (conditions.keepsSame && isSame(bytes, wordBits / 8)) {
      return { kind: "same", length: 0 };
    }
    if (!conditions.keepsOthers) return "not-same";
  }
  const compressor =
    compressorOf(facts, zswap.compressors, conditions.compressor) ?? "";
  const length = lengthOf(data, bytes, compressor, conditions);
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
