/** The steps of programs for an allocator. */
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";
import { plain } from "../explore/steps.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";
import {
  anyNoise,
  type Bytes,
  bytes,
  simplerBytes,
} from "../programs/bytes.ts";
import type { Plan } from "./judge.ts";
import type { Fields } from "../programs/fields.ts";
import type { ZsmallocSetup } from "../targets/target.ts";
import { profileWith } from "./zsmalloc_model.ts";

/**
 * A request to an allocator. `object` numbers the objects of a pool: `malloc`
 * gives its own to the handle that it is answered.
 */
export type ZsmallocStep =
  | ({ readonly op: "create" } & ZsmallocSetup)
  | { readonly op: "malloc"; readonly size: number; readonly object: number }
  | { readonly op: "free"; readonly object: number }
  | { readonly op: "write"; readonly object: number; readonly data: Bytes }
  | { readonly op: "read"; readonly object: number; readonly length: number }
  | { readonly op: "compact" }
  | { readonly op: "stats" };

/** Reads a step. */
export function parseZsmallocStep(fields: Fields): ZsmallocStep {
  const op = fields.text("op");
  switch (op) {
    case "create":
      return {
        op,
        pageSize: fields.whole("pageSize"),
        wordBits: fields.whole("wordBits"),
        chainSize: fields.whole("chainSize"),
      };
    case "malloc":
      return {
        op,
        size: fields.whole("size"),
        object: fields.whole("object"),
      };
    case "free":
      return { op, object: fields.whole("object") };
    case "write":
      return {
        op,
        object: fields.whole("object"),
        data: fields.required("data", bytes, "bytes in one of their forms"),
      };
    case "read":
      return {
        op,
        object: fields.whole("object"),
        length: fields.whole("length"),
      };
    case "compact":
    case "stats":
      return { op };
    default:
      return fields.fail(
        `unknown op '${op}', not create, malloc, free, write, read, compact or stats`,
      );
  }
}

/** Simpler steps that could take the place of one. */
export function simplerZsmallocSteps(
  step: ZsmallocStep,
): readonly ZsmallocStep[] {
  if (step.op === "write") {
    return simplerBytes(step.data).map((data) => ({ ...step, data }));
  }
  if (step.op === "create" && step.pageSize > 4096) {
    return [{ ...step, pageSize: 4096 }];
  }
  if (step.op === "malloc" && step.size > 0) {
    const at = SIMPLE_SIZES.indexOf(step.size);
    return SIMPLE_SIZES.slice(0, at < 0 ? undefined : at)
      .map((size) => ({ ...step, size }));
  }
  return [];
}

/**
 * Sizes of objects, the simplest first: two of 2040 bytes fill a page, three of
 * 2700 fill two, and so take few steps.
 */
const SIMPLE_SIZES = [2040, 2700, 1000, 32, 1];

/** The same program, its objects numbered from 0 on. */
export function renamedObjects(
  steps: readonly ZsmallocStep[],
): readonly ZsmallocStep[] {
  const names = new Map<number, number>();
  return steps.map((step) => {
    if (!("object" in step)) return step;
    const object = names.get(step.object) ?? names.size;
    names.set(step.object, object);
    return { ...step, object };
  });
}

/** What programs consist of before objects have names. */
type Burst =
  | { readonly op: "malloc"; readonly size: number; readonly count: number }
  | { readonly op: "free"; readonly nths: readonly number[] }
  /** Frees all but every `each`th object: what is left can be compacted. */
  | { readonly op: "thin"; readonly each: number }
  | { readonly op: "rewrite"; readonly nth: number }
  | { readonly op: "refuse"; readonly size: number }
  | { readonly op: "compact" }
  | { readonly op: "create" };

function bursts(fc: FastCheck): Arbitrary<readonly Burst[]> {
  const nth = fc.nat(1000);
  const one = <Fields extends Burst>(
    weight: number,
    fields: { readonly [Key in keyof Fields]: Arbitrary<Fields[Key]> },
  ) => ({ weight, arbitrary: plain<Fields>(fc, fields) });
  const op = <const Op extends string>(name: Op) => fc.constant(name);
  const burst = fc.oneof(
    one<Extract<Burst, { op: "malloc" }>>(8, {
      op: op("malloc"),
      size: fc.constantFrom(0, 0, 0, 1, 1, 2),
      count: fc.integer({ min: 1, max: 16 }),
    }),
    one<Extract<Burst, { op: "free" }>>(4, {
      op: op("free"),
      nths: fc.array(nth, { minLength: 1, maxLength: 12, size: "max" }),
    }),
    one<Extract<Burst, { op: "thin" }>>(2, {
      op: op("thin"),
      each: fc.integer({ min: 2, max: 5 }),
    }),
    one<Extract<Burst, { op: "rewrite" }>>(2, { op: op("rewrite"), nth }),
    one<Extract<Burst, { op: "refuse" }>>(1, {
      op: op("refuse"),
      size: fc.constantFrom(0, 0, 1, 2, 4096),
    }),
    one<Extract<Burst, { op: "compact" }>>(3, { op: op("compact") }),
    one<Extract<Burst, { op: "create" }>>(1, { op: op("create") }),
  );
  return fc.array(burst, { minLength: 1, maxLength: 24, size: "max" });
}

