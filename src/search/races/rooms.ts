/** The parts of the kernel that can be explored. */
import type { RaceRoom } from "./room.ts";
import { SWAP_RACES } from "./rooms/swap.ts";
import { Z3FOLD_RACES } from "./rooms/z3fold.ts";
import { ZBUD_RACES } from "./rooms/zbud.ts";
import { ZRAM_RACES } from "./rooms/zram.ts";
import { ZSMALLOC_RACES } from "./rooms/zsmalloc.ts";
import { ZSWAP_RACES } from "./rooms/zswap.ts";

/** Every room, in the order in which they are told of. */
export const RACE_ROOMS: readonly RaceRoom[] = [
  ZSMALLOC_RACES,
  ZRAM_RACES,
  ZSWAP_RACES,
  SWAP_RACES,
  ZBUD_RACES,
  Z3FOLD_RACES,
];
