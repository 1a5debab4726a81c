/** The parts of the kernel that can be explored. */
import type { RaceRoom } from "./room.ts";
import { ZSMALLOC_RACES } from "./rooms/zsmalloc.ts";

/** Every room, in the order in which they are told of. */
export const RACE_ROOMS: readonly RaceRoom[] = [ZSMALLOC_RACES];
