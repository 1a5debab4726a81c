/** What recordings do: the steps of random programs, as transcripts have them. */
import type { Profile } from "../linux/profile.ts";
import { type Bytes, expandBytes } from "../programs/bytes.ts";
import type { PageData } from "../programs/page_data.ts";
import type { Language, Scope, Step } from "../programs/program.ts";
import { batchesOf, placesOf } from "../search/batches.ts";
import { programAt } from "../search/search.ts";

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
 * Page data as transcripts have it. A page as it is takes thousands of
 * characters: most are noise and zeros instead.
 */
export function pageDataOf(data: Bytes, { pageSize }: Profile): PageData {
  if ("word" in data) return data;
  if ("xorshift" in data) {
    const { xorshift, bytes } = data;
    return { xorshift, bytes: Math.min(bytes, pageSize) };
  }
  const bytes = expandBytes(data, pageSize);
  const sum = bytes.reduce((total, byte) => total + byte, 1);
  return sum % WHOLE_PAGES === 0
    ? { b64: bytes }
    : { xorshift: sum, bytes: sum % (pageSize + 1) };
}
