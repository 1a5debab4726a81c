/** Races that kernels had, in every part that can be explored. */
import type { KnownRace } from "./known/known_race.ts";
import { SWAP_KNOWN_RACES } from "./known/swap.ts";
import { Z3FOLD_KNOWN_RACES } from "./known/z3fold.ts";
import { ZRAM_KNOWN_RACES } from "./known/zram.ts";
import { ZSMALLOC_KNOWN_RACES } from "./known/zsmalloc.ts";
import { ZSWAP_KNOWN_RACES } from "./known/zswap.ts";

/** Every known race, by room. */
export const KNOWN_RACES: readonly KnownRace[] = [
  ...ZSMALLOC_KNOWN_RACES,
  ...ZRAM_KNOWN_RACES,
  ...ZSWAP_KNOWN_RACES,
  ...SWAP_KNOWN_RACES,
  ...Z3FOLD_KNOWN_RACES,
];
