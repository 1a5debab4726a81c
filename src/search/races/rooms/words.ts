/** The operations of a room as a table: how each is written, and what it does. */
import type { Profile } from "../../../linux/profile.ts";
import type { RoomParts } from "../room.ts";
import type { RaceOperation } from "../trial.ts";

/** Begins an operation on what the threads of a room share. */
type Begin<Subject> = RaceOperation<Subject>["begin"];

/**
 * Operations by how a help shows them: `write PAGE [strictly]`. A function takes
 * the words in place of those in capitals or brackets; what it makes nothing of
 * is no operation.
 */
export type RoomTable<Subject> = Readonly<
  Record<
    string,
    (
      words: readonly string[],
      profile: Profile,
    ) => Begin<Subject> | undefined
  >
>;

/**
 * What a table says of a room. `kinds` are patterns of words in capitals, which
 * are any word where none is given; those in brackets may be left out.
 */
export function roomWords<Subject>(
  table: RoomTable<Subject>,
  kinds: Readonly<Record<string, string>>,
): Pick<RoomParts<Subject>, "operations" | "operationOf"> {
  const operations = Object.keys(table);
  const patterns = operations.map((shown) => patternOf(shown, kinds));
  return {
    operations,
    operationOf(words, profile) {
      const text = ` ${words.join(" ")}`;
      const nth = patterns.findIndex((pattern) => pattern.test(text));
      if (nth < 0) return undefined;
      const [, ...taken] = patterns[nth].exec(text) ?? [];
      return table[operations[nth]](taken, profile);
    },
  };
}

function patternOf(
  shown: string,
  kinds: Readonly<Record<string, string>>,
): RegExp {
  const parts = shown.split(" ").map((word) => {
    const [, isOptional, name] = /^(\[?)(.*?)\]?$/.exec(word) ?? [];
    const kind = kinds[name] ?? (/^[A-Z]/.test(name) ? "\\S+" : undefined);
    if (isOptional) return `(?: (${kind ?? name}))?`;
    return kind === undefined ? ` ${name}` : ` (${kind})`;
  });
  return new RegExp(`^${parts.join("")}$`);
}
