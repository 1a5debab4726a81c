/** vmalloc: memory that is in one piece in the kernel's addresses alone. */
import type { Profile } from "./profile.ts";

/**
 * Bytes of addresses that x86 has for vmalloc, by the bits of a word. With 32
 * it is VMALLOC_RESERVE, 128 MiB, less a hole of 8 MiB below, where there is
 * more memory than the kernel maps. With 64 it is what page tables of four
 * levels give.
 *
 * Source: `arch/x86/include/asm/pgtable_32_areas.h`, `pgtable_64_types.h`, 6.1.
 */
const VMALLOC_BYTES: Readonly<Record<number, number>> = {
  32: 120 * 2 ** 20,
  64: 32 * 2 ** 40,
};

/**
 * Whether vmalloc can give `bytes`, if nobody else has any of its addresses:
 * not for none, nor for more than `totalRamPages`; a page behind is left free.
 * Specifies `__vmalloc_node_range`, `mm/vmalloc.c`, 6.1.
 */
export function fitsVmalloc(
  { pageSize, wordBits }: Pick<Profile, "pageSize" | "wordBits">,
  bytes: number,
  totalRamPages: number,
): boolean {
  const area = (Math.ceil(bytes / pageSize) + 1) * pageSize;
  return bytes > 0 && area <= VMALLOC_BYTES[wordBits] &&
    Math.floor(bytes / pageSize) <= totalRamPages;
}
