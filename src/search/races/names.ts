/** The names that a program gives its objects. */
import type { RaceProgram } from "./room.ts";

/** What an operation does with the name that it has. */
interface NameUse {
  readonly text: string;
  readonly verb: string;
  readonly name: string;
}

/** Operations by which a name is an object's from then on; `free` ends that. */
const MAKING = ["malloc", "alloc"];

/**
 * What is wrong with the names of a program: an operation before, or another
 * thread, must make each, and none is made where it may be an object's yet.
 */
export function wrongName(
  { before, threads }: RaceProgram,
  nameIn: (words: readonly string[]) => string | undefined,
): string | undefined {
  const usesOf = (texts: readonly string[]): NameUse[] =>
    texts.flatMap((text) => {
      const words = text.split(/\s+/);
      const name = nameIn(words);
      return name === undefined ? [] : [{ text, verb: words[0], name }];
    });
  const isThere = new Map<string, boolean>();
  const wrong = wrongUse(usesOf(before), isThere, new Set());
  if (wrong !== undefined) return wrong;
  const all = threads.map(usesOf);
  return all.map((uses, nth) =>
    wrongUse(uses, new Map(isThere), namesMade(all.toSpliced(nth, 1).flat()))
  ).find((wrong) => wrong !== undefined);
}

function namesMade(uses: readonly NameUse[]): ReadonlySet<string> {
  const made = uses.filter(({ verb }) => MAKING.includes(verb));
  return new Set(made.map(({ name }) => name));
}

/**
 * What is wrong with those of one thread: `isThere` has the names that were made
 * before, and whether they are not free since; `others` those that others make.
 */
function wrongUse(
  uses: readonly NameUse[],
  isThere: Map<string, boolean>,
  others: ReadonlySet<string>,
): string | undefined {
  for (const { text, verb, name } of uses) {
    const isMade = MAKING.includes(verb);
    const mayBeThere = others.has(name) || isThere.get(name) === true;
    if (isMade && mayBeThere) {
      return `'${text}' makes a second '${name}', and its thread has not freed the first`;
    }
    if (!isMade && !others.has(name) && !isThere.has(name)) {
      return `nothing before '${text}' makes '${name}'`;
    }
    if (isMade || verb === "free") isThere.set(name, isMade);
  }
}
