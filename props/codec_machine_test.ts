/** What judges compression algorithms tells wrong ones, and its decoders read the formats. */
import { assertEquals, assertThrows } from "@std/assert";
import {
  type CodecCreate,
  type CodecResults,
  type CodecSteps,
  KERNEL_CODECS,
  LINUX_7_3,
  Reach,
} from "../mod.ts";
import { codecJudge } from "../src/judges/codec/judge.ts";
import { SECOND_DECODERS } from "../src/judges/codec/second_decoder.ts";
import { Disagreement } from "../src/judges/judge.ts";
import { type Bytes, expandBytes } from "../src/programs/bytes.ts";
import { modelCodec } from "../src/targets/codec/model.ts";
import { isRefusal, type Refusal } from "../src/targets/target.ts";

const PAGE_SIZE = 4096;
const CREATE: CodecCreate = {
  user: "zram",
  algorithm: "lz4",
  pageSize: PAGE_SIZE,
};
/** A page with matches of every kind, and literals. */
const DATA: Bytes = {
  kind: "mixed",
  period: 29,
  random: 491,
  noise: 3,
  at: 711,
  seed: 85,
};

type Answer = CodecResults["compress"] | Refusal;

/** What an algorithm makes of the page, or of it once damaged. */
function answerOf(
  create: CodecCreate,
  step: { op: "compress" | "damage" } = { op: "compress" },
): CodecResults["compress"] {
  const target = modelCodec(LINUX_7_3);
  target.ask({ op: "create", ...create });
  const answer = target.ask({ data: DATA, at: 5, xor: 1, ...step }) as Answer;
  if (isRefusal(answer)) throw new Error(answer.error);
  return answer;
}

/** The rule that an answer breaks. */
function brokenBy(
  answer: Answer,
  { create = CREATE, op = "compress" }: {
    create?: CodecCreate;
    op?: "compress" | "damage";
  } = {},
): string {
  const judge = codecJudge(new Reach());
  judge.after({ op: "create", ...create }, null);
  const step = { op, data: DATA, at: 5, xor: 1 } as
    & { op: "compress" | "damage" }
    & CodecSteps["damage"];
  const thrown = assertThrows(() => judge.after(step, answer), Disagreement);
  return thrown.rule.id;
}

Deno.test("each rule about algorithms is broken by what it forbids", () => {
  const { compressed, back } = answerOf(CREATE);
  assertEquals(brokenBy({ compressed, back: undefined }), "codec/back");
  const other = back?.map((byte, at) => at === 4095 ? byte ^ 1 : byte);
  assertEquals(brokenBy({ compressed, back: other }), "codec/back");
  const cut = compressed.slice(0, -1);
  assertEquals(brokenBy({ compressed: cut, back }), "codec/second-decoder");
  const long = new Uint8Array(PAGE_SIZE + 33);
  assertEquals(brokenBy({ compressed: long, back }), "codec/worst-case");
  assertEquals(brokenBy({ error: "EINVAL" }), "codec/fails");
  const dict = { bytes: 7, data: { word: "00000000" } };
  const create = { ...CREATE, dict };
  assertEquals(brokenBy({ compressed, back }, { create }), "codec/fails");
  const refused = { compressed, back: undefined };
  assertEquals(brokenBy(refused, { op: "damage" }), "codec/damaged");
  const taken = { compressed: cut, back };
  assertEquals(brokenBy(taken, { op: "damage" }), "codec/damaged");
});

Deno.test("an algorithm that makes other bytes of the same page later is found", () => {
  const judge = codecJudge(new Reach());
  const { compressed, back } = answerOf(CREATE);
  judge.after({ op: "create", ...CREATE }, null);
  judge.after({ op: "compress", data: DATA }, { compressed, back });
  const [again] = judge.closing?.() ?? [];
  assertEquals(again, { op: "compress", data: DATA });
  const fast = answerOf({ ...CREATE, level: 99 });
  const { rule } = assertThrows(() => judge.after(again, fast), Disagreement);
  assertEquals(rule.id, "codec/again");
});

for (const { name: algorithm } of KERNEL_CODECS) {
  if (algorithm === "zstd") continue;
  Deno.test(`the second decoder of ${algorithm} makes the page, and nothing of a part of it`, () => {
    const create = { ...CREATE, algorithm };
    const decode = SECOND_DECODERS[algorithm](create);
    const { compressed } = answerOf(create);
    const page = expandBytes(DATA, PAGE_SIZE);
    assertEquals(decode(compressed)?.toHex(), page.toHex());
    // The last word may pad the others.
    for (let length = 0; length < compressed.length - 8; length += 7) {
      assertEquals(decode(compressed.subarray(0, length)), undefined);
    }
  });
}
