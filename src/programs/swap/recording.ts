/** Recordings of a live kernel's process as programs, and what was observed after each step. */
import { headerProfile } from "../header_profile.ts";
import { type Recording, recordingOf } from "../recording.ts";
import type { ZswapOperation, ZswapTranscript } from "../transcript_zswap.ts";
import { SWAP_GRAMMAR } from "./language.ts";
import type { SwapStep } from "./steps.ts";

/** A program, and what was observed when a kernel's process ran it. */
export type SwapRecording = Recording<SwapStep, ZswapOperation>;

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
  const profile = headerProfile(header);
  return recordingOf(SWAP_GRAMMAR, profile, create, operations);
}
