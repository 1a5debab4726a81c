/** The programs of zswap's state machine, and random ones. */
import type { ZswapParameter } from "../linux/zswap_profile.ts";
import { anyContents, type Contents } from "../programs/contents.ts";
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";
import { plain, step, type StepOf } from "./steps.ts";
import { type SwapKernel, swapKernels } from "./swap_kernels.ts";

/** A slot: the swap type, 0 or 1, and the offset. */
export interface SlotChoice {
  /** The swap type. */
  readonly type: number;
  /** The offset. */
  readonly offset: number;
}

/** The operations of {@linkcode zswapMachine} and their fields. */
export interface ZswapSteps {
  /** A folio of one page or more is stored. */
  store: SlotChoice & { readonly pages: readonly Contents[] };
  /** A page is loaded, into the swap cache or past it. */
  load: SlotChoice & { readonly toSwapCache: boolean };
  /** A slot is free. */
  invalidate: SlotChoice;
  /** The worker runs, if it was queued. */
  work: Record<never, never>;
  /** The shrinker counts, and looks at `nr` entries. */
  scan: { readonly nr: number };
  /** A slot's page comes into the swap cache or leaves it; frames run out. */
  cache: SlotChoice & { readonly state: "cached" | "no-memory" | "free" };
  /** A module parameter is written. */
  parameter: { readonly name: string; readonly text: string };
  /** A swap type is swapped off and on again. */
  swapoff: { readonly type: number };
}

/** A program of {@linkcode zswapMachine}: a JSON value. */
export interface ZswapProgram {
  /** The kernel and the allocator. */
  readonly kernel: SwapKernel;
  /** `totalram_pages`. */
  readonly totalRam: number;
  /** Whether pages are written back. */
  readonly writeback: boolean;
  /**
   * What fails: each how-manieth allocation of an entry or a node, which the
   * second model counts too; or memory, of which it does not know when.
   */
  readonly fails:
    | { readonly what: "nothing" }
    | { readonly what: "entries"; readonly each: number }
    | {
      readonly what: "memory";
      readonly pages: number;
      readonly each: number;
    };
  /** The operations, run one after another. */
  readonly steps: readonly StepOf<ZswapSteps>[];
}

/** Texts for parameters: those that make it full, and those that do not. */
const PARAMETER_TEXTS: readonly (readonly [
  ZswapParameter,
  readonly string[],
])[] = [
  ["enabled", ["Y", "Y", "N"]],
  ["compressor", ["lzo", "lz4", "zstd", "deflate"]],
  ["zpool", ["zbud", "z3fold", "zsmalloc", "slub"]],
  ["max_pool_percent", ["0", "20", "50", "100"]],
  ["accept_threshold_percent", ["0", "50", "90", "100"]],
  ["same_filled_pages_enabled", ["Y", "N"]],
  ["non_same_filled_pages_enabled", ["Y", "Y", "N"]],
  ["shrinker_enabled", ["Y", "Y", "N"]],
];

/** Random programs of zswap's machine. */
export function zswapPrograms(fc: FastCheck): Arbitrary<ZswapProgram> {
  const slot = { type: fc.nat(1), offset: fc.nat(11) };
  const contents = anyContents(fc);
  const single = fc.array(contents, { minLength: 1, maxLength: 1 });
  const folio = fc.array(contents, { minLength: 2, maxLength: 4 });
  const parameter = fc.constantFrom(...PARAMETER_TEXTS).chain(
    ([name, texts]) =>
      step(fc, "parameter", {
        name: fc.constant(name),
        text: fc.constantFrom(...texts),
      }),
  );
  const steps = fc.oneof(
    { weight: 8, arbitrary: step(fc, "store", { ...slot, pages: single }) },
    { weight: 1, arbitrary: step(fc, "store", { ...slot, pages: folio }) },
    {
      weight: 2,
      arbitrary: step(fc, "load", { ...slot, toSwapCache: fc.boolean() }),
    },
    { weight: 1, arbitrary: step(fc, "invalidate", slot) },
    { weight: 4, arbitrary: step(fc, "work", {}) },
    { weight: 2, arbitrary: step(fc, "scan", { nr: fc.nat(12) }) },
    {
      weight: 2,
      arbitrary: step(fc, "cache", {
        ...slot,
        state: fc.constantFrom("cached", "no-memory", "free"),
      }),
    },
    { weight: 2, arbitrary: parameter },
    { weight: 1, arbitrary: step(fc, "swapoff", { type: fc.nat(1) }) },
  );
  return plain(fc, {
    kernel: swapKernels(fc),
    totalRam: fc.constantFrom(10, 20, 40, 200),
    writeback: fc.constantFrom(true, true, true, false),
    fails: fc.constantFrom<ZswapProgram["fails"]>(
      { what: "nothing" },
      { what: "entries", each: 4 },
      { what: "entries", each: 7 },
      { what: "memory", pages: 6, each: 9 },
    ),
    steps: fc.array<StepOf<ZswapSteps>>(steps, { maxLength: 60, size: "max" }),
  });
}
