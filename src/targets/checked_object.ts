/** Objects of the user's: whether they are targets, and answer as such do. */
import { type Check, text, truth, whole } from "../programs/fields.ts";
import { named, refuseType } from "../rules/argument.ts";
import {
  isRefusal,
  type Target,
  TargetFault,
  type ZramTarget,
  type ZsmallocTarget,
  type ZswapTarget,
} from "./target.ts";

/** What a field of an answer must be, and how that is said. */
type Shape = readonly [check: Check<unknown>, right: string];

/** The fields of each method's answer: those that a target must have. */
type Answers<Method extends PropertyKey> = Readonly<
  Record<Method, Readonly<Record<string, Shape>>>
>;

/** The methods that a target must have. */
type Asked<T extends Target> = Exclude<
  { [Method in keyof T]-?: undefined extends T[Method] ? never : Method }[
    keyof T
  ],
  keyof Target
>;

const isBytes = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array;

const TEXT: Shape = [text, "a text"];
const COUNT: Shape = [whole, "a whole number from 0 on"];
const BYTES: Shape = [
  (value) => isBytes(value) ? value : undefined,
  "a Uint8Array",
];
const PAGE: Shape = [
  (value) => value === null || isBytes(value) ? { value } : undefined,
  "a Uint8Array or null",
];
const WRITTEN: Shape = [
  (value) => Array.isArray(value) && value.every(isWritten) ? value : undefined,
  "rows [type, offset, Uint8Array]",
];

function isWritten(row: unknown): boolean {
  return Array.isArray(row) && row.length === 3 &&
    [row[0], row[1]].every((one) => whole(one) !== undefined) &&
    isBytes(row[2]);
}

/** What an allocator answers. */
export const ZSMALLOC_ANSWERS: Answers<Asked<ZsmallocTarget>> = {
  create: {},
  malloc: { handle: TEXT },
  free: {},
  write: {},
  read: { data: BYTES },
  compact: { pagesFreed: COUNT },
  stats: { totalPages: COUNT, pagesCompacted: COUNT },
};

/** What a block device answers. */
export const ZRAM_ANSWERS: Answers<Asked<ZramTarget>> = {
  create: {},
  set: {},
  get: { value: TEXT },
  write: {},
  read: { data: BYTES },
  discard: {},
};

/** What a swap cache answers. */
export const ZSWAP_ANSWERS: Answers<Asked<ZswapTarget>> = {
  create: {},
  store: { stored: [truth, "true or false"] },
  load: { data: PAGE },
  invalidate: {},
  writeback: { written: WRITTEN },
  stats: { storedPages: COUNT, poolTotalSize: COUNT, writtenBackPages: COUNT },
};

/**
 * The target, its answers looked at before anybody uses them: one without a
 * field that it must have, or with another in its place, is a `TargetFault`.
 * Throws a TypeError where it lacks a method.
 */
export function checkedObject<T extends Target>(
  target: T,
  answers: Answers<string>,
): T {
  for (const name of Object.keys(answers)) {
    const method: unknown = Object(target)[name];
    if (typeof method !== "function") {
      refuseType("conform", `target.${name}`, method, "a function");
    }
  }
  // Of an object of its own: a frozen target's methods may not be replaced.
  return new Proxy<T>(Object.create(null), {
    get(_, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      const shapes = typeof name === "string" ? answers[name] : undefined;
      return (...asked: unknown[]) => {
        const answer: unknown = method.apply(target, asked);
        if (shapes === undefined) return answer;
        return answer instanceof Promise
          ? answer.then((one) => checked(one, shapes))
          : checked(answer, shapes);
      };
    },
  });
}

/** An answer that is a refusal or has its fields. */
function checked(
  answer: unknown,
  shapes: Readonly<Record<string, Shape>>,
): unknown {
  const names = Object.keys(shapes);
  if (isRefusal(answer) || names.length === 0) return answer;
  const refuse = (message: string) => new TargetFault("malformed", message);
  if (Object(answer) !== answer) {
    const fields = names.map((name) => `'${name}'`).join(", ");
    throw refuse(
      `the answer is ${named(answer)}, not an object with ${fields}`,
    );
  }
  for (const [name, [check, right]] of Object.entries(shapes)) {
    const value: unknown = Object(answer)[name];
    if (check(value) === undefined) {
      throw refuse(`the field '${name}' is ${named(value)}, not ${right}`);
    }
  }
  return answer;
}
