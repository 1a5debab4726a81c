/** The steps of programs for a compressed swap cache. */
import { anyContents } from "../programs/contents.ts";
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";
import { plain, step } from "../explore/steps.ts";
import { type Bytes, bytes, simplerBytes } from "../programs/bytes.ts";
import type { Plan } from "./judge.ts";
import type { Fields } from "../programs/fields.ts";
import type { ZswapSetup } from "../targets/target.ts";
import { SWAP_TYPES } from "./zswap_model.ts";

/** Where a page is. */
export interface ZswapSlot {
  /** The swap type. */
  readonly type: number;
  /** The offset in pages. */
  readonly offset: number;
}

/** A request to a swap cache. */
export type ZswapStep =
  | ({ readonly op: "create" } & ZswapSetup)
  | ({ readonly op: "store"; readonly data: Bytes } & ZswapSlot)
  | ({ readonly op: "load" } & ZswapSlot)
  | ({ readonly op: "invalidate" } & ZswapSlot)
  | { readonly op: "writeback"; readonly entries: number }
  | { readonly op: "stats" };

/** Offsets of a swap type that programs use. */
const OFFSETS = 12;

/** Reads a step. */
export function parseZswapStep(fields: Fields): ZswapStep {
  const op = fields.text("op");
  const slot = () => ({
    type: fields.whole("type"),
    offset: fields.whole("offset"),
  });
  switch (op) {
    case "create":
      return {
        op,
        totalPages: fields.whole("totalPages"),
        maxPoolPercent: fields.whole("maxPoolPercent"),
        acceptThresholdPercent: fields.whole("acceptThresholdPercent"),
        allocator: fields.text("allocator"),
      };
    case "store":
      return {
        op,
        ...slot(),
        data: fields.required("data", bytes, "bytes in one of their forms"),
      };
    case "load":
    case "invalidate":
      return { op, ...slot() };
    case "writeback":
      return { op, entries: fields.whole("entries") };
    case "stats":
      return { op };
    default:
      return fields.fail(
        `unknown op '${op}', not create, store, load, invalidate, writeback or stats`,
      );
  }
}

/** Simpler steps that could take the place of one. */
export function simplerZswapSteps(one: ZswapStep): readonly ZswapStep[] {
  if (one.op === "store") {
    return simplerBytes(one.data).map((data) => ({ ...one, data }));
  }
  if (one.op === "writeback" && one.entries > 1) {
    return [{ ...one, entries: 1 }];
  }
  return [];
}

/** Random pages; many compress to about half, so that the limit is soon met. */
function anyPage(fc: FastCheck, { profile }: Plan): Arbitrary<Bytes> {
  const { pageSize, wordBits } = profile;
  const part = fc.tuple(
    fc.integer({ min: 1, max: 9999 }),
    fc.integer({ min: 1, max: pageSize }),
  ).map(([xorshift, bytes]): Bytes => ({ xorshift, bytes }));
  const word = fc.constantFrom("00", "5a")
    .map((byte): Bytes => ({ word: byte.repeat(wordBits / 8) }));
  return fc.oneof<{ weight: number; arbitrary: Arbitrary<Bytes> }[]>(
    { weight: 5, arbitrary: part },
    { weight: 2, arbitrary: anyContents(fc) },
    { weight: 1, arbitrary: word },
  );
}

/** Random programs: a small cache, and pages that come, go and are written. */
export function zswapTargetPrograms(
  fc: FastCheck,
  plan: Plan,
): Arbitrary<readonly ZswapStep[]> {
  const slot = {
    type: fc.nat(SWAP_TYPES - 1),
    offset: fc.nat(OFFSETS - 1),
  };
  const create = step(fc, "create", {
    totalPages: fc.constantFrom(50, 60, 100, 400),
    maxPoolPercent: fc.constantFrom(10, 20),
    acceptThresholdPercent: fc.constantFrom(50, 90, 100),
    allocator: fc.constantFrom<string[]>(...plan.profile.zswap.zpools),
  });
  const one = fc.oneof<{ weight: number; arbitrary: Arbitrary<ZswapStep> }[]>(
    {
      weight: 10,
      arbitrary: step(fc, "store", { ...slot, data: anyPage(fc, plan) }),
    },
    { weight: 5, arbitrary: step(fc, "load", slot) },
    { weight: 3, arbitrary: step(fc, "invalidate", slot) },
    {
      weight: 2,
      arbitrary: step(fc, "writeback", {
        entries: fc.integer({ min: 1, max: 5 }),
      }),
    },
    { weight: 1, arbitrary: create },
  );
  return plain(fc, {
    create,
    steps: fc.array(one, { maxLength: 80, size: "max" }),
  }).map(({ create, steps }) => [create, ...steps]);
}
