/** `zspec races` of the rooms of the tests. */
import { racesCommand } from "../src/cli/races.ts";
import { UsageError } from "../src/cli/usage.ts";
import { RUSH_RACES, SLOTS_RACES } from "./race_rooms.ts";

try {
  Deno.exit(
    await racesCommand(Deno.args, {
      rooms: [SLOTS_RACES, RUSH_RACES],
      worker: new URL("./race_rooms_worker.ts", import.meta.url),
    }),
  );
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`zspec: ${error.message}`);
  Deno.exit(2);
}
