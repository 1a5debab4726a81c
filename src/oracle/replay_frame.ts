/** What every replay needs: observations compared, and the header's profile. */
import { crc32 } from "node:zlib";
import { KERNEL_CODECS } from "../codec/codecs.ts";
import { type Profile, profileNamed, PROFILES } from "../linux/profile.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";
import {
  type HeaderFields,
  TranscriptError,
} from "../programs/transcript_fields.ts";

/** One observation that is not the model's. */
export interface Difference {
  /** What was observed. */
  readonly what: string;
  /** The transcript's value. */
  readonly observed: string;
  /** The model's value. */
  readonly expected: string;
}

/** Compares what was observed with what the model shows. */
export class Comparison {
  /** Observations that were compared. */
  observations = 0;
  #differences: Difference[] = [];

  /** Compares one observation. */
  same(what: string, observed: unknown, expected: unknown): void {
    this.observations++;
    if (observed === expected) return;
    const show = (value: unknown) =>
      typeof value === "string" && /\s/.test(value)
        ? JSON.stringify(value)
        : String(value);
    this.#differences.push({
      what,
      observed: show(observed),
      expected: show(expected),
    });
  }

  /** Compares the error of an operation, or that it had none. */
  errno(observed: string | undefined, expected: string | undefined): void {
    this.same("errno", observed ?? "none", expected ?? "none");
  }

  /** The differences since they were last asked for. */
  takeDifferences(): readonly Difference[] {
    const differences = this.#differences;
    this.#differences = [];
    return differences;
  }
}

/** CRC-32 of a page, as transcripts write it. */
export function checksum(page: Uint8Array): string {
  return crc32(page).toString(16).padStart(8, "0");
}

/** The first algorithm whose lengths the model does not compute as the kernel. */
export function withoutEncoder(names: readonly string[]): string | undefined {
  return names.find((name) =>
    !KERNEL_CODECS.some((codec) => codec.name === name)
  );
}

/** That lengths cannot be computed: there is no encoder of that name. */
export function noEncoder(name: string): TranscriptError {
  const known = KERNEL_CODECS.map((codec) => codec.name).join(", ");
  return new TranscriptError(
    1,
    `its sizes cannot be computed: there is no encoder that equals the kernel's '${name}', only ${known}`,
  );
}

/** The profile that a header names, with the header's own geometry. */
export function profileOf(header: HeaderFields): Profile {
  const named = profileNamed(header.profile);
  if (named === undefined) {
    throw new TranscriptError(
      1,
      `unknown profile '${header.profile}', not ${
        PROFILES.map(({ name }) => name).join(" or ")
      }`,
    );
  }
  const { pageSize, wordBits, chainSize } = header;
  const profile = { ...named, pageSize, wordBits, chainSize };
  try {
    zsGeometry(profile);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TranscriptError(1, error.message);
  }
  return profile;
}
