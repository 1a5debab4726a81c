/** What programs write to pages: a few numbers that stand for all the bytes. */
import { fillStated } from "../codec/stated.ts";
import { randomFrom } from "./random.ts";

/** Where the first of two blocks stands that are far apart. */
const FAR_FROM = 64;
/** Bytes behind the second that are others than behind the first. */
const OTHERS = 3;

/** Bytes as a small JSON value, for {@linkcode expandContents}. */
export type Contents =
  /** Some bytes over and over: one word or none of a kind. */
  | { readonly kind: "repeated"; readonly bytes: readonly number[] }
  /** Random ones of so many symbols, from 1 to 256: 16 compress to half. */
  | {
    readonly kind: "symbols";
    readonly symbols: number;
    readonly seed: number;
  }
  /**
   * `period` random bytes over and over; random ones up to `random` per mille
   * of the length; `noise` more of them from `at` per mille on.
   */
  | {
    readonly kind: "mixed";
    readonly period: number;
    readonly random: number;
    readonly noise: number;
    readonly at: number;
    readonly seed: number;
  }
  /** Some bytes over and over, but for the `last` ones, which are others. */
  | {
    readonly kind: "almost";
    readonly bytes: readonly number[];
    readonly last: number;
  }
  /**
   * One byte over and over, and twice, so far apart, a block of random ones;
   * behind the second stand three others, so that both are alike no further,
   * and LZO has as many literals there as the bits of an instruction hold.
   */
  | {
    readonly kind: "far";
    readonly block: number;
    readonly distance: number;
    readonly seed: number;
  }
  /** What states the lengths to which `statedCodecs` compress it. */
  | {
    readonly kind: "stated";
    readonly lengths: readonly number[];
    readonly seed: number;
  };

/** What {@linkcode Contents} of one kind say. */
type Of<Kind extends Contents["kind"]> = Extract<Contents, { kind: Kind }>;

/** How the bytes of each kind are made. */
const FILL: {
  readonly [Kind in Contents["kind"]]: (
    bytes: Uint8Array,
    contents: Of<Kind>,
  ) => void;
} = {
  repeated: (bytes, contents) => repeat(bytes, contents.bytes),
  symbols(bytes, { symbols, seed }) {
    const random = randomFrom(seed);
    fill(bytes, () => random(symbols));
  },
  mixed: fillMixed,
  almost(bytes, contents) {
    repeat(bytes, contents.bytes);
    const from = Math.max(0, bytes.length - contents.last);
    for (let at = from; at < bytes.length; at++) bytes[at] ^= 0xff;
  },
  far: fillFar,
  stated: (bytes, { lengths, seed }) => fillStated(bytes, lengths, seed),
};

/**
 * The `length` bytes that `contents` stands for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { expandContents } from "zspec";
 *
 * const bytes = expandContents({ kind: "repeated", bytes: [1, 2] }, 5);
 * assertEquals(bytes, Uint8Array.of(1, 2, 1, 2, 1));
 * ```
 */
export function expandContents(
  contents: Contents,
  length: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  // Each kind's entry takes contents of that kind.
  FILL[contents.kind](bytes, contents as never);
  return bytes;
}

function fillMixed(bytes: Uint8Array, contents: Of<"mixed">): void {
  const { length } = bytes;
  const { period, noise } = contents;
  const random = randomFrom(contents.seed);
  const byte = () => random(256);
  repeat(bytes, Array.from({ length: period }, byte));
  fill(bytes.subarray(0, length * contents.random / 1000), byte);
  const at = Math.floor(length * contents.at / 1000);
  fill(bytes.subarray(at, at + noise), byte);
}

function fillFar(bytes: Uint8Array, contents: Of<"far">): void {
  const { block, distance } = contents;
  const random = randomFrom(contents.seed);
  const byte = () => random(256);
  bytes.fill(byte());
  const first = bytes.subarray(FAR_FROM, FAR_FROM + block);
  fill(first, byte);
  const second = bytes.subarray(FAR_FROM + distance);
  second.set(first.subarray(0, second.length));
  const behind = second.subarray(block, block + OTHERS);
  behind.forEach((byte, nth) => behind[nth] = byte ^ 0xff);
}

function repeat(bytes: Uint8Array, word: readonly number[]): void {
  for (let at = 0; at < bytes.length; at++) bytes[at] = word[at % word.length];
}

function fill(bytes: Uint8Array, next: () => number): void {
  for (let at = 0; at < bytes.length; at++) bytes[at] = next();
}
