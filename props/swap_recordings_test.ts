import { assert, assertEquals } from "@std/assert";
import { isOfZswap, parseTranscript, Reach, replay } from "../mod.ts";
import { swapInvariantsJudge } from "../src/judges/swap/invariants.ts";
import { naiveSwapJudge } from "../src/judges/swap/naive.ts";
import { swapRecording } from "../src/programs/swap/recording.ts";
import { runSteps } from "../src/search/run.ts";
import { runNow, trialOf } from "../src/search/trial.ts";
import { swapModel } from "../src/targets/swap/swap_model.ts";
import { TRANSCRIPTS } from "./transcripts.ts";

for (const [name, text] of Object.entries(TRANSCRIPTS)) {
  const transcript = parseTranscript(text);
  if (!isOfZswap(transcript)) continue;

  Deno.test(`what was done in ${name} keeps every rule of the swap path, and is what its second model expects`, () => {
    const { program: { profile, steps } } = swapRecording(transcript);
    const model = swapModel(profile);
    const reach = new Reach();
    const trial = trialOf(model, [
      naiveSwapJudge(model, reach),
      swapInvariantsJudge(model, reach),
    ]);
    assertEquals(runNow(runSteps(trial, steps)), undefined);
    assert(Object.keys(reach.counts()).length > 15);
  });
}

const LINES = [
  `{"zspec":"transcript/1","target":"zswap","kernel":"6.1","profile":"linux-6.1","pageSize":4096,"wordBits":64,"chainSize":4,"totalPages":14336,"swapPages":256}`,
  `{"op":"set","attr":"max_pool_percent","value":"many","errno":"EINVAL"}`,
  `{"op":"get","attr":"max_pool_percent","value":"20\\n"}`,
  `{"op":"write","page":0,"data":{"xorshift":7,"bytes":1500}}`,
  `{"op":"pageout","page":0,"out":true,"counters":{"pool_total_size":4096,"stored_pages":1,"same_filled_pages":0}}`,
  `{"op":"read","page":0,"crc32":"e42d87f8","counters":{"stored_pages":0}}`,
];

Deno.test("a page that is out where it was not, an error that was none, a text, a counter that differ are found at their line", () => {
  const differs = (from: string, to: string, what: string) => {
    const at = LINES.findIndex((line) => line.includes(from));
    const lines = LINES.with(at, LINES[at].replace(from, to));
    const { failure } = replay(parseTranscript(lines.join("\n")));
    assertEquals(failure?.operation.line, at + 1);
    assertEquals(failure?.differences.map((one) => one.what), [what]);
  };
  differs(`"out":true`, `"out":false`, "out");
  differs(`,"errno":"EINVAL"`, "", "errno");
  differs(`e42d87f8`, `e42d87f9`, "crc32");
  differs(`"crc32":"e42d87f8"`, `"errno":"EFAULT"`, "errno");
  differs(`"value":"20\\n"`, `"value":"20"`, "text");
  differs(`"stored_pages":1`, `"stored_pages":2`, "stored_pages");
  const whole = replay(parseTranscript(LINES.join("\n")));
  assertEquals(whole.failure, undefined);
});
