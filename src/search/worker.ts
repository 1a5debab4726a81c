/** A worker of `workers.ts`: runs one batch of programs after another. */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { describedProfile } from "../linux/description.ts";
import type { Step } from "../programs/program.ts";
import { placesOf } from "./batches.ts";
import { keptProgram, Reached } from "./corpus.ts";
import { arenaOf, type Machine, machineOf } from "./machine.ts";
import { machineNamed } from "./machines.ts";
import { type Found, search } from "./search.ts";
import { shrinkLimit } from "./shrink.ts";
import { runNow } from "./trial.ts";
import type { FoundMessage, WorkerReport, WorkerTask } from "./workers.ts";

const report = (one: WorkerReport) => self.postMessage(one);

/** What this worker's programs have reached, by machine. */
const reached = new Map<string, Reached>();

/** Runs the batch of a task, and tells of every program. */
function runBatch<One extends Step>(
  machine: Machine<One>,
  { batch, keeps, known }: WorkerTask,
): void {
  const own = reached.getOrInsertComputed(machine.name, () => new Reached());
  for (const counts of known) own.add(counts);
  const { found } = runNow(search(arenaOf(machine), {
    places: placesOf([batch]),
    onProgram(program, reach) {
      report({ steps: program.steps.length, reach });
      const features = keeps ? own.newIn(reach) : [];
      if (features.length > 0) {
        report({ kept: keptProgram(machine, program, own, features) });
        own.add(reach);
      }
    },
    // At once, lest it be lost: shrinking may take long, or may not end.
    onFound: ({ finding, ...found }) =>
      report({
        found: messageOf({
          ...found,
          finding: { ...finding, shrinking: WITHOUT_END },
        }),
      }),
    isShrunk: shrinkLimit(),
  }));
  if (found !== undefined) report({ found: messageOf(found) });
}

/** What is said of shrinking where nothing more is heard of it. */
const WITHOUT_END = "did not end: some of the steps may not be needed";

/** A profile has functions, which no message can have. */
function messageOf(found: Found): FoundMessage {
  return { ...found, profile: found.profile.name };
}

self.onmessage = ({ data }: MessageEvent<WorkerTask>) => {
  const machine = machineNamed(data.machine);
  if (machine === undefined) throw new Error(`no machine ${data.machine}`);
  runBatch(
    data.profile === undefined
      ? machine
      : machineOf(machine, describedProfile(data.profile)),
    data,
  );
  report("done");
};
