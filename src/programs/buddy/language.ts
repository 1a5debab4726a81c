/** The languages of zbud's and z3fold's programs, which are one. */
import { bytes, simplerBytes } from "../bytes.ts";
import { type Fields, positive, truth, whole } from "../fields.ts";
import type { Language } from "../program.ts";
import { randomBuddyProgram } from "./random.ts";
import type { BuddyStep, BuddySteps } from "./steps.ts";

const WHOLE_PAGE = "a power of two from 4096 to 65536";

/** A page's size. */
function pageSize(value: unknown): number | undefined {
  const size = positive(value);
  return size !== undefined && size >= 4096 && size <= 65536 &&
      Number.isInteger(Math.log2(size))
    ? size
    : undefined;
}

/** Bits of an `unsigned long`. */
function wordBits(value: unknown): 32 | 64 | undefined {
  return value === 32 || value === 64 ? value : undefined;
}

/** What there is too little of. */
function scarce(value: unknown): "frame" | "slab" | undefined {
  return value === "frame" || value === "slab" ? value : undefined;
}

/** An operation on one object. */
function onObject<Op extends BuddyStep["op"]>(op: Op) {
  return (fields: Fields) => ({ op, object: fields.whole("object") });
}

/** Fields that are there, without those that are not. */
function given<Given extends object>(fields: Given): Given {
  const entries = Object.entries(fields)
    .filter(([, value]) => value !== undefined);
  // The same fields, without those that could be left out.
  return Object.fromEntries(entries) as Given;
}

/** How each operation is read. */
const PARSE: {
  readonly [Op in keyof BuddySteps]: (
    fields: Fields,
  ) => Extract<BuddyStep, { op: Op }>;
} = {
  create: (fields) =>
    given({
      op: "create",
      pageSize: fields.optional("pageSize", pageSize, WHOLE_PAGE),
      wordBits: fields.optional("wordBits", wordBits, "32 or 64"),
      maxPages: fields.optional("maxPages", positive, "a number from 1 on"),
      firstPfn: fields.optional("firstPfn", whole, "a number from 0 on"),
      dirty: fields.optional("dirty", whole, "a number from 0 on"),
    }),
  malloc: (fields) => ({
    op: "malloc",
    object: fields.whole("object"),
    size: fields.whole("size"),
  }),
  free: (fields) =>
    given({
      op: "free",
      object: fields.whole("object"),
      later: fields.optional("later", truth, "true or false"),
    }),
  work: () => ({ op: "work" }),
  write: (fields) => ({
    op: "write",
    object: fields.whole("object"),
    data: fields.required("data", bytes, "bytes"),
  }),
  read: onObject("read"),
  map: onObject("map"),
  unmap: onObject("unmap"),
  reclaim: (fields) => ({
    op: "reclaim",
    retries: fields.whole("retries"),
    refuseEach: fields.whole("refuseEach"),
  }),
  fail: (fields) => ({
    op: "fail",
    what: fields.required("what", scarce, "'frame' or 'slab'"),
    after: fields.whole("after"),
  }),
  where: onObject("where"),
  order: () => ({ op: "order" }),
};

/** Every operation. */
export const BUDDY_OPS: readonly BuddyStep["op"][] = [
  "create",
  "malloc",
  "free",
  "work",
  "write",
  "read",
  "map",
  "unmap",
  "reclaim",
  "fail",
  "where",
  "order",
];

function parse(fields: Fields): BuddyStep {
  const op = fields.text("op");
  const known = BUDDY_OPS.find((one) => one === op);
  if (known === undefined) fields.fail(`there is no operation '${op}'`);
  return PARSE[known](fields);
}

/** Numbers between 0 and one, the smallest first. */
function smaller(number: number): number[] {
  return [...new Set([0, number >> 1, number - 1])]
    .filter((one) => one >= 0 && one < number);
}

/** Simpler steps for one, the simplest first. */
function simpler(step: BuddyStep): readonly BuddyStep[] {
  switch (step.op) {
    case "create":
      return Object.keys(step).length === 1 ? [] : [{ op: "create" }];
    case "malloc":
      return smaller(step.size).filter((size) => size > 0)
        .map((size) => ({ ...step, size }));
    case "free":
      return step.later ? [{ op: "free", object: step.object }] : [];
    case "write":
      return simplerBytes(step.data).map((data) => ({ ...step, data }));
    case "reclaim":
      return [
        ...smaller(step.retries).map((retries) => ({ ...step, retries })),
        ...smaller(step.refuseEach).map((refuseEach) => ({
          ...step,
          refuseEach,
        })),
      ];
    case "fail":
      return smaller(step.after).map((after) => ({ ...step, after }));
    default:
      return [];
  }
}

/** The same steps, their objects counted anew from 0. */
function renamed(steps: readonly BuddyStep[]): readonly BuddyStep[] {
  const names = new Map<number, number>();
  return steps.map((step) => {
    if (!("object" in step)) return step;
    const name = names.get(step.object) ?? names.size;
    names.set(step.object, name);
    return { ...step, object: name };
  });
}

/** The language of one of the two allocators. */
function buddyLanguage(name: "zbud" | "z3fold"): Language<BuddyStep> {
  return {
    name,
    ops: BUDDY_OPS,
    parse,
    random: randomBuddyProgram,
    simpler,
    renamed,
  };
}

/** The language of zbud's programs: without slots, and with no worker. */
export const ZBUD_LANGUAGE: Language<BuddyStep> = buddyLanguage("zbud");
/** The language of z3fold's programs. */
export const Z3FOLD_LANGUAGE: Language<BuddyStep> = buddyLanguage("z3fold");
