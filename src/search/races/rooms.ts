/** The parts of the kernel that can be explored. */
import type { RaceRoom } from "./room.ts";

/** Every room, in the order in which they are told of. */
export const RACE_ROOMS: readonly RaceRoom[] = [];
