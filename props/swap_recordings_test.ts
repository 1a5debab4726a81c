import { assertEquals } from "@std/assert";
import {
  observedSwapJudge,
  SWAP_OBSERVED,
} from "../src/judges/swap/observed.ts";
import { naiveSwapJudge } from "../src/judges/swap/naive.ts";
import { swapInvariantsJudge } from "../src/judges/swap/invariants.ts";
import {
  parseSwapRecording,
  type SwapRecording,
} from "../src/programs/swap/recording.ts";
import { Reach } from "../src/rules/reach.ts";
import type { Finding } from "../src/search/finding.ts";
import { runSteps } from "../src/search/run.ts";
import { runNow, trialOf } from "../src/search/trial.ts";
import { swapModel } from "../src/targets/swap/swap_model.ts";
import { TRANSCRIPTS } from "./transcripts.ts";

/** Runs a recording on the model, under every judge there is. */
function follow(
  { program, observed }: SwapRecording,
  reach: Reach,
): Finding | undefined {
  const { profile, steps } = program;
  const model = swapModel(profile);
  const trial = trialOf(model, [
    observedSwapJudge(profile, observed, reach),
    naiveSwapJudge(model, reach),
    swapInvariantsJudge(model, reach),
  ]);
  return runNow(runSteps(trial, steps));
}

/** Each recording of zswap, with its operations and what was observed. */
const RECORDINGS = [
  ["zbud", 2500, 28866],
  ["z3fold", 2500, 28919],
  ["zsmalloc", 2500, 28888],
] as const;

for (const [zpool, operations, observations] of RECORDINGS) {
  Deno.test(`the model does what 6.1 did with ${zpool}, and keeps every rule of the swap path meanwhile`, () => {
    const reach = new Reach();
    const recording = parseSwapRecording(
      TRANSCRIPTS[`linux-6.1/zswap-${zpool}`],
    );
    assertEquals(follow(recording, reach), undefined);
    assertEquals(recording.observed.size, operations);
    assertEquals(reach.of(SWAP_OBSERVED), observations);
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

Deno.test("a page that is out where it was not, an error that was none, a text, a counter that differ are found at their step", () => {
  const differs = (from: string, to: string, expected: unknown) => {
    const at = LINES.findIndex((line) => line.includes(from));
    const lines = LINES.with(at, LINES[at].replace(from, to));
    const finding = follow(parseSwapRecording(lines.join("\n")), new Reach());
    const isOwn = finding?.steps.at(-1)?.op !== "counters";
    assertEquals(finding?.rule.id, SWAP_OBSERVED.id);
    assertEquals(finding?.steps.length, at + (isOwn ? 1 : 2));
    assertEquals(finding?.expected, expected);
  };
  differs(`"out":true`, `"out":false`, { out: false });
  differs(`,"errno":"EINVAL"`, "", { errno: "none" });
  differs(`e42d87f8`, `e42d87f9`, { crc32: "e42d87f9" });
  differs(`"crc32":"e42d87f8"`, `"errno":"EFAULT"`, { errno: "EFAULT" });
  differs(`"value":"20\\n"`, `"value":"20"`, { value: "20" });
  differs(`"stored_pages":1`, `"stored_pages":2`, { stored_pages: 2 });
  assertEquals(
    follow(parseSwapRecording(LINES.join("\n")), new Reach()),
    undefined,
  );
});
