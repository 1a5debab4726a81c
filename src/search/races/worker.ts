/** A thread of `workers.ts`, which explores the rooms that there are. */
import { RACE_ROOMS } from "./rooms.ts";
import { serveRaces } from "./serve.ts";

serveRaces(RACE_ROOMS);
