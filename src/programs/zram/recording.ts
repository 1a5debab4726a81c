/** Recordings of devices as programs, and what was observed after each step. */
import type { Profile } from "../../linux/profile.ts";
import { pageBytes } from "../bytes.ts";
import { headerProfile } from "../header_profile.ts";
import type { Program } from "../program.ts";
import { TranscriptError } from "../transcript_fields.ts";
import type {
  ZramHeader,
  ZramOperation,
  ZramTranscript,
} from "../transcript_zram.ts";
import type { ZramStep } from "./steps.ts";

/** A program, and what was observed when a device ran it. */
export interface ZramRecording {
  /** Its first step makes the device of the header. */
  readonly program: Program<ZramStep>;
  /** The operations: the first is that of the second step. */
  readonly operations: readonly ZramOperation[];
}

/**
 * The program of a transcript. Throws a {@linkcode TranscriptError} for a
 * header whose kernel is not known, or is one that Linux cannot be built as.
 */
export function zramRecording(
  { header, operations }: ZramTranscript,
): ZramRecording {
  const { pageSize, wordBits, chainSize, backingPages } = header;
  const create: ZramStep = {
    op: "create",
    pageSize,
    wordBits,
    chainSize,
    ...(backingPages === undefined ? {} : { backingPages }),
  };
  const steps = [create, ...operations.map(stepOf)];
  return { program: { profile: zramHeaderProfile(header), steps }, operations };
}

/** The profile of a header, which must write back where a device is there to. */
export function zramHeaderProfile(header: ZramHeader): Profile {
  const profile = headerProfile(header);
  if (header.backingPages !== undefined && !profile.zram.writeback) {
    throw new TranscriptError(
      1,
      `the field 'backingPages' is there, but ${profile.name} has no writeback`,
    );
  }
  return profile;
}

/** An operation without what was observed. */
function stepOf(operation: ZramOperation): ZramStep {
  switch (operation.op) {
    case "set":
      return {
        op: "set",
        attr: operation.attr,
        value: operation.value,
      };
    case "get":
      return { op: "get", attr: operation.attr };
    case "write":
      return {
        op: "write",
        page: operation.page,
        data: pageBytes(operation.data),
      };
    case "read":
      return { op: "read", page: operation.page };
    case "discard": {
      const { page, pages } = operation;
      return { op: "discard", page, pages };
    }
    case "block_state":
      return { op: "block_state" };
    case "wait":
      return { op: "wait", seconds: operation.seconds };
  }
}
