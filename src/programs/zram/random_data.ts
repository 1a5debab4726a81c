/** What random programs write: pages of every length, cheap to make. */
import type { Bytes } from "../bytes.ts";
import { pick } from "../random.ts";
import {
  MATCH_DISTANCES,
  MATCH_LENGTHS,
  randomContents,
  randomStated,
  randomWord,
} from "../random_page.ts";
import type { Draft, RandomPage } from "./draft.ts";
import { DICTIONARY } from "./steps.ts";

/** Bytes of the largest pages: matches can be as far back as LZO has forms for. */
const LARGEST_PAGE = 65536;

/** A random page for the device of a draft. */
export function randomPage(draft: Draft): RandomPage {
  const { random, profile, create } = draft;
  const kind = random(16);
  if (kind < 3) {
    const isZero = random(3) === 0;
    return { data: randomWord(random, profile, isZero), bytes: 0 };
  }
  if (kind === 3) return almostWord(draft);
  if (create.codecs === "stated") return statedPage(draft);
  const { algorithms } = draft.scope;
  return algorithms !== undefined && algorithms.length === 0
    ? noise(draft, profile.pageSize)
    : compressible(draft);
}

/** One word but for the last word, or a few bytes at the end. */
function almostWord({ random, profile, scope }: Draft): RandomPage {
  const { pageSize, wordBits } = profile;
  if (scope.algorithms?.length === 0) {
    return { data: randomWord(random, profile, false), bytes: 0 };
  }
  const byte = random(4) === 0 ? 0 : random(256);
  const last = pick(random, 1, 1, 4, wordBits / 8, wordBits / 8, 16);
  const data: Bytes = { kind: "almost", bytes: [byte], last };
  return { data, bytes: Math.ceil(pageSize / 200) };
}

function statedPage(draft: Draft): RandomPage {
  const { random, profile: { pageSize }, lengths, edges } = draft;
  const priorities = draft.algorithms > 1 ? 4 : 1;
  if (random(16) === 0) return noise(draft, pageSize);
  if (random(2) === 0) {
    const first = pick(random, ...lengths);
    const seed = random(256);
    const rest = Array.from(
      { length: priorities - 1 },
      () => pick(random, ...lengths),
    );
    return {
      data: { kind: "stated", lengths: [first, ...rest], seed },
      bytes: first,
    };
  }
  const data = randomStated(random, edges, pageSize, priorities);
  const [bytes] = "lengths" in data ? data.lengths : [pageSize];
  return { data, bytes: Math.min(bytes, pageSize) };
}

/** A page that becomes about so long, like others of that length. */
export function alikePage(
  { random, create, scope, profile }: Draft,
  bytes: number,
): RandomPage {
  if (create.codecs === "stated") {
    const data: Bytes = { kind: "stated", lengths: [bytes], seed: random(256) };
    return { data, bytes };
  }
  const isKnown = scope.algorithms?.length !== 0;
  const noise = isKnown ? bytes : profile.pageSize;
  return { data: { xorshift: 1 + random(9999), bytes: noise }, bytes };
}

/** Random bytes, at times those that the dictionary begins with too. */
function noise({ random, create }: Draft, bytes: number): RandomPage {
  const [part] = create.files?.[DICTIONARY] ?? [];
  if (part !== undefined && "xorshift" in part && random(4) === 0) {
    return { data: { ...part, bytes }, bytes: 100 };
  }
  return { data: { xorshift: 1 + random(9999), bytes }, bytes };
}

/** A block of noise, and the same again far behind it. */
function far({ random }: Draft): RandomPage {
  const data: Bytes = {
    kind: "far",
    block: pick(random, ...MATCH_LENGTHS),
    distance: pick(random, ...MATCH_DISTANCES),
    seed: random(1000),
  };
  return { data, bytes: 1000 };
}

/** Noise up to somewhere, few symbols, or a pattern with noise in it. */
function compressible(draft: Draft): RandomPage {
  const { random, profile: { pageSize } } = draft;
  if (pageSize === LARGEST_PAGE && random(2) === 0) return far(draft);
  const kind = random(8);
  if (kind < 4) return noise(draft, 1 + random(pageSize));
  if (kind === 4) return noise(draft, pageSize);
  const data = randomContents(random, random(1000), kind === 5);
  return { data, bytes: pageSize / 3 };
}
