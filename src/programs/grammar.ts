/**
 * Grammars: the fields of each operation of a language, how each is read, and
 * what is simpler than it.
 */
import { type Bytes, bytes, simplerBytes } from "./bytes.ts";
import {
  type Check,
  Fields,
  type Json,
  object,
  positive,
  text,
  truth,
  whole,
} from "./fields.ts";
import type { Language, Step } from "./program.ts";

/** How a field is read, and what is simpler than its value. */
export interface Field<Value> {
  /** Reads it, after the fields `before` it; refuses what it should not be. */
  read(fields: Fields, name: string, before: Json): Value;
  /** Values that could take the place of one, the simplest first. */
  simpler(value: NonNullable<Value>): readonly Value[];
}

/** The names that fields of an object may have, one of several kinds or not. */
type NameIn<Value> = Value extends unknown ? keyof Value : never;

/** What an object has in a field; nothing, where it is of a kind that has none. */
type ValueIn<Value, Name> = Value extends unknown
  ? Name extends keyof Value ? Value[Name] : undefined
  : never;

/** The fields of an object, or of an operation beside its name. */
export type FieldsOf<Value> = {
  readonly [Name in Exclude<NameIn<Value>, "op">]: Field<ValueIn<Value, Name>>;
};

/** The fields of each operation. */
export type Grammar<One extends Step> = {
  readonly [Op in One["op"]]: FieldsOf<Extract<One, { readonly op: Op }>>;
};

/** Nothing is simpler. */
const none = () => [];

/** A field that passes `check`; `right` says what it should be. */
export function field<Value>(
  check: Check<Value>,
  right: string,
  simpler: (value: NonNullable<Value>) => readonly Value[] = none,
): Field<Value> {
  return {
    read: (fields, name) => fields.required(name, check, right),
    simpler,
  };
}

/** A field that may be left out, which is simpler. */
export function optional<Value>(
  { read, simpler }: Field<Value>,
): Field<Value | undefined> {
  return {
    read: (fields, name, before) =>
      fields.has(name) ? read(fields, name, before) : undefined,
    simpler: (value) => [undefined, ...simpler(value)],
  };
}

/** A field that is there exactly where the fields before it are `such`. */
export function where<Value>(
  such: (before: Json) => boolean,
  { read, simpler }: Field<Value>,
): Field<Value | undefined> {
  return {
    read: (fields, name, before) =>
      such(before) ? read(fields, name, before) : undefined,
    simpler,
  };
}

/** One of some texts or numbers. */
export function oneOf<Value extends string | number>(
  ...values: readonly Value[]
): Field<Value> {
  return field(
    (value) => values.find((one) => one === value),
    values.join(" or "),
  );
}

/** An object of fields of its own. */
export function within<Value extends object>(
  of: FieldsOf<Value>,
  simpler: (value: Value) => readonly Value[] = none,
): Field<Value> {
  return {
    read(outer, name) {
      const fields = new Fields(
        outer.required(name, object, "an object"),
        (message) => outer.fail(`the field '${name}': ${message}`),
      );
      const value = readFields(of, fields);
      fields.end();
      // Each field was read as what it is.
      return value as Value;
    },
    simpler,
  };
}

/** Numbers from `least` on that are smaller than one, the smallest first. */
function smaller(least: number): (number: number) => readonly number[] {
  return (number) => {
    const some = [least, number >> 1, number - (number >> 2), number - 1];
    return [...new Set(some)].filter((one) => one >= least && one < number);
  };
}

/** Items of a list of which each is left out in turn. */
const MOST_TRIED = 16;

/** Half a list, the other half, all but each one: lists of at least `least`. */
export function shorter<Item>(
  list: readonly Item[],
  least: number,
): readonly (readonly Item[])[] {
  const half = list.length >> 1;
  const halves = half === 0 ? [[]] : [list.slice(0, half), list.slice(half)];
  const without = list.length > MOST_TRIED
    ? []
    : list.map((_, nth) => list.toSpliced(nth, 1));
  return [...halves, ...without].filter(({ length }) =>
    length >= least && length < list.length
  );
}

