/** The names that a program gives its objects. */
import type { RaceProgram, RoomParts } from "./room.ts";

/** What an operation does with the name that it has. */
interface NameUse {
  readonly text: string;
  readonly verb: string;
  readonly name: string;
}

/** Operations by which a name is an object's from then on; `free` ends that. */
const MAKING = ["malloc", "alloc"];

/**
 * What is wrong with the names of a program: an operation before must make each,
 * and none is made where it may be an object's yet.
 */
export function wrongName(
  { before, threads }: RaceProgram,
  { nameIn, findsByName = false }: Pick<
    RoomParts<never>,
    "nameIn" | "findsByName"
  >,
): string | undefined {
  const usesOf = (texts: readonly string[]): NameUse[] =>
    texts.flatMap((text) => {
      const words = text.split(/\s+/);
      const name = nameIn?.(words);
      return name === undefined ? [] : [{ text, verb: words[0], name }];
    });
  const isThere = new Map<string, boolean>();
  const wrong = wrongUse(usesOf(before), isThere, new Set(), false);
  if (wrong !== undefined) return wrong;
  const all = threads.map(usesOf);
  return all.map((uses, nth) =>
    wrongUse(
      uses,
      new Map(isThere),
      namesMade(all.toSpliced(nth, 1).flat()),
      findsByName,
    )
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
  findsByName: boolean,
): string | undefined {
  for (const { text, verb, name } of uses) {
    const isMade = MAKING.includes(verb);
    const mayBeThere = others.has(name) || isThere.get(name) === true;
    if (isMade && mayBeThere) {
      return `'${text}' makes a second '${name}', and its thread has not freed the first`;
    }
    const isKnown = isThere.has(name) || (findsByName && others.has(name));
    if (!isMade && !isKnown) {
      return `the '${name}' of '${text}' is made neither before '/' nor earlier in its thread`;
    }
    if (isMade || verb === "free") isThere.set(name, isMade);
  }
}
