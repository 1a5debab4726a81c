/** A worker of `fuzz_pool.ts`: runs one batch of programs after another. */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { loadFastCheck } from "../programs/fast_check.ts";
import { searchBatch, shrinkFailure } from "./fuzz.ts";
import type { FuzzReport, FuzzTask } from "./fuzz_pool.ts";
import { machineNamed } from "./machines.ts";

const report = (one: FuzzReport) => self.postMessage(one);

self.onmessage = async ({ data }: MessageEvent<FuzzTask>) => {
  const fc = await loadFastCheck();
  const machine = machineNamed(data.machine);
  if (machine === undefined) throw new Error(`no machine ${data.machine}`);
  const search = searchBatch(fc, machine, data.batch);
  let found = search.next();
  for (; !found.done; found = search.next()) report({ steps: found.value });
  const failure = found.value;
  if (failure !== undefined) {
    // At once, lest it be lost: shrinking may take long, or may not end.
    report({ failure });
    report({ failure: shrinkFailure(fc, machine, failure) });
  }
  report("done");
};
