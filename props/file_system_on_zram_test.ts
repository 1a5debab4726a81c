import { assert, assertEquals } from "@std/assert";
import {
  type Discards,
  fileSystemOnZram,
  type FileSystemRun,
} from "../src/claims/runs/file_system_on_zram.ts";

const all = fileSystemOnZram({ seed: 1 });

function runOf(kernel: string, discards: Discards): FileSystemRun {
  const run = all.find((one) =>
    one.kernel === kernel && one.discards === discards
  );
  assert(run !== undefined, `${kernel}, ${discards}`);
  return run;
}

Deno.test("to delete files gives nothing back where the device is not told", () => {
  for (const kernel of ["linux-3.12", "linux-7.3"]) {
    const { filled, deleted, trimmed, compacted } = runOf(kernel, "none");
    assert(deleted.files < 0.6 * filled.files);
    assertEquals(deleted.origDataSize, filled.origDataSize);
    assertEquals(deleted.memUsedTotal, filled.memUsedTotal);
    assertEquals([trimmed, compacted], [deleted, deleted]);
  }
});

Deno.test("zram of 3.12 has no discard: what is free stays", () => {
  const none = runOf("linux-3.12", "none");
  for (const discards of ["mount -o discard", "fstrim"] as const) {
    const run = runOf("linux-3.12", discards);
    assertEquals(run.refused, "EOPNOTSUPP");
    assertEquals(run.trimmed, none.trimmed);
  }
});

Deno.test("both ways of discarding come to the same, at different moments", () => {
  const [at, later] = [
    runOf("linux-7.3", "mount -o discard"),
    runOf("linux-7.3", "fstrim"),
  ];
  assertEquals([at.refused, later.refused], [undefined, undefined]);
  assertEquals(later.deleted.memUsedTotal, later.filled.memUsedTotal);
  assert(at.deleted.origDataSize < at.filled.origDataSize);
  for (const name of ["origDataSize", "comprDataSize"] as const) {
    assertEquals(later.trimmed[name], at.trimmed[name]);
  }
});

Deno.test("of what a discard frees, little memory comes back before compaction", () => {
  const { filled, trimmed, compacted, refilled } = runOf(
    "linux-7.3",
    "fstrim",
  );
  const freed = filled.comprDataSize - trimmed.comprDataSize;
  const back = filled.memUsedTotal - trimmed.memUsedTotal;
  const compactedBack = filled.memUsedTotal - compacted.memUsedTotal;
  assert(freed > 0.4 * filled.comprDataSize);
  assert(back < 0.25 * freed, `${back} of ${freed} bytes`);
  assert(compactedBack > 0.9 * freed, `${compactedBack} of ${freed} bytes`);
  // What compaction leaves is full: new files take new memory.
  assert(refilled.memUsedTotal < filled.memUsedTotal * 1.02);
});

Deno.test("without discards, new files take the old ones' places, and more memory", () => {
  for (const kernel of ["linux-3.12", "linux-7.3"]) {
    const { filled, refilled } = runOf(kernel, "none");
    assertEquals(refilled.files, filled.files);
    assert(refilled.origDataSize <= filled.origDataSize + 16 * 4096);
    assert(refilled.memUsedTotal > filled.memUsedTotal);
  }
});