const FROM_0 = "a whole number from 0 on";
const FROM_1 = "a whole number from 1 on";

/** Any text. */
export const TEXT: Field<string> = field(text, "text");
/** True or false. */
export const TRUTH: Field<boolean> = field(truth, "true or false");
/** A whole number from 0 on, none simpler than another. */
export const WHOLE: Field<number> = field(whole, FROM_0);
/** One from 1 on. */
export const POSITIVE: Field<number> = field(positive, FROM_1);
/** A whole number from 0 on, the simpler the smaller. */
export const SMALL: Field<number> = field(whole, FROM_0, smaller(0));
/** One that is made no smaller than 1. */
export const COUNT: Field<number> = field(whole, FROM_0, smaller(1));
/** One that is left out rather than 1. */
export const SEVERAL: Field<number | undefined> = optional(
  field(positive, FROM_1, smaller(2)),
);
/** Bytes. */
export const DATA: Field<Bytes> = field(
  bytes,
  "bytes in one of their forms",
  simplerBytes,
);

/** Reads the fields of an object; those that are not there are left out. */
function readFields(
  of: Readonly<Record<string, Field<unknown>>>,
  fields: Fields,
): object {
  const read: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(of)) {
    const value = field.read(fields, name, read);
    if (value !== undefined) read[name] = value;
  }
  return read;
}

/** Reads an operation and its fields; refuses one that the grammar has not. */
export function readStep<One extends Step>(
  grammar: Grammar<One>,
  fields: Fields,
): One {
  const name = fields.text("op");
  const ops = opsOf(grammar);
  const op = ops.find((one) => one === name) ??
    fields.fail(
      `unknown op '${name}', not ${ops.slice(0, -1).join(", ")} or ${
        ops.at(-1)
      }`,
    );
  // The fields of an operation make a step of that operation.
  return { op, ...readFields(grammar[op], fields) } as object as One;
}

function opsOf<One extends Step>(grammar: Grammar<One>): readonly One["op"][] {
  // A grammar has the operations alone.
  return Object.keys(grammar) as One["op"][];
}

/** A step without all that is special about it, then with one field simpler. */
function simplerSteps<One extends Step>(
  grammar: Grammar<One>,
  step: One,
): readonly One[] {
  const of: Readonly<Record<string, Field<unknown>>> = grammar[
    step.op as One["op"]
  ];
  const choices = Object.entries(step).flatMap(([name, value]) =>
    name === "op" ? [] : of[name].simpler(value)
      .map((simpler) => ({ [name]: simpler }))
  );
  const special = choices.filter((choice) =>
    Object.values(choice)[0] === undefined
  );
  const all = special.length > 1 ? [Object.assign({}, ...special)] : [];
  return [...all, ...choices].map((choice) => present({ ...step, ...choice }));
}

/** An object without the fields that are `undefined`, all of them optional. */
export function present<Value extends object>(value: Value): Value {
  return Object.fromEntries(
    Object.entries(value).filter(([, one]) => one !== undefined),
  ) as Value;
}

/** What a grammar says of its language. */
export function languageOf<One extends Step>(
  grammar: Grammar<One>,
): Pick<Language<One>, "ops" | "parse" | "simpler"> {
  return {
    ops: opsOf(grammar),
    parse: (fields) => readStep(grammar, fields),
    simpler: (step) => simplerSteps(grammar, step),
  };
}

/** Steps whose objects are counted anew, from 0 on. */
export function renamedObjects<One extends object>(
  steps: readonly One[],
): readonly One[] {
  const names = new Map<unknown, number>();
  const renamed = (object: unknown) => {
    const name = names.get(object) ?? names.size;
    names.set(object, name);
    return name;
  };
  return steps.map((step) => {
    if (!("object" in step)) return step;
    const { object } = step;
    const others = Array.isArray(object)
      ? object.map(renamed)
      : renamed(object);
    return { ...step, object: others };
  });
}
