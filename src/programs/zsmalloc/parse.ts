/** How steps for an allocator are read. */
import type { MapMode } from "../../zsmalloc/mapping.ts";
import { bytes } from "../bytes.ts";
import { type Check, type Fields, positive, whole } from "../fields.ts";
import type { StepOf } from "../program.ts";
import type { Misuse, ZsmallocOp, ZsmallocSteps } from "./steps.ts";

/** Reads the fields of each operation. */
const PARSE: {
  readonly [Op in ZsmallocOp]: (fields: Fields) => ZsmallocSteps[Op];
} = {
  create: (fields) => ({
    pageSize: fields.whole("pageSize"),
    wordBits: fields.whole("wordBits"),
    chainSize: fields.whole("chainSize"),
    ...optional(fields, "physBits", positive, "a whole number from 1 on"),
    ...optional(fields, "maxPages", whole, "a whole number from 0 on"),
    ...optional(fields, "firstPfn", oneOf(0, 1), "0 or 1"),
    ...optional(fields, "mapping", oneOf("page-table"), '"page-table"'),
  }),
  malloc: (fields) => ({
    size: fields.whole("size"),
    object: fields.whole("object"),
    ...count(fields),
  }),
  free: (fields) => ({
    object: fields.required(
      "object",
      (value) => whole(value) ?? wholeNumbers(value),
      "a whole number from 0 on, or a list of them",
    ),
  }),
  write: (fields) => ({
    object: fields.whole("object"),
    data: data(fields),
    ...count(fields),
  }),
  read: (fields) => ({
    object: fields.whole("object"),
    length: fields.whole("length"),
  }),
  compact: () => ({}),
  stats: () => ({}),
  classes: () => ({}),
  fail: (fields) => ({
    what: fields.required(
      "what",
      oneOf<"frame" | "cell">("frame", "cell"),
      '"frame" or "cell"',
    ),
    after: fields.whole("after"),
  }),
  map: (fields) => ({
    mapping: fields.whole("mapping"),
    object: fields.whole("object"),
    mode: fields.required("mode", oneOf(...MODES), MODES.join(" or ")),
    cpu: fields.whole("cpu"),
  }),
  write_mapped: (fields) => ({
    mapping: fields.whole("mapping"),
    data: data(fields),
  }),
  unmap: (fields) => ({ mapping: fields.whole("mapping") }),
  compact_around: (fields) => ({
    size: fields.whole("size"),
    object: fields.whole("object"),
    frees: fields.required("frees", wholeNumbers, "a list of whole numbers"),
  }),
  shrink: () => ({}),
  migrate: (fields) => ({ object: fields.whole("object") }),
  misuse: (fields) => ({
    what: fields.required("what", oneOf(...MISUSES), MISUSES.join(" or ")),
    object: fields.whole("object"),
  }),
  destroy: () => ({}),
};

/** What a mapper is going to do. */
export const MODES: readonly MapMode[] = [
  "read-only",
  "read-write",
  "write-only",
];

const MISUSES: readonly Misuse[] = [
  "free-again",
  "unmap-again",
  "write-beyond",
];

/** Every operation on an allocator. */
export const ZSMALLOC_OPS: readonly ZsmallocOp[] = Object.keys(
  PARSE,
) as ZsmallocOp[]; // The table has these keys alone.

/** Reads a step; refuses what is none. */
export function parseZsmallocStep(fields: Fields): StepOf<ZsmallocSteps> {
  const op = fields.text("op");
  const known = ZSMALLOC_OPS.find((one) => one === op) ??
    fields.fail(`unknown op '${op}', not ${ZSMALLOC_OPS.join(", ")}`);
  // The entry of an operation reads the fields of that operation.
  return { op: known, ...PARSE[known](fields) } as StepOf<ZsmallocSteps>;
}

function oneOf<Value>(...values: readonly Value[]): Check<Value> {
  return (value) => values.find((one) => one === value);
}

function wholeNumbers(value: unknown): number[] | undefined {
  return Array.isArray(value) && value.every((one) => whole(one) !== undefined)
    ? value
    : undefined;
}

function data(fields: Fields) {
  return fields.required("data", bytes, "bytes in one of their forms");
}

function count(fields: Fields) {
  return optional(fields, "count", positive, "a whole number from 1 on");
}

/** A field that is left out of the step where it is not there. */
function optional<Name extends string, Value>(
  fields: Fields,
  name: Name,
  check: Check<Value>,
  right: string,
): { readonly [One in Name]?: Value } {
  const value = fields.optional(name, check, right);
  return value === undefined ? {} : named(name, value);
}

function named<Name extends string, Value>(
  name: Name,
  value: Value,
): { readonly [One in Name]?: Value } {
  const field: { [One in Name]?: Value } = {};
  field[name] = value;
  return field;
}
