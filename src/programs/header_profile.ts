/** The kernel that a transcript's header names. */
import { type Profile, profileNamed, PROFILES } from "../linux/profile.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";
import { type HeaderFields, TranscriptError } from "./transcript_fields.ts";

/**
 * The profile that a header names, with the header's own geometry. Throws a
 * {@linkcode TranscriptError} where none has its name, and for a kernel that
 * Linux cannot be built as.
 */
export function headerProfile(header: HeaderFields): Profile {
  const { profile: name, pageSize, wordBits, chainSize } = header;
  const named = profileNamed(name);
  if (named === undefined) {
    throw new TranscriptError(
      1,
      `unknown profile '${name}', not ${
        PROFILES.map((one) => one.name).join(" or ")
      }`,
    );
  }
  const profile = { ...named, pageSize, wordBits, chainSize };
  try {
    zsGeometry(profile);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TranscriptError(1, error.message);
  }
  return profile;
}
