import { assert, assertEquals } from "@std/assert";
import { isOfZswap, parseTranscript, Reach } from "../mod.ts";
import { zramRecording } from "../src/programs/zram/recording.ts";
import type { ZramTranscript } from "../src/programs/transcript_zram.ts";
import { judgeProgram } from "../src/search/machine.ts";
import { zramMachine } from "../src/search/machines/zram.ts";
import { replayZram } from "../src/search/replays/zram.ts";
import { RECORDED_ONLY, TRANSCRIPTS } from "./transcripts.ts";

/**
 * Operations and observations of each recording, as README has them. Those that
 * are kept in part are the beginnings of longer ones.
 */
const COUNTS: Readonly<Record<string, readonly [number, number]>> = {
  "linux-5.10/mixed": [399, 3064],
  "linux-5.10/wbsmall": [562, 7333],
  "linux-6.1/lz4-mixed": [1209, 12812],
  "linux-6.1/lz4-writeback": [1261, 20309],
  "linux-6.1/lzo-rle-churn": [2508, 26921],
  "linux-6.12/mixed": [399, 3360],
  "linux-6.12/recomp3": [959, 15771],
  "linux-6.12/wbhard": [860, 12342],
  "linux-6.16/wb": [499, 8573],
  "linux-6.17/wb": [499, 7958],
  "linux-6.18/mixed": [399, 3291],
  "linux-6.18/wbhard": [858, 12816],
  "linux-6.18/lz4-churn": [5950, 63818],
  "linux-6.18/lz4-errors-limits": [1531, 15832],
  "linux-6.18/lz4-mixed": [1500, 16026],
  "linux-6.18/lzo-rle-mixed": [1193, 12754],
  "linux-7.2/mixed": [1161, 13650],
  "linux-7.2/wb": [1060, 17916],
  "linux-7.3/algos": [1828, 17810],
  "linux-7.3/recomp-lz": [956, 16158],
  "linux-7.3/recomp3": [959, 15560],
  "linux-7.3/wbc": [1062, 17655],
  "linux-7.3/wbchard": [862, 13699],
  "linux-7.3/wbhard": [858, 12868],
  "linux-7.3/wbsmall": [558, 7441],
};

function recordingOf(name: string): ZramTranscript {
  const transcript = parseTranscript(TRANSCRIPTS[name]);
  if (isOfZswap(transcript)) throw new Error(`${name} is of zswap`);
  return transcript;
}

for (const [name, [operations, observations]] of Object.entries(COUNTS)) {
  Deno.test(`the model shows what the kernel showed in ${name}, in every observation`, () => {
    const transcript = recordingOf(name);
    const computed = RECORDED_ONLY.includes(name) ? [] : ["computed"] as const;
    for (const sizes of ["recorded", ...computed] as const) {
      const verdict = replayZram(transcript, sizes);
      assertEquals(verdict, { sizes, operations, observations });
    }
  });

  Deno.test(`no invariant and no rule of the ledger is broken in ${name}`, () => {
    const reach = new Reach();
    const { program } = zramRecording(recordingOf(name));
    assertEquals(judgeProgram(zramMachine, program, reach), undefined);
    assert(reach.of({ id: "naive/zram-stored" }) > 100);
  });
}

Deno.test("a falsified number of mm_stat is found at its own line", () => {
  const transcript = recordingOf("linux-6.18/lz4-errors-limits");
  let found = 0;
  for (const [nth, operation] of transcript.operations.entries()) {
    const { mm_stat } = operation;
    if (nth % 50 > 0 || mm_stat === undefined) continue;
    const field = nth / 50 % mm_stat.length;
    const changed = mm_stat.with(field, mm_stat[field] + 4096);
    const operations = transcript.operations
      .with(nth, { ...operation, mm_stat: changed });
    const { failure } = replayZram({ ...transcript, operations });
    assertEquals(failure?.operation.line, operation.line);
    assertEquals(failure?.differences.length, 1);
    found++;
  }
  assert(found > 10);
});
