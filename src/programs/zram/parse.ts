/** Reading the steps of programs for a compressed block device. */
import { type Bytes, bytes } from "../bytes.ts";
import { type Check, type Fields, positive, truth, whole } from "../fields.ts";
import {
  ZRAM_OPS,
  type ZramBio,
  type ZramCreate,
  type ZramStep,
  type ZramSteps,
} from "./steps.ts";

const REQUESTS: readonly ZramBio["request"][] = [
  "read",
  "write",
  "discard",
  "write_zeroes",
];

/** Reads a step; refuses what is none. */
export function parseZramStep(fields: Fields): ZramStep {
  const text = fields.text("op");
  const op = ZRAM_OPS.find((one) => one === text) ??
    fields.fail(`unknown op '${text}', not ${ZRAM_OPS.join(", ")}`);
  // The entry of an operation reads the fields of that operation.
  return { op, ...PARSE[op](fields) } as ZramStep;
}

const PARSE: {
  readonly [Op in keyof ZramSteps]: (fields: Fields) => ZramSteps[Op];
} = {
  create: parseCreate,
  set: (fields) => ({ attr: fields.text("attr"), value: fields.text("value") }),
  get: (fields) => ({ attr: fields.text("attr") }),
  write: (fields) => ({ page: fields.whole("page"), data: dataOf(fields) }),
  read: (fields) => ({ page: fields.whole("page") }),
  discard: (fields) => ({
    page: fields.whole("page"),
    pages: fields.whole("pages"),
  }),
  block_state: () => ({}),
  bio: parseBio,
  wait: (fields) => ({ seconds: fields.whole("seconds") }),
  slot_free_notify: (fields) => ({ page: fields.whole("page") }),
  open: (fields) => ({ exclusive: exclusiveOf(fields) }),
  close: (fields) => ({ exclusive: exclusiveOf(fields) }),
  writeback_under: (fields) => ({
    value: fields.text("value"),
    after: fields.whole("after"),
    page: fields.whole("page"),
    data: dataOf(fields),
  }),
};

function dataOf(fields: Fields): Bytes {
  return fields.required("data", bytes, "bytes in one of their forms");
}

function exclusiveOf(fields: Fields): boolean {
  return fields.required("exclusive", truth, "true or false");
}

const blocks: Check<number[]> = (value) =>
  Array.isArray(value) && value.every((one) => whole(one) !== undefined)
    ? value
    : undefined;

const codecs: Check<ZramCreate["codecs"]> = (value) =>
  value === "kernel" || value === "stated" ? value : undefined;

const GEOMETRY = ["pageSize", "wordBits", "physBits", "chainSize"] as const;
const COUNTS = ["backingPages", "maxPages", "failEach"] as const;
const BLOCKS = ["badReads", "badWrites"] as const;

/** The fields of `create` that are there. */
function parseCreate(fields: Fields): ZramCreate {
  const number = (name: string) =>
    fields.optional(name, positive, "a whole number from 1 on");
  const list = (name: string) =>
    fields.optional(name, blocks, "a list of whole numbers");
  const read = [
    ...[...GEOMETRY, ...COUNTS].map((name) => [name, number(name)]),
    ...BLOCKS.map((name) => [name, list(name)]),
    ["codecs", fields.optional("codecs", codecs, `"kernel" or "stated"`)],
  ];
  return Object.fromEntries(read.filter(([, value]) => value !== undefined));
}

function parseBio(fields: Fields): ZramBio {
  const request = fields.required(
    "request",
    (value) => REQUESTS.find((one) => one === value),
    REQUESTS.join(" or "),
  );
  const bio = {
    request,
    sector: fields.whole("sector"),
    bytes: fields.required("bytes", positive, "a whole number from 1 on"),
  };
  return request === "write" ? { ...bio, data: dataOf(fields) } : bio;
}
