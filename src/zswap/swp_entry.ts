/**
 * Swap entries: which swap type a page is in, and at which offset. Where an
 * allocator evicts, an object starts with the entry of its page, which is how
 * zswap finds out whose object it is.
 */
import type { Profile } from "../linux/profile.ts";

/** `swp_entry_t`, taken apart. */
export interface SwpEntry {
  /** The swap type: the number of a swap device, from 0 on. */
  readonly type: number;
  /** The offset in that device, in pages. */
  readonly offset: number;
}

/** MAX_SWAPFILES, at most: swap types that five bits can name. */
export const MAX_SWAPFILES = 32;

const view = (header: Uint8Array): DataView =>
  new DataView(header.buffer, header.byteOffset, header.length);

/**
 * Writes `struct zswap_header`, one little-endian `unsigned long`: the type
 * above the offset. Specifies `swp_entry`, `include/linux/swapops.h`.
 */
export function writeZswapHeader(
  profile: Profile,
  header: Uint8Array,
  { type, offset }: SwpEntry,
): void {
  const { wordBits, zswap } = profile;
  const shift = zswap.swpTypeShift(wordBits);
  if (wordBits === 32) {
    view(header).setUint32(0, type << shift | offset, true);
    return;
  }
  view(header).setUint32(0, offset, true);
  const high = Math.floor(offset / 2 ** 32);
  view(header).setUint32(4, type << (shift - 32) | high, true);
}

/** Reads what {@linkcode writeZswapHeader} wrote (`swp_type`, `swp_offset`). */
export function readZswapHeader(
  profile: Profile,
  header: Uint8Array,
): SwpEntry {
  const { wordBits, zswap } = profile;
  const shift = zswap.swpTypeShift(wordBits);
  const low = view(header).getUint32(0, true);
  if (wordBits === 32) {
    return { type: low >>> shift, offset: low & ((1 << shift) - 1) };
  }
  const high = view(header).getUint32(4, true);
  const offsetHigh = high & ((1 << (shift - 32)) - 1);
  return {
    type: high >>> (shift - 32),
    offset: offsetHigh * 2 ** 32 + low,
  };
}
