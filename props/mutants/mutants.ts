/** Every planted defect. */
import { BASE_MUTANTS } from "./base.ts";
import { BUDDY_MUTANTS } from "./buddies.ts";
import { CODEC_MUTANTS } from "./codecs.ts";
import type { Mutant } from "./mutant.ts";
import { SWAP_MUTANTS } from "./swap.ts";
import { ZRAM_MUTANTS } from "./zram.ts";
import { ZRAM_BATCHES_MUTANTS } from "./zram_batches.ts";
import { ZRAM_PAGES_MUTANTS } from "./zram_pages.ts";
import { ZRAM_REQUESTS_MUTANTS } from "./zram_requests.ts";
import { ZSMALLOC_MUTANTS } from "./zsmalloc.ts";
import { ZSMALLOC_MOVES_MUTANTS } from "./zsmalloc_moves.ts";
import { ZSWAP_MUTANTS } from "./zswap.ts";
import { ZSWAP_SHRINK_MUTANTS } from "./zswap_shrink.ts";

/** Every planted defect, in the order of the rooms. */
export const MUTANTS: readonly Mutant[] = [
  ...BASE_MUTANTS,
  ...CODEC_MUTANTS,
  ...ZSMALLOC_MUTANTS,
  ...ZSMALLOC_MOVES_MUTANTS,
  ...BUDDY_MUTANTS,
  ...ZRAM_MUTANTS,
  ...ZRAM_REQUESTS_MUTANTS,
  ...ZRAM_PAGES_MUTANTS,
  ...ZRAM_BATCHES_MUTANTS,
  ...ZSWAP_MUTANTS,
  ...ZSWAP_SHRINK_MUTANTS,
  ...SWAP_MUTANTS,
];
