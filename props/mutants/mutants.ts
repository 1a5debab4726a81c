/** Every planted defect. */
import { BASE_MUTANTS } from "./base.ts";
import { BUDDY_MUTANTS } from "./buddies.ts";
import type { Mutant } from "./mutant.ts";
import { SWAP_MUTANTS } from "./swap.ts";
import { ZRAM_MUTANTS } from "./zram.ts";
import { ZRAM_PAGES_MUTANTS } from "./zram_pages.ts";
import { ZSMALLOC_MUTANTS } from "./zsmalloc.ts";
import { ZSWAP_MUTANTS } from "./zswap.ts";

/** Every planted defect, in the order of the rooms. */
export const MUTANTS: readonly Mutant[] = [
  ...BASE_MUTANTS,
  ...ZSMALLOC_MUTANTS,
  ...BUDDY_MUTANTS,
  ...ZRAM_MUTANTS,
  ...ZRAM_PAGES_MUTANTS,
  ...ZSWAP_MUTANTS,
  ...SWAP_MUTANTS,
];
