/** What may be changed of a kernel: the fields that kernels have, to what such can be. */
import { PROFILES } from "../linux/profile.ts";
import { named } from "../rules/argument.ts";

/** Says what is wrong with a change. */
type Refuse = (found: string) => never;

/** Choices that a field has beside those of the profiles: of kernels between. */
const MORE_CHOICES: Readonly<Record<string, readonly string[]>> = {
  mapping: ["page-table"],
  isolatedCounted: ["under-zspage-lock"],
  movedCell: ["unpinned"],
  compactedCounted: ["each-page"],
  deferredHandle: ["in-cell", "in-object"],
  failedTable: ["kept"],
  slotFreed: ["before-compression"],
  notifyTakes: ["nothing"],
  backingShown: ["before-lock"],
  showHolds: ["nothing"],
  lru: ["pool->lru_lock"],
  entries: ["unreferenced"],
  readEnds: ["frees-in-device"],
  lastLength: ["in-header"],
  cma: ["before-fallback"],
};

/** Fields with names in them, which are whoever's who builds the kernel. */
const NAMES: ReadonlySet<string> = new Set([
  "name",
  "pointRelease",
  "groups",
  "libzstd",
  "attributes",
  "parameters",
  "compAlgorithms",
  "defaultAlgorithm",
  "unlistedAlgorithms",
  "compressors",
  "defaultCompressor",
  "compressorErrnos",
  "drivers",
]);

const ERRNO = /^E[A-Z0-9]+$/;

/** What a value is, as far as a field's values are alike. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (typeof value === "boolean") return "true or false";
  if (value === undefined || value === null) return String(value);
  return `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}

const isThing = (value: unknown): value is object =>
  kindOf(value) === "an object";

/**
 * Refuses changes that no kernel can have: of a field that there is not, to a
 * value of another kind or that is none of the field's choices, to a part that
 * lacks fields.
 */
export function assertChanges(refuse: Refuse, changes: unknown): void {
  if (!isThing(changes)) {
    refuse(`the 'changes' are ${named(changes)}, not an object of fields`);
  }
  assertFields(refuse, "", changes, PROFILES);
}

/** Each field of an object is like those of that name in others. */
function assertFields(
  refuse: Refuse,
  path: string,
  found: object,
  likes: readonly object[],
): void {
  for (const [name, value] of Object.entries(found)) {
    const there = likes.filter((like) => Object.hasOwn(like, name));
    if (there.length === 0) refuse(`there is no field '${path}${name}'`);
    const values: unknown[] = there.map((like) => Reflect.get(like, name));
    if (there.length < likes.length) values.push(undefined);
    assertLike(refuse, path + name, value, values);
  }
}

/** A value is like others. */
function assertLike(
  refuse: Refuse,
  path: string,
  value: unknown,
  likes: readonly unknown[],
): void {
  const name = path.slice(path.lastIndexOf(".") + 1);
  const kinds = new Set(likes.map(kindOf));
  if (!kinds.has(kindOf(value))) {
    refuse(
      `the '${path}' is ${named(value)}, not ${[...kinds].join(" or ")}`,
    );
  }
  if (NAMES.has(name)) return;
  if (typeof value === "string") {
    assertChoice(refuse, path, value, [
      ...likes.filter((like) => typeof like === "string"),
      ...MORE_CHOICES[name] ?? [],
    ]);
  } else if (Array.isArray(value)) {
    for (const one of value) assertLike(refuse, path, one, likes.flat());
  } else if (isThing(value)) {
    const things = likes.filter(isThing);
    const lacking = Object.keys(things[0]).find((field) =>
      !Object.hasOwn(value, field) &&
      things.every((thing) => Object.hasOwn(thing, field))
    );
    if (lacking !== undefined) refuse(`the '${path}' has no '${lacking}'`);
    assertFields(refuse, `${path}.`, value, things);
  }
}

function assertChoice(
  refuse: Refuse,
  path: string,
  value: string,
  choices: readonly string[],
): void {
  const isErrno = choices.some((choice) => ERRNO.test(choice));
  if (choices.includes(value) || (isErrno && ERRNO.test(value))) return;
  refuse(
    `the '${path}' is ${named(value)}, not ${
      isErrno ? "an errno's name" : [...new Set(choices)].join(" or ")
    }`,
  );
}
