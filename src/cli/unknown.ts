/** Words that are not known, and the word that was meant. */
import { UsageError } from "./usage_error.ts";

/** Letters by which a word may differ from what was meant: one in three. */
const mostEdits = (word: string) => Math.max(1, Math.floor(word.length / 3));

/**
 * Letters to insert, leave out, replace or exchange with the next one to make
 * one word of another.
 */
function edits(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, nth) => nth);
  for (let nth = 0; nth < from.length; nth++) {
    const next = [nth + 1];
    for (let at = 0; at < to.length; at++) {
      const replaced = row[at] + (from[nth] === to[at] ? 0 : 1);
      const isExchange = nth > 0 && at > 0 && from[nth] === to[at - 1] &&
        from[nth - 1] === to[at];
      const exchanged = isExchange ? before[at - 1] + 1 : Infinity;
      next.push(
        Math.min(replaced, exchanged, row[at + 1] + 1, next[at] + 1),
      );
    }
    [before, row] = [row, next];
  }
  return row[to.length];
}

/** The word of those `known` that was meant, if one alone is the most like it. */
export function nearest(
  word: string,
  known: readonly string[],
): string | undefined {
  const near = known
    .map((one) => ({ one, far: edits(word, one) }))
    .filter(({ far }) => far <= mostEdits(word))
    .sort((a, b) => a.far - b.far);
  // Where two are as near, nobody knows which was meant.
  return near[0]?.far === near[1]?.far ? undefined : near[0].one;
}

/** Those that are named, each once, of `what` is known; all where none is. */
export function namedOnes<One extends { readonly name: string }>(
  what: string,
  names: readonly string[],
  known: readonly One[],
): readonly One[] {
  if (names.length === 0) return known;
  return [...new Set(names)].map((name) => {
    const one = known.find((it) => it.name === name);
    if (one !== undefined) return one;
    throw unknown(what, name, known.map((it) => it.name));
  });
}

/**
 * The refusal of a word that is not among those `known`, which are `what`s: it
 * names the one that was meant, if it is like any, or else them all.
 */
export function unknown(
  what: string,
  word: string,
  known: readonly string[],
): UsageError {
  const near = nearest(word, known);
  return new UsageError(
    near === undefined
      ? `Unknown ${what} '${word}': the ${what}s are ${known.join(", ")}`
      : `Unknown ${what} '${word}': did you mean '${near}'?`,
  );
}
