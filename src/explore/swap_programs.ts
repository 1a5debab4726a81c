/** The programs of the swap path's state machine, and random ones. */
import { anyContents, type Contents } from "../programs/contents.ts";
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";
import { plain, step, type StepOf } from "./steps.ts";
import { type SwapKernel, swapKernels } from "./swap_kernels.ts";

/** A page of one of two processes. */
export interface PageChoice {
  /** The process. */
  readonly process: number;
  /** The page's number. */
  readonly number: number;
}

/** The operations of {@linkcode swapMachine} and their fields. */
export interface SwapSteps {
  /** A process writes a page. */
  write: PageChoice & { readonly contents: Contents };
  /** A process reads a page. */
  read: PageChoice;
  /** A page is swapped out, and the worker runs. */
  swapOut: PageChoice;
  /** Every page of a process is swapped out. */
  swapOutAll: { readonly process: number };
  /** A page is swapped out, and written before its writeback is at its end. */
  writeUnderWriteback: PageChoice & { readonly contents: Contents };
  /** A process gives a page back. */
  free: PageChoice;
  /** A process ends. */
  exit: { readonly process: number };
  /** zswap's shrinker looks at `nr` entries. */
  shrink: { readonly nr: number };
  /** zram writes idle or incompressible pages back to its own device. */
  zramWriteback: { readonly type: "idle" | "huge" };
  /** The first device is swapped off, and on again behind the others. */
  swapoff: Record<never, never>;
}

/** What is below the swap path. */
export type SwapBelow =
  /** Pages go to the device, through zswap or not. */
  | "disk"
  | "zswap-disk"
  /** The same with a device as fast as memory. */
  | "zswap-ram-disk"
  /** zswap alone, on a device of a size and nothing else. */
  | "zswap-pseudo"
  /** zram, without and with a device of its own. */
  | "zram"
  | "zram-backing";

/** A program of {@linkcode swapMachine}: a JSON value. */
export interface SwapProgram {
  /** The kernel and zswap's allocator. */
  readonly kernel: SwapKernel;
  /** What keeps pages that are swapped out. */
  readonly below: SwapBelow;
  /** Slots of each of two devices. */
  readonly slots: number;
  /** The most frames there are; `null` for no limit. */
  readonly frames: number | null;
  /** Pages that zswap's pools, or zram's, may have. */
  readonly poolPages: number;
  /** Each how-manieth request to a device fails; 0 for none. */
  readonly failWrites: number;
  /** Likewise, to read. */
  readonly failReads: number;
  /** Likewise, each allocation of a frame or of zswap's structures. */
  readonly failAllocations: number;
  /** The operations, run one after another. */
  readonly steps: readonly StepOf<SwapSteps>[];
}

/** Random programs of the swap path's machine. */
export function swapPrograms(fc: FastCheck): Arbitrary<SwapProgram> {
  const page = { process: fc.nat(1), number: fc.nat(14) };
  const contents = anyContents(fc);
  const steps = fc.oneof(
    { weight: 6, arbitrary: step(fc, "write", { ...page, contents }) },
    { weight: 5, arbitrary: step(fc, "read", page) },
    { weight: 5, arbitrary: step(fc, "swapOut", page) },
    {
      weight: 3,
      arbitrary: step(fc, "swapOutAll", { process: fc.nat(1) }),
    },
    {
      weight: 2,
      arbitrary: step(fc, "writeUnderWriteback", { ...page, contents }),
    },
    { weight: 1, arbitrary: step(fc, "free", page) },
    { weight: 1, arbitrary: step(fc, "exit", { process: fc.nat(1) }) },
    { weight: 1, arbitrary: step(fc, "shrink", { nr: fc.nat(10) }) },
    {
      weight: 1,
      arbitrary: step(fc, "zramWriteback", {
        type: fc.constantFrom("idle", "huge"),
      }),
    },
    { weight: 1, arbitrary: step(fc, "swapoff", {}) },
  );
  return plain(fc, {
    kernel: swapKernels(fc),
    below: fc.constantFrom<SwapBelow>(
      "disk",
      "zswap-disk",
      "zswap-disk",
      "zswap-ram-disk",
      "zswap-ram-disk",
      "zswap-pseudo",
      "zram",
      "zram-backing",
    ),
    slots: fc.constantFrom(6, 40, 40),
    frames: fc.constantFrom(14, 24, null),
    poolPages: fc.constantFrom(3, 12, 60, 60),
    failWrites: fc.constantFrom(0, 0, 2, 5),
    failReads: fc.constantFrom(0, 0, 0, 6),
    failAllocations: fc.constantFrom(0, 0, 5, 9),
    steps: fc.array<StepOf<SwapSteps>>(steps, { maxLength: 60, size: "max" }),
  });
}
