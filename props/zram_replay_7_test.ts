import { assert, assertEquals } from "@std/assert";
import { isOfZswap, parseTranscript, Reach } from "../mod.ts";
import { zramRecording } from "../src/programs/zram/recording.ts";
import type { ZramTranscript } from "../src/programs/transcript_zram.ts";
import { judgeProgram } from "../src/search/machine.ts";
import { zramMachine } from "../src/search/machines/zram.ts";
import { replayZram } from "../src/search/replays/zram.ts";
import { TRANSCRIPTS_7 } from "./transcripts_7.ts";

/** Operations and observations of each recording. */
const COUNTS: Readonly<Record<string, readonly [number, number]>> = {
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

/** Those with algorithms whose encoders nobody else has. */
const ONLY_RECORDED = ["linux-7.3/algos", "linux-7.3/recomp3"];

function recordingOf(name: string): ZramTranscript {
  const transcript = parseTranscript(TRANSCRIPTS_7[name]);
  if (isOfZswap(transcript)) throw new Error(`${name} is of zswap`);
  return transcript;
}

for (const [name, [operations, observations]] of Object.entries(COUNTS)) {
  const all = ["recorded", "computed"] as const;
  const modes = ONLY_RECORDED.includes(name) ? all.slice(0, 1) : all;
  for (const sizes of modes) {
    Deno.test(`the model shows what the kernel showed in ${name}, its sizes ${sizes}`, () => {
      const verdict = replayZram(recordingOf(name), sizes);
      assertEquals(verdict, { sizes, operations, observations });
    });
  }

  Deno.test(`no invariant and no rule of the ledger is broken in ${name}`, () => {
    const reach = new Reach();
    const { program } = zramRecording(recordingOf(name));
    assertEquals(judgeProgram(zramMachine, program, reach), undefined);
    assert(reach.of({ id: "naive/zram-stored" }) > 100);
  });
}
