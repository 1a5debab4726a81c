/** Recordings of devices as programs, and what was observed after each step. */
import type { Profile } from "../../linux/profile.ts";
import { headerProfile } from "../header_profile.ts";
import { type Recording, recordingOf } from "../recording.ts";
import { TranscriptError } from "../transcript_fields.ts";
import { shownConfiguration } from "./shown_configuration.ts";
import type { ZramOperation, ZramTranscript } from "../transcript_zram.ts";
import { ZRAM_GRAMMAR } from "./language.ts";
import type { ZramStep } from "./steps.ts";

/** A program, and what was observed when a device ran it. */
export type ZramRecording = Recording<ZramStep, ZramOperation>;

/**
 * Seconds that a recorded system was up before: a recording does not say. It is
 * more than any age that its pages have, and less than one that none has.
 */
const RECORDED_UPTIME = 86_400;

/**
 * The program of a transcript. Throws a {@linkcode TranscriptError} for a
 * header whose kernel is not known, or is one that Linux cannot be built as.
 */
export function zramRecording(
  { header, operations }: ZramTranscript,
): ZramRecording {
  const { pageSize, wordBits, chainSize, backingPages, files } = header;
  const create: ZramStep = {
    op: "create",
    pageSize,
    wordBits,
    chainSize,
    uptime: RECORDED_UPTIME,
    backingPages,
    files,
  };
  const profile = zramProfile({ header, operations });
  return recordingOf(ZRAM_GRAMMAR, profile, create, operations);
}

/**
 * The kernel of a transcript: its header's, with what the operations show of
 * the configuration. It must write back where a device is there to.
 */
export function zramProfile({ header, operations }: ZramTranscript): Profile {
  const profile = shownConfiguration(headerProfile(header), operations);
  if (header.backingPages !== undefined && !profile.zram.writeback) {
    throw new TranscriptError(
      1,
      `the field 'backingPages' is there, but ${profile.name} has no writeback`,
    );
  }
  return profile;
}
