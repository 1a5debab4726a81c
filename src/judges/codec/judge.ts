/** The judge of compression algorithms. */
import { expandBytes } from "../../programs/bytes.ts";
import type {
  CodecCreate,
  CodecResults,
  CodecSteps,
} from "../../programs/codec/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import {
  Disagreement,
  expectBytes,
  expecting,
  expectRefusal,
  type Judge,
  judging,
} from "../judge.ts";
import { CODEC_RULES } from "./rules.ts";
import { SECOND_DECODERS, type SecondDecoder } from "./second_decoder.ts";

const RULES = CODEC_RULES;

/** Pages that are compressed once more at a program's end. */
const AGAIN = 4;

/** What a page of so many bytes can come to. */
const WORST_CASES: Readonly<Record<string, (bytes: number) => number>> = {
  "lzo": (bytes) => bytes + Math.floor(bytes / 16) + 67,
  "lzo-rle": (bytes) => bytes + Math.floor(bytes / 16) + 69,
  "lz4": (bytes) => bytes + Math.floor(bytes / 255) + 16,
  "lz4hc": (bytes) => bytes + Math.floor(bytes / 255) + 16,
  "zstd": (bytes) =>
    bytes + (bytes >> 8) + (bytes < 1 << 17 ? (1 << 17) - bytes >> 11 : 0),
  "deflate": (bytes) => bytes + (bytes + 7 >> 3) + (bytes + 63 >> 6) + 11,
  // 69 bits for each eight bytes; the end and its checksum; whole words.
  "842": (bytes) => 8 * Math.ceil((bytes / 8 * 69 + 37) / 64),
};

/** Whether an algorithm compresses nothing, for what its dictionary is. */
function failsAlways({ algorithm, dict }: CodecCreate): boolean {
  if (dict === undefined) return false;
  const isLarge = dict.bytes > 65536;
  if (algorithm === "lz4") return isLarge || dict.bytes < 8;
  return algorithm === "lz4hc" && isLarge;
}

/** A page that was compressed, and to what. */
interface Once {
  readonly step: CodecSteps["compress"];
  readonly compressed: Uint8Array;
}

/** Judges every answer, and asks for the first pages again at the end. */
export function codecJudge(reach: Reach): Judge<CodecSteps, CodecResults> {
  let create: CodecCreate | undefined;
  let second: SecondDecoder | undefined;
  let first: Once[] = [];
  let isAgain = false;
  const expect = expecting(reach);

  /** What was made, where the algorithm does not fail. */
  function madeOf(answer: CodecResults["compress"] | Refusal) {
    if (create === undefined) throw new Error("No codec is set up yet");
    if (failsAlways(create)) {
      expectRefusal(RULES.fails, answer, ["EINVAL"]);
      reach.count(RULES.fails);
      return undefined;
    }
    if (isRefusal(answer)) {
      throw new Disagreement(RULES.fails, "no error", answer);
    }
    return { create, ...answer };
  }

  return {
    closing() {
      isAgain = true;
      return first.map(({ step }) => ({ ...step, op: "compress" }));
    },
    after: judging<CodecSteps, CodecResults>({
      create(step) {
        create = step;
        second = SECOND_DECODERS[step.algorithm]?.(step);
        first = [];
        isAgain = false;
      },
      compress(step, answer) {
        const made = madeOf(answer);
        if (made === undefined) return;
        const { create: { algorithm, pageSize }, compressed, back } = made;
        const page = expandBytes(step.data, pageSize);
        const most = WORST_CASES[algorithm](pageSize);
        expect(RULES.room, true, compressed.length <= most);
        expectPage(RULES.back, page, back);
        reach.count(RULES.back);
        if (second !== undefined) {
          expectPage(RULES.second, page, second(compressed));
          reach.count(RULES.second);
        }
        if (!isAgain) {
          if (first.length < AGAIN) first.push({ step, compressed });
          return;
        }
        const once = first.shift();
        if (once === undefined) return;
        expectBytes(RULES.again, once.compressed, compressed);
        reach.count(RULES.again);
      },
      damage(_, answer) {
        const made = madeOf(answer);
        if (made === undefined || second === undefined) return;
        const expected = second(made.compressed);
        if (expected !== undefined) {
          expectPage(RULES.damaged, expected, made.back);
        } else expect(RULES.damaged, undefined, made.back?.length);
        reach.count(RULES.damaged);
      },
    }),
  };
}

/** Throws where bytes make another page, or none. */
function expectPage(
  rule: (typeof RULES)[keyof typeof RULES],
  expected: Uint8Array,
  found: Uint8Array | undefined,
): void {
  if (found === undefined) {
    throw new Disagreement(rule, `${expected.length} bytes`, "refused");
  }
  expectBytes(rule, expected, found);
}