/** Geometries that the contract is tried with. */
const SETUPS: readonly ZsmallocSetup[] = [
  { pageSize: 4096, wordBits: 64, chainSize: 8 },
  { pageSize: 4096, wordBits: 64, chainSize: 8 },
  { pageSize: 4096, wordBits: 64, chainSize: 4 },
  { pageSize: 4096, wordBits: 32, chainSize: 4 },
  { pageSize: 16384, wordBits: 64, chainSize: 8 },
  { pageSize: 4096, wordBits: 64, chainSize: 16 },
];

/** An object's size: a share of a page, or what fills a chunk. */
type Size =
  | { readonly bytes: number }
  /** The chunks of some class, or of one with few of them to a zspage. */
  | { readonly filling: number; readonly isOfFew: boolean };

/** The sizes of the objects of one program. */
function sizes(fc: FastCheck): Arbitrary<readonly Size[]> {
  const bytes = (min: number, max: number) =>
    plain(fc, { bytes: fc.integer({ min, max }) });
  const filling = (isOfFew: boolean) =>
    plain(fc, { filling: fc.nat(1000), isOfFew: fc.constant(isOfFew) });
  const size = fc.oneof<{ weight: number; arbitrary: Arbitrary<Size> }[]>(
    // Zspages of few objects fill, empty and compact in few steps.
    { weight: 5, arbitrary: filling(true) },
    { weight: 2, arbitrary: filling(false) },
    { weight: 2, arbitrary: bytes(400, 4096) },
    { weight: 1, arbitrary: bytes(1, 400) },
    { weight: 1, arbitrary: bytes(4095, 4096) },
  );
  return fc.array(size, { minLength: 3, maxLength: 3 });
}

/** Objects of a zspage that are few. */
const FEW = 8;

/** Bytes of an object. */
function sizeIn(plan: Plan, setup: ZsmallocSetup, size: Size): number {
  if ("bytes" in size) return Math.ceil(size.bytes * setup.pageSize / 4096);
  const { classes, handleSize } = zsGeometry(profileWith(plan.profile, setup));
  const among = classes.filter(({ objectsPerZspage }) =>
    !size.isOfFew || (objectsPerZspage > 1 && objectsPerZspage <= FEW)
  );
  return among[size.filling % among.length].size - handleSize;
}

/** Random programs over three sizes, so that zspages fill, empty and compact. */
export function zsmallocTargetPrograms(
  fc: FastCheck,
  plan: Plan,
): Arbitrary<readonly ZsmallocStep[]> {
  const { pageSize, wordBits, chainSize } = plan.profile;
  const own = { pageSize, wordBits, chainSize };
  return plain(fc, {
    setup: plan.level === "exact"
      ? fc.constant(own)
      : fc.constantFrom(own, ...SETUPS),
    sizes: sizes(fc),
    seeds: anyNoise(fc, 65536),
    bursts: bursts(fc),
  }).map(({ setup, sizes, seeds, bursts }) => {
    const bytes = sizes.map((size) => sizeIn(plan, setup, size));
    const seed = "xorshift" in seeds ? seeds.xorshift : 1;
    return nameObjects(setup, bytes, seed, bursts);
  });
}

/** The steps of bursts: who is alive is known before anything is asked. */
function nameObjects(
  setup: ZsmallocSetup,
  sizes: readonly number[],
  seed: number,
  bursts: readonly Burst[],
): ZsmallocStep[] {
  const steps: ZsmallocStep[] = [{ op: "create", ...setup }];
  let live: number[] = [];
  let named = 0;
  const malloc = (size: number) => {
    live.push(named);
    steps.push({ op: "malloc", size, object: named });
    write(named, size);
    named++;
  };
  const free = (at: number) => {
    const [object] = live.splice(at, 1);
    steps.push({ op: "free", object });
  };
  const write = (object: number, bytes = setup.pageSize) => {
    const data = { xorshift: seed + steps.length, bytes };
    steps.push({ op: "write", object, data });
  };
  for (const burst of bursts) {
    switch (burst.op) {
      case "malloc":
        for (let nth = 0; nth < burst.count; nth++) malloc(sizes[burst.size]);
        break;
      case "free":
        for (const nth of burst.nths) {
          if (live.length > 0) free(nth % live.length);
        }
        break;
      case "thin":
        for (let at = live.length - 1; at >= 0; at--) {
          if (at % burst.each !== 0) free(at);
        }
        break;
      case "rewrite":
        if (live.length > 0) write(live[burst.nth % live.length]);
        break;
      case "refuse": {
        const size = burst.size === 0 ? 0 : setup.pageSize + burst.size;
        steps.push({ op: "malloc", size, object: named++ });
        break;
      }
      case "compact":
        steps.push({ op: "compact" });
        break;
      case "create":
        steps.push({ op: "create", ...setup });
        live = [];
        named = 0;
        break;
    }
  }
  return steps;
}
