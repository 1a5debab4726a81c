/** What recordings do: the steps of random programs, as transcripts have them. */
import type { Profile } from "../linux/profile.ts";
import { type Bytes, bytes, expandBytes } from "../programs/bytes.ts";
import { checksum } from "../programs/page_data.ts";
import type { Language, Scope, Step } from "../programs/program.ts";
import { batchesOf, placesOf } from "../search/batches.ts";
import { programAt } from "../search/search.ts";
import { isRefusal } from "../targets/target.ts";

/** What a recording's steps are made for. */
export interface RecordPlan {
  /** The kernel. */
  readonly profile: Profile;
  /** What the steps are made from: from 0 to 2^32 - 1. */
  readonly seed: number;
  /** How many there are. */
  readonly steps: number;
}

/** The steps of random programs of a seed, one program after another. */
export function* programSteps<One extends Step>(
  language: Language<One>,
  scope: Scope,
  seed: number,
): Generator<One> {
  for (const place of placesOf(batchesOf(seed, Infinity))) {
    yield* programAt({ language, scope }, place).steps;
  }
}

/** Of so many pages that are neither words nor noise, one is recorded as it is. */
const WHOLE_PAGES = 16;

/**
 * A page's bytes as transcripts have them. A page as it is takes thousands of
 * characters: most are noise and zeros instead.
 */
function recordedBytes(data: Bytes, { pageSize }: Profile): Bytes {
  if ("word" in data) return data;
  if ("xorshift" in data) {
    const { xorshift, bytes } = data;
    return { xorshift, bytes: Math.min(bytes, pageSize) };
  }
  const bytes = expandBytes(data, pageSize);
  const sum = bytes.reduce((total, byte) => total + byte, 1);
  return sum % WHOLE_PAGES === 0
    ? { b64: bytes.toBase64() }
    : { xorshift: sum, bytes: sum % (pageSize + 1) };
}

/** A step with its bytes, if it has any, as transcripts have them. */
export function recordedStep<One extends Step>(
  step: One,
  profile: Profile,
): One {
  if (!("data" in step)) return step;
  const data = bytes(step.data);
  if (data === undefined) return step;
  return { ...step, data: recordedBytes(data, profile) };
}

/** What a transcript has of an answer: the error, or the result. */
function observationOf(answer: unknown): object {
  if (isRefusal(answer)) return { errno: answer.error };
  if (Array.isArray(answer)) return { state: answer };
  if (typeof answer !== "object" || answer === null) return {};
  if ("data" in answer && answer.data instanceof Uint8Array) {
    return { crc32: checksum(answer.data) };
  }
  return answer;
}

/** A line of a transcript: a step, and what was observed after it. */
export function recordedLine(
  step: Step,
  answer: unknown,
  after: object,
): string {
  return `${JSON.stringify({ ...step, ...observationOf(answer), ...after })}\n`;
}
