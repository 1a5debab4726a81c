/** The kernel that a transcript's header names. */
import { describedProfile } from "../linux/description.ts";
import type { Profile } from "../linux/profile.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";
import { type HeaderFields, TranscriptError } from "./transcript_fields.ts";

/**
 * The profile that a header describes, with the header's own geometry. Throws a
 * {@linkcode TranscriptError} where it describes none, and for a kernel that
 * Linux cannot be built as.
 */
export function headerProfile(header: HeaderFields): Profile {
  const { profile: name, pageSize, wordBits, chainSize } = header;
  try {
    const profile = {
      ...describedProfile(name),
      pageSize,
      wordBits,
      chainSize,
    };
    zsGeometry(profile);
    return profile;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TranscriptError(1, error.message);
  }
}
