/** Every planted defect. */
import { BASE_MUTANTS } from "./base.ts";
import { BUDDY_MUTANTS } from "./buddies.ts";
import { BUDDY_LOCKS_MUTANTS } from "./buddy_locks.ts";
import { CODEC_MUTANTS } from "./codecs.ts";
import type { Mutant } from "./mutant.ts";
import { PAGE_ALLOC_MUTANTS } from "./page_alloc.ts";
import { SWAP_MUTANTS } from "./swap.ts";
import { ZCACHE_MUTANTS } from "./zcache.ts";
import { ZRAM_MUTANTS } from "./zram.ts";
import { ZRAM_BATCHES_MUTANTS } from "./zram_batches.ts";
import { SWAP_LOCKS_MUTANTS } from "./swap_locks.ts";
import { ZSWAP_LOCKS_MUTANTS } from "./zswap_locks.ts";
import { ZRAM_LOCKS_MUTANTS } from "./zram_locks.ts";
import { ZRAM_PAGES_MUTANTS } from "./zram_pages.ts";
import { ZRAM_REQUESTS_MUTANTS } from "./zram_requests.ts";
import { ZSMALLOC_MUTANTS } from "./zsmalloc.ts";
import { ZSMALLOC_LOCKS_MUTANTS } from "./zsmalloc_locks.ts";
import { ZSMALLOC_MOVES_MUTANTS } from "./zsmalloc_moves.ts";
import { ZSWAP_MUTANTS } from "./zswap.ts";
import { ZSWAP_SHRINK_MUTANTS } from "./zswap_shrink.ts";

/** Every planted defect, in the order of the rooms. */
export const MUTANTS: readonly Mutant[] = [
  ...BASE_MUTANTS,
  ...PAGE_ALLOC_MUTANTS,
  ...CODEC_MUTANTS,
  ...ZSMALLOC_MUTANTS,
  ...ZSMALLOC_MOVES_MUTANTS,
  ...ZSMALLOC_LOCKS_MUTANTS,
  ...BUDDY_MUTANTS,
  ...BUDDY_LOCKS_MUTANTS,
  ...ZRAM_MUTANTS,
  ...ZRAM_REQUESTS_MUTANTS,
  ...ZRAM_PAGES_MUTANTS,
  ...ZRAM_BATCHES_MUTANTS,
  ...ZRAM_LOCKS_MUTANTS,
  ...ZSWAP_LOCKS_MUTANTS,
  ...SWAP_LOCKS_MUTANTS,
  ...ZSWAP_MUTANTS,
  ...ZSWAP_SHRINK_MUTANTS,
  ...ZCACHE_MUTANTS,
  ...SWAP_MUTANTS,
];
