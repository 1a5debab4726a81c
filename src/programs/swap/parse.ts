/** Reads the steps of the swap path, and says what is simpler than one. */
import type { ZpoolType } from "../../linux/zswap_profile.ts";
import { bytes, simplerBytes } from "../bytes.ts";
import { type Check, type Fields, positive, text, whole } from "../fields.ts";
import {
  type PageChoice,
  type ProcessChoice,
  SWAP_BELOW,
  SWAP_OPS,
  type SwapCreate,
  type SwapStep,
  type SwapSteps,
} from "./steps.ts";

/** One of some texts. */
function oneOf<Name extends string>(names: readonly Name[]): Check<Name> {
  return (value) => names.find((name) => name === value);
}

const ALLOCATORS: readonly ZpoolType[] = ["zbud", "z3fold", "zsmalloc"];

/** Fields of `create` that are whole numbers from 1 on. */
const CREATE_NUMBERS = [
  "pageSize",
  "wordBits",
  "chainSize",
  "slots",
  "frames",
  "poolPages",
  "failWrites",
  "failReads",
  "failAllocations",
  "totalPages",
  "swapPages",
] as const;

/** An object without the fields that are `undefined`. */
function present<Value extends object>(value: Value): Value {
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined);
  // Its optional fields are those that may be left out.
  return Object.fromEntries(entries) as Value;
}

function parseCreate(fields: Fields): SwapCreate {
  const number = (name: string) =>
    fields.optional(name, positive, "a whole number from 1 on");
  return present({
    ...Object.fromEntries(CREATE_NUMBERS.map((name) => [name, number(name)])),
    allocator: fields.optional(
      "allocator",
      oneOf(ALLOCATORS),
      ALLOCATORS.join(" or "),
    ),
    below: fields.optional("below", oneOf(SWAP_BELOW), SWAP_BELOW.join(" or ")),
  });
}

function parseProcess(fields: Fields): ProcessChoice {
  const process = fields.optional(
    "process",
    whole,
    "a whole number from 0 on",
  );
  return process === undefined ? {} : { process };
}

function parsePage(fields: Fields): PageChoice {
  return { page: fields.whole("page"), ...parseProcess(fields) };
}

const parseData = (fields: Fields) => ({
  ...parsePage(fields),
  data: fields.required("data", bytes, "bytes in one of their forms"),
});

const nothing = () => ({});

/** How the fields of each operation are read. */
const PARSE: {
  readonly [Op in keyof SwapSteps]: (fields: Fields) => SwapSteps[Op];
} = {
  create: parseCreate,
  set: (fields) => ({ attr: fields.text("attr"), value: fields.text("value") }),
  get: (fields) => ({ attr: fields.text("attr") }),
  write: parseData,
  read: parsePage,
  pageout: parsePage,
  forget: parsePage,
  counters: nothing,
  pageout_all: parseProcess,
  write_under_writeback: parseData,
  exit: parseProcess,
  shrink: (fields) => ({ nr: fields.whole("nr") }),
  evict: nothing,
  evict_end: nothing,
  zram_writeback: (fields) =>
    present({
      type: fields.required(
        "type",
        oneOf(["idle", "huge"] as const),
        "idle or huge",
      ),
      age: fields.optional("age", whole, "a whole number of seconds"),
    }),
  swapoff: nothing,
  wait: (fields) => ({ seconds: fields.whole("seconds") }),
};

/** Reads a step; refuses what is none. */
export function parseSwapStep(fields: Fields): SwapStep {
  const op = fields.required("op", text, "an operation's name");
  const known = SWAP_OPS.find((one) => one === op);
  if (known === undefined) {
    const last = SWAP_OPS.at(-1);
    fields.fail(
      `unknown op '${op}', not ${SWAP_OPS.slice(0, -1).join(", ")} or ${last}`,
    );
  }
  // The fields of an operation are those that its entry reads.
  return { op: known, ...PARSE[known](fields) } as SwapStep;
}

/** What `create` is like without one of the things that are special about it. */
function simplerCreate({ op, ...fields }: SwapStep & { op: "create" }) {
  return Object.keys(fields).map((left): SwapStep => ({
    op,
    ...Object.fromEntries(
      Object.entries(fields).filter(([name]) => name !== left),
    ),
  }));
}

/** The same step of the one process, and of an earlier page. */
function simplerPlaces(step: SwapStep & ProcessChoice): readonly SwapStep[] {
  const places: SwapStep[] = [];
  if (step.process !== undefined) {
    const { process: _, ...others } = step;
    // A process may be left out of each operation that has one.
    places.push(others as SwapStep);
  }
  if ("page" in step && step.page > 0) {
    places.push({ ...step, page: Math.floor(step.page / 2) });
  }
  return places;
}

/** Steps that could take the place of one, the simplest first. */
export function simplerSwapStep(step: SwapStep): readonly SwapStep[] {
  switch (step.op) {
    case "create":
      return simplerCreate(step);
    case "write_under_writeback":
    case "write":
      return [
        ...simplerBytes(step.data).map((data) => ({ ...step, data })),
        ...simplerPlaces(step),
      ];
    case "shrink":
      return step.nr > 1 ? [{ ...step, nr: Math.floor(step.nr / 2) }] : [];
    case "read":
    case "pageout":
    case "forget":
    case "pageout_all":
    case "exit":
      return simplerPlaces(step);
    default:
      return [];
  }
}
