/** What walks over zcache do, made at random. */
import fc from "fast-check";
import { fillStated, ZCACHE_3_10, type ZcacheProfile } from "../mod.ts";

/** zcache as tmem promises it to be. */
export const PROMISED: ZcacheProfile = {
  ...ZCACHE_3_10,
  name: "linux-3.10, older pages go",
  failedPut: "older-goes",
};

/** What a page holds: its compressed length, 0 for a page of zeros, and a seed. */
export interface Contents {
  readonly length: number;
  readonly seed: number;
}

/** One operation; `at` picks a file system, file and index, or a swap slot. */
export type WalkOp =
  | {
    readonly op: "put" | "store";
    readonly at: number;
    readonly page: Contents;
  }
  | {
    readonly op:
      | "get"
      | "invalidatePage"
      | "invalidateInode"
      | "remount"
      | "load"
      | "invalidateSlot"
      | "swapoff";
    readonly at: number;
  }
  | {
    readonly op: "shrink";
    readonly active: number;
    readonly inactive: number;
  };

export const PAGE_SIZE = 4096;
/** Lengths beside the limits, and beside whole chunks with their handle. */
const EDGES = [
  ...[1, 24, 32, 33, 608, 2016, 2017, 2560, 2561],
  ...[3584, 3585, 4000, 4001, PAGE_SIZE + 1],
];

const contents: fc.Arbitrary<Contents> = fc.record({
  length: fc.oneof(
    fc.constantFrom(0, ...EDGES),
    fc.integer({ min: 24, max: 2560 }),
    fc.integer({ min: 2500, max: 4001 }),
  ),
  seed: fc.integer({ min: 1, max: 255 }),
});
const at = fc.oneof(fc.nat({ max: 23 }), fc.nat({ max: 3 }));

/** Operations, most of them puts. */
export const walkOps: fc.Arbitrary<WalkOp[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: putting("put") },
    { weight: 8, arbitrary: putting("store") },
    { weight: 5, arbitrary: naming("get") },
    { weight: 5, arbitrary: naming("load") },
    { weight: 2, arbitrary: naming("invalidatePage") },
    { weight: 2, arbitrary: naming("invalidateSlot") },
    { weight: 1, arbitrary: naming("invalidateInode") },
    { weight: 1, arbitrary: naming("remount") },
    { weight: 1, arbitrary: naming("swapoff") },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant("shrink" as const),
        active: fc.nat({ max: 3 }),
        inactive: fc.nat({ max: 2 }),
      }),
    },
  ),
  { minLength: 1, maxLength: 80, size: "max" },
);

function putting(op: "put" | "store"): fc.Arbitrary<WalkOp> {
  return fc.record({ op: fc.constant(op), at, page: contents });
}

function naming(
  op: Exclude<WalkOp["op"], "put" | "store" | "shrink">,
): fc.Arbitrary<WalkOp> {
  return fc.record({ op: fc.constant(op), at });
}

/** The page of some contents; one that states nothing is a byte too long. */
export function pageOf({ length, seed }: Contents): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  if (length > 0) fillStated(page, [length], seed);
  return page;
}

/** The length that a page has compressed; one of zeros states nothing either. */
export function compressedLength(length: number): number {
  return length === 0 || length > PAGE_SIZE ? PAGE_SIZE + 1 : length;
}
