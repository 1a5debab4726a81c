/** How the second model of zswap expects a page to be held. */
import type { Bytes } from "../../programs/bytes.ts";
import { isOneWord } from "../page_kinds.ts";
import { compressorOf } from "./naive_kernels.ts";
import type { NaiveZswap } from "./naive_zswap.ts";

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
  | "notSame"
  | "codec"
  | "codecPoor"
  | "poor"
  | "memory";

/** How a page is to be held, or why it is to be refused. */
export function holdingOf(
  naive: NaiveZswap,
  data: Bytes,
  bytes: Uint8Array,
): Holding | PageRefusal {
  const { facts, parameters, profile: { pageSize, wordBits, zswap } } = naive;
  const { zpool, compressor: name } = naive.pools.current;
  const wordBytes = wordBits / 8;
  if (zswap.sameFilled) {
    const keepsSame = parameters.isOn("same_filled_pages_enabled");
    if (keepsSame && isOneWord(bytes, wordBytes)) {
      return { kind: "same", length: 0 };
    }
    if (!parameters.isOn("non_same_filled_pages_enabled")) return "notSame";
  }
  const algorithm = compressorOf(facts, zswap.compressors, name) ?? name;
  const length = naive.lengthOf(bytes, { algorithm, data });
  if (length === undefined) throw new Error(`No codec is called ${algorithm}`);
  const isLimited = !facts.unlimited.includes(algorithm);
  const isRefused = isLimited && length > pageSize;
  const saysNoRoom = isRefused && facts.countsRefused &&
    facts.saysNoRoom.includes(algorithm);
  const refusal = saysNoRoom ? "codecPoor" : "codec";
  if (facts.keepsWhole) {
    if (!isRefused && length < pageSize) return { kind: "compressed", length };
    return naive.mayWriteBack ? { kind: "whole", length: pageSize } : refusal;
  }
  if (isRefused) return refusal;
  const isEvictable = naive.writeback && !naive.hasList && zpool !== "zsmalloc";
  const header = isEvictable ? wordBytes : 0;
  // zbud leaves a chunk of 64 for its header, and one for another object.
  const largest = zpool === "zbud" ? pageSize * 62 / 64 : pageSize;
  if (header + length <= largest) return { kind: "compressed", length };
  return zpool === "zsmalloc" && !facts.zsmallocSaysWhy ? "memory" : "poor";
}
