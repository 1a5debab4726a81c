/** The programs of the state machine of zsmalloc. */
import type { MapMode } from "../zsmalloc/mapping.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";
import {
  chosenProfile,
  type ProfileChoice,
  profileChoices,
} from "../programs/kernels.ts";
import { plain, step, type StepOf } from "./steps.ts";

/** The operations of the machine and their fields. */
export interface ZsmallocSteps {
  /** `count` objects of `size` bytes, each filled from a seed of its own. */
  malloc: {
    readonly size: number;
    readonly count: number;
    readonly seed: number;
  };
  /** The nth live object is freed, for each of `nths` in turn. */
  free: { readonly nths: readonly number[] };
  /** The nth live object is written. */
  write: { readonly nth: number; readonly seed: number };
  /** Every object is read. */
  read: Record<never, never>;
  /** An allocation of a frame or a handle's cell fails, after so many others. */
  fail: { readonly what: "frame" | "cell"; readonly after: number };
  /** The nth live object is mapped on a CPU. */
  map: {
    readonly nth: number;
    readonly mode: MapMode;
    readonly cpu: number;
  };
  /** The nth mapped object is written as it is mapped. */
  writeMapped: { readonly nth: number; readonly seed: number };
  /** The nth mapped object is unmapped. */
  unmap: { readonly nth: number };
  /** The pool is compacted, and every object read. */
  compact: Record<never, never>;
  /**
   * The pool is compacted, and objects of `size` bytes come and others go
   * wherever the kernel drops its lock.
   */
  compactAround: { readonly size: number; readonly nth: number };
  /** Memory pressure compacts the pool. */
  shrink: Record<never, never>;
  /** The frame where the nth live object starts is replaced. */
  migrate: { readonly nth: number };
}

/** A program of `zsmallocMachine`: a JSON value. */
export interface ZsmallocProgram {
  /** The kernel. */
  readonly profile: ProfileChoice;
  /** Whether objects are mapped by page table, where they could be copied. */
  readonly isPageTable: boolean;
  /** The most frames there are; `null` for no limit. */
  readonly maxPages: number | null;
  /** The operations, run one after another. */
  readonly steps: readonly StepOf<ZsmallocSteps>[];
}

/** Random steps; sizes are numbers of one of a few. */
function anyStep(fc: FastCheck): Arbitrary<StepOf<ZsmallocSteps>> {
  const nth = fc.nat(1000);
  const seed = fc.nat(1000);
  const size = fc.nat(2);
  const often = <Value>(weight: number, arbitrary: Arbitrary<Value>) => ({
    weight,
    arbitrary,
  });
  // Objects must come and go for a while before there is much to compact.
  return fc.oneof(
    often(
      4,
      step(fc, "malloc", {
        size,
        count: fc.integer({ min: 1, max: 60 }),
        seed,
      }),
    ),
    often(
      5,
      step(fc, "free", {
        nths: fc.array(nth, { minLength: 1, maxLength: 40, size: "max" }),
      }),
    ),
    often(1, step(fc, "write", { nth, seed })),
    often(1, step(fc, "read", {})),
    often(
      1,
      step(fc, "fail", {
        what: fc.constantFrom("frame", "cell"),
        after: fc.nat(20),
      }),
    ),
    often(
      1,
      step(fc, "map", {
        nth,
        mode: fc.constantFrom<MapMode>("read-only", "read-write", "write-only"),
        cpu: fc.nat(3),
      }),
    ),
    often(1, step(fc, "writeMapped", { nth, seed })),
    often(2, step(fc, "unmap", { nth })),
    often(2, step(fc, "compact", {})),
    often(1, step(fc, "compactAround", { size, nth })),
    often(1, step(fc, "shrink", {})),
    often(1, step(fc, "migrate", { nth })),
  );
}

/** Programs over few sizes, so that zspages fill, empty and compact. */
export function zsmallocPrograms(fc: FastCheck): Arbitrary<ZsmallocProgram> {
  const size = fc.oneof(
    plain(fc, { bytes: fc.integer({ min: 1, max: 65536 }) }),
    plain(fc, { filling: fc.nat(255) }),
  );
  return plain(fc, {
    profile: profileChoices(fc),
    isPageTable: fc.boolean(),
    maxPages: fc.constantFrom(8, 64, null),
    sizes: fc.array(size, { minLength: 1, maxLength: 3 }),
    steps: fc.array(anyStep(fc), { maxLength: 40, size: "max" }),
  }).map(({ sizes, steps, ...rest }) => {
    const bytes = sizes.map((one) => sizeIn(rest.profile, one));
    return {
      ...rest,
      steps: steps.map((one) =>
        "size" in one ? { ...one, size: bytes[one.size % bytes.length] } : one
      ),
    };
  });
}

/** Bytes of an object: any number, or as many as fill a chunk to its end. */
function sizeIn(
  choice: ProfileChoice,
  size: { bytes: number } | { filling: number },
): number {
  // The page size divides 65,536, so that the largest stays the largest.
  if ("bytes" in size) return 1 + (size.bytes - 1) % choice.pageSize;
  const { classes, handleSize } = zsGeometry(chosenProfile(choice));
  return classes[size.filling % classes.length].size - handleSize;
}
