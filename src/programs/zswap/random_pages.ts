/** Random pages for zswap: of every length that matters, and of one word. */
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../bytes.ts";
import { pick, type Random } from "../random.ts";
import { randomContents, randomStated, randomWord } from "../random_page.ts";

/** Compressors whose lengths a page states. */
const PRIORITIES = 4;

/** What random pages of one program are made for. */
export interface PageScope {
  /** The kernel, with the page and word size of the program. */
  readonly profile: Profile;
  /** Whether compressors make the lengths that pages state. */
  readonly isStated: boolean;
}

/**
 * Lengths at which something changes: the largest that zbud takes and that
 * z3fold takes beside others, with the header and without; a chunk; a page, and more than that.
 */
function edgesOf({ pageSize, wordBits }: Profile): readonly number[] {
  const chunk = pageSize / 64;
  const header = wordBits / 8;
  const zbud = pageSize - 2 * chunk;
  return [
    chunk - header,
    pageSize / 2,
    zbud - header,
    zbud,
    zbud + chunk - header,
    pageSize - header,
    pageSize,
    pageSize,
    pageSize + 1,
    pageSize + 1,
  ];
}

/** A word over and over, to the page's end or almost. */
function randomSame(random: Random, profile: Profile): Bytes {
  if (random(4) > 0) return randomWord(random, profile, random(2) === 0);
  const bytes = Array.from({ length: profile.wordBits / 8 }, () => random(3));
  const last = pick(random, 1, profile.wordBits / 8);
  return { kind: "almost", bytes, last };
}

/** A page that compresses to some part of it: often to about half or a third. */
function randomPart(random: Random, { profile }: PageScope): Bytes {
  const { pageSize } = profile;
  if (random(3) === 0) {
    return randomContents(random, random(1000), random(2) === 0);
  }
  return { xorshift: 1 + random(9999), bytes: 1 + random(pageSize) };
}

/** One length for each compressor, at an edge or anywhere. */
function randomLengths(random: Random, { profile }: PageScope): Bytes {
  const { pageSize } = profile;
  const priorities = random(4) === 0 ? PRIORITIES : 1;
  if (random(3) > 0) {
    const length = Math.max(24, random(pageSize));
    return { kind: "stated", lengths: [length], seed: random(1 << 16) };
  }
  return randomStated(random, edgesOf(profile), pageSize, priorities);
}

/** A random page. */
export function randomZswapPage(random: Random, scope: PageScope): Bytes {
  if (random(7) === 0) return randomSame(random, scope.profile);
  return scope.isStated
    ? randomLengths(random, scope)
    : randomPart(random, scope);
}
