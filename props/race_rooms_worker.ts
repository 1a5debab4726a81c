/** A thread that explores the rooms of the tests. */
import { serveRaces } from "../src/search/races/serve.ts";
import { RUSH_RACES, SLOTS_RACES } from "./race_rooms.ts";

serveRaces([SLOTS_RACES, RUSH_RACES]);
