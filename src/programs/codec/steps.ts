/** The steps of programs for a compression algorithm, and what they are answered. */
import type { Bytes } from "../bytes.ts";
import type { StepOf } from "../program.ts";

/** Who compresses: what differs between them is how each calls `zstd`. */
export type CodecUser = "zram" | "zswap";

/** An algorithm, and what it is told. */
export interface CodecCreate {
  /** Who has it. */
  readonly user: CodecUser;
  /** Its name, as `comp_algorithm` lists it. */
  readonly algorithm: string;
  /** Bytes of a page. */
  readonly pageSize: number;
  /** How hard it tries; of lz4, how little. */
  readonly level?: number;
  /** How far back deflate looks, as a power of two; below zero without a header. */
  readonly winbits?: number;
  /** What pages are likely to hold. */
  readonly dict?: CodecDict;
}

/** A dictionary. */
export interface CodecDict {
  /** How long it is. */
  readonly bytes: number;
  /** What is in it. */
  readonly data: Bytes;
}

/** The operations and their fields. */
export interface CodecSteps {
  /** The algorithm is set up. */
  create: CodecCreate;
  /** A page is compressed, and what came of it decompressed. */
  compress: { readonly data: Bytes };
  /**
   * A page is compressed, the byte at `at`, modulo the length, exclusive-ored
   * with `xor`, and what came of it decompressed.
   */
  damage: { readonly data: Bytes; readonly at: number; readonly xor: number };
}

/** One step. */
export type CodecStep = StepOf<CodecSteps>;

/** Compressed bytes, and the page that they make: nothing where they are refused. */
export interface Coded {
  /** The compressed bytes. */
  readonly compressed: Uint8Array;
  /** The page. */
  readonly back: Uint8Array | undefined;
}

/** What each operation is answered, where it does not fail. */
export interface CodecResults {
  /** It was set up. */
  create: null;
  /** What came of the page. */
  compress: Coded;
  /** What came of the damaged bytes. */
  damage: Coded;
}
