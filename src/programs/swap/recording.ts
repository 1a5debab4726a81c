/** Recordings of a live kernel's process as programs, and what was observed after each step. */
import { pageBytes } from "../bytes.ts";
import { headerProfile } from "../header_profile.ts";
import type { Program } from "../program.ts";
import type { ZswapOperation, ZswapTranscript } from "../transcript_zswap.ts";
import type { SwapStep } from "./steps.ts";

/** A program, and what was observed when a kernel's process ran it. */
export interface SwapRecording {
  /** Its first step makes the machine of the header. */
  readonly program: Program<SwapStep>;
  /** The operations: the first is that of the second step. */
  readonly operations: readonly ZswapOperation[];
}

/**
 * The program of a transcript. Throws a `TranscriptError` for a header whose
 * kernel is not known, or is one that Linux cannot be built as.
 */
export function swapRecording(
  { header, operations }: ZswapTranscript,
): SwapRecording {
  const { pageSize, wordBits, chainSize, totalPages, swapPages } = header;
  const create: SwapStep = {
    op: "create",
    pageSize,
    wordBits,
    chainSize,
    totalPages,
    swapPages,
  };
  const steps = [create, ...operations.map(stepOf)];
  return { program: { profile: headerProfile(header), steps }, operations };
}

/** An operation without what was observed. */
function stepOf(operation: ZswapOperation): SwapStep {
  const { op } = operation;
  switch (op) {
    case "set":
      return { op, attr: operation.attr, value: operation.value };
    case "get":
      return { op, attr: operation.attr };
    case "write":
      return { op, page: operation.page, data: pageBytes(operation.data) };
    case "read":
    case "pageout":
    case "forget":
      return { op, page: operation.page };
  }
}
