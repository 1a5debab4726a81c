/** Reading the steps of programs for zswap. */
import { type Bytes, bytes } from "../bytes.ts";
import {
  Fields,
  type Json,
  object,
  positive,
  truth,
  whole,
} from "../fields.ts";
import type {
  SwapCacheState,
  ZswapFailing,
  ZswapMeanwhile,
  ZswapSlot,
  ZswapStep,
  ZswapSteps,
} from "./steps.ts";

type Op = keyof ZswapSteps;

const WHOLE = "a whole number from 0 on";
const POSITIVE = "a whole number from 1 on";
const BYTES = "bytes in one of their forms";

/** What is in an object of a step; refuses it as the step would be. */
function within<Value>(
  outer: Fields,
  name: string,
  read: (fields: Fields) => Value,
): Value | undefined {
  const json = outer.optional<Json>(name, object, "an object");
  if (json === undefined) return undefined;
  const fields = new Fields(
    json,
    (message) => outer.fail(`the field '${name}': ${message}`),
  );
  const value = read(fields);
  fields.end();
  return value;
}

/** Of some fields those that are there. */
function present<Value extends object>(fields: Value): Value {
  const entries = Object.entries(fields)
    .filter(([, value]) => value !== undefined);
  // What is left out was optional.
  return Object.fromEntries(entries) as Value;
}

/** One of some texts. */
function oneOf<Text extends string>(
  fields: Fields,
  name: string,
  ...texts: readonly Text[]
): Text {
  return fields.required(
    name,
    (value) => texts.find((text) => text === value),
    texts.join(" or "),
  );
}

function slot(fields: Fields): ZswapSlot {
  return { type: fields.whole("type"), offset: fields.whole("offset") };
}

function data(fields: Fields): Bytes {
  return fields.required("data", bytes, BYTES);
}

function pages(value: unknown): readonly Bytes[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const read = value.map(bytes);
  return read.includes(undefined) ? undefined : value;
}

function failing(fields: Fields): ZswapFailing {
  const each = (name: string) => fields.optional(name, positive, POSITIVE);
  return present({
    entries: each("entries"),
    nodes: each("nodes"),
    slab: each("slab"),
  });
}

function meanwhile(fields: Fields): ZswapMeanwhile {
  const when = oneOf(fields, "when", "allocated", "written");
  const does = oneOf(fields, "does", "store", "load", "invalidate");
  return does === "store" ? { when, does, data: data(fields) } : { when, does };
}

/** How the fields of each operation are read. */
const READ: { readonly [One in Op]: (fields: Fields) => ZswapSteps[One] } = {
  create: (fields) =>
    present({
      totalPages: fields.whole("totalPages"),
      maxPoolPercent: fields.whole("maxPoolPercent"),
      acceptThresholdPercent: fields.whole("acceptThresholdPercent"),
      allocator: fields.text("allocator"),
      pageSize: fields.optional("pageSize", positive, POSITIVE),
      wordBits: fields.optional("wordBits", positive, POSITIVE),
      writeback: fields.optional("writeback", truth, "true or false"),
      stated: fields.optional("stated", truth, "true or false"),
      workerWaits: fields.optional("workerWaits", truth, "true or false"),
      maxPages: fields.optional("maxPages", whole, WHOLE),
      failing: within(fields, "failing", failing),
    }),
  store: (fields) => ({ ...slot(fields), data: data(fields) }),
  store_folio: (fields) => ({
    ...slot(fields),
    pages: fields.required("pages", pages, "pages in one of their forms"),
  }),
  load: (fields) =>
    present({
      ...slot(fields),
      toSwapCache: fields.optional("toSwapCache", truth, "true or false"),
    }),
  invalidate: slot,
  writeback: (fields) =>
    present({
      entries: fields.whole("entries"),
      meanwhile: within(fields, "meanwhile", meanwhile),
    }),
  stats: () => ({}),
  counters: () => ({}),
  work: () => ({}),
  scan: (fields) => ({ nr: fields.whole("nr") }),
  swapin: (fields) => ({ pages: fields.whole("pages") }),
  cache: (fields) => ({
    ...slot(fields),
    state: oneOf<SwapCacheState>(
      fields,
      "state",
      "cached",
      "no-memory",
      "free",
    ),
  }),
  damage: slot,
  set: (fields) => ({
    attr: fields.text("attr"),
    value: fields.text("value"),
  }),
  get: (fields) => ({ attr: fields.text("attr") }),
  swapoff: (fields) => ({ type: fields.whole("type") }),
};

/** Every operation. */
export const ZSWAP_OPS: readonly Op[] = Object.keys(READ) as Op[];

/** Reads a step; refuses what is none. */
export function parseZswapStep(fields: Fields): ZswapStep {
  const name = fields.text("op");
  const op = ZSWAP_OPS.find((one) => one === name);
  if (op === undefined) {
    return fields.fail(`unknown op '${name}', not ${ZSWAP_OPS.join(", ")}`);
  }
  // The fields of an operation make a step of that operation.
  return { op, ...READ[op](fields) } as ZswapStep;
}
