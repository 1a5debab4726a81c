/** The operations of a room as a table: how each is written, and what it does. */
import type { Profile } from "../../../linux/profile.ts";
import type { RoomParts } from "../room.ts";
import type { RaceOperation } from "../trial.ts";

/** Begins an operation on what the threads of a room share. */
type Begin<Subject> = RaceOperation<Subject>["begin"];

/**
 * Operations by how a help shows them: `write PAGE [strictly]`. A function takes
 * the words in place of those in capitals or brackets; a text is why a kernel
 * has no such operation.
 */
export type RoomTable<Subject> = Readonly<
  Record<
    string,
    (words: readonly string[], profile: Profile) => Begin<Subject> | string
  >
>;

/** What a word in capitals stands for: a pattern, and the same in words. */
export type WordKind = readonly [pattern: string, said: string];

/** The words in capitals that are not any word. */
type WordKinds = Readonly<Record<string, WordKind>>;

/** One word of an operation as a help shows it. */
interface ShownWord {
  readonly name: string;
  readonly isOptional: boolean;
  readonly pattern: string;
  /** What it stands for. */
  readonly said?: string;
}

/** An operation as a help shows it. */
interface Form {
  readonly shown: string;
  readonly parts: readonly ShownWord[];
  readonly whole: RegExp;
}

/**
 * What a table says of a room. Words in brackets may be left out; an object's is
 * `NAME`.
 */
export function roomWords<Subject>(
  table: RoomTable<Subject>,
  kinds: WordKinds,
): Pick<RoomParts<Subject>, "operations" | "operationOf" | "nameIn"> {
  const operations = Object.keys(table);
  const forms = operations.map((shown) => formOf(shown, kinds));
  const formIn = (words: readonly string[]) =>
    forms.find(({ whole }) => whole.test(words.join(" ")));
  return {
    operations,
    operationOf(words, profile) {
      const form = formIn(words);
      if (form === undefined) return wrongWord(words, forms);
      const [, ...taken] = form.whole.exec(words.join(" ")) ?? [];
      return table[form.shown](taken, profile);
    },
    nameIn(words) {
      const at = formIn(words)?.parts.findIndex(({ name }) => name === "NAME");
      return at === undefined || at < 0 ? undefined : words[at];
    },
  };
}

function formOf(shown: string, kinds: WordKinds): Form {
  const parts = shown.split(" ").map((word): ShownWord => {
    const [, bracket, name] = /^(\[?)(.*?)\]?$/.exec(word) ?? [];
    const isAny = /^[A-Z]/.test(name);
    const [pattern, said] = kinds[name] ?? [isAny ? "\\S+" : name];
    return { name, isOptional: bracket !== "", pattern, said };
  });
  const patterns = parts.map(({ name, isOptional, pattern }) => {
    if (isOptional) return `(?: (${pattern}))?`;
    return pattern === name ? ` ${name}` : ` (${pattern})`;
  });
  return {
    shown,
    parts,
    whole: new RegExp(`^${patterns.join("").slice(1)}$`),
  };
}

/** What is wrong with words that are no operation; nothing where all of them are. */
function wrongWord(
  words: readonly string[],
  forms: readonly Form[],
): string | undefined {
  const text = words.join(" ");
  const meant = forms.filter(({ parts: [verb] }) => verb.name === words[0]);
  if (meant.length === 0) return undefined;
  for (const { parts } of meant) {
    const nth = parts.findIndex(({ pattern }, at) =>
      words[at] !== undefined && !RegExp(`^(?:${pattern})$`).test(words[at])
    );
    const { name, said } = parts[nth] ?? {};
    if (said !== undefined) {
      return `the ${name} of '${text}' is '${words[nth]}', not ${said}`;
    }
  }
  const like = meant.map(({ shown }) => `'${shown}'`).join(" or ");
  return `'${text}' is not like ${like}`;
}

/** Says that a kernel has nothing of a kind that is called so. */
export function noneCalled(
  { name }: Profile,
  kind: string,
  called: string,
  known: object,
): string {
  const names = Object.keys(known).join(", ");
  return `${name} has no ${kind} '${called}', but ${names}`;
}
