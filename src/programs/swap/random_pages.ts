/** Random pages for processes to write. */
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../bytes.ts";
import { pick, type Random } from "../random.ts";
import { randomContents, randomWord } from "../random_page.ts";

/**
 * A page: of one word, of noise and zeros, of few symbols, or of a pattern.
 * Noise and zeros take the least time to make, and compress to any length.
 */
function randomPage(
  random: Random,
  profile: Profile,
  leastNoise: number,
): Bytes {
  const { pageSize } = profile;
  const seed = 1 + random(1e6);
  const kind = random(40);
  if (kind < 6) return randomWord(random, profile, kind < 2);
  if (kind < 35) {
    const bytes = leastNoise + random(pageSize + 1 - leastNoise);
    return { xorshift: seed, bytes: Math.min(bytes, pageSize) };
  }
  if (kind === 35) {
    // What compresses to a whole page, a few bytes more or a few less.
    const bytes = pageSize - pick(random, 0, 10, 30) - random(30);
    return { xorshift: seed, bytes };
  }
  if (kind === 36) {
    const bytes = Array.from({ length: 1 + random(8) }, () => random(4));
    return { kind: "repeated", bytes };
  }
  return randomContents(random, seed, kind === 37);
}

/** So many pages: of all kinds, or of noise that no two of share one frame. */
export function randomPages(
  random: Random,
  profile: Profile,
  count: number,
): readonly Bytes[] {
  const least = pick(random, 0, 0, profile.pageSize / 2);
  return Array.from(
    { length: count },
    () => randomPage(random, profile, least),
  );
}
