/** What a thread that explores does: one task after another. */
import { describedProfile } from "../../linux/description.ts";
import type { RaceRoom } from "./room.ts";
import { exploreTask, type RaceReport, type RaceTask } from "./task.ts";

declare const self: Pick<Worker, "onmessage" | "postMessage">;

/** Does the tasks that come, on these rooms. */
export function serveRaces(rooms: readonly RaceRoom[]): void {
  const report = (one: RaceReport) => self.postMessage(one);
  self.onmessage = ({ data }: MessageEvent<RaceTask>) => {
    const room = rooms.find(({ name }) => name === data.room);
    if (room === undefined) throw new Error(`no room ${data.room}`);
    exploreTask(room, describedProfile(data.profile), data, report);
    report("done");
  };
  report("there");
}
