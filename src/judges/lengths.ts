/** How long pages become, as far as judges know. */
import { Buffer } from "node:buffer";
import type { Codec } from "../codec/codec.ts";
import {
  fillStated,
  STATED_LENGTHS,
  STATEMENT_BYTES,
} from "../codec/stated.ts";
import type { ZcompParams } from "../linux/zcomp_params.ts";
import type { Bytes } from "../programs/bytes.ts";

/** What is known of a page and of what compresses it, beside its bytes. */
export interface Compressing {
  /** The algorithm. */
  readonly algorithm: string;
  /** What it was told, where it was told anything. */
  readonly params?: ZcompParams;
  /** What the page was made from, where it was made at once. */
  readonly data?: Bytes;
}

/**
 * How many bytes an algorithm makes of a page, where that is known: none where
 * it fails.
 */
export type LengthOf = (
  bytes: Uint8Array,
  compressing: Compressing,
) => number | undefined;

/** Of no page it is known. */
export const UNKNOWN_LENGTHS: LengthOf = (): undefined => undefined;

/** A codec as parameters make it, made once for each. */
function oncePerParams(codec: Codec): (params?: ZcompParams) => Codec {
  const made = new WeakMap<ZcompParams, Codec>();
  return (params) => {
    if (params === undefined || codec.withParams === undefined) return codec;
    const told = made.get(params) ?? codec.withParams(params);
    made.set(params, told);
    return told;
  };
}

/** What the codecs make of pages; those of which there is none are not known. */
export function codecLengths(codecs: readonly Codec[]): LengthOf {
  const byName = new Map(
    codecs.map((codec) => [codec.name, oncePerParams(codec)]),
  );
  let into = new Uint8Array(0);
  return (bytes, compressing) => {
    if (into.length < 2 * bytes.length) into = new Uint8Array(2 * bytes.length);
    const { algorithm, params } = compressing;
    return byName.get(algorithm)?.(params).compress(bytes, into);
  };
}

/** What pages state, for algorithms in the order in which they state lengths. */
export function statedLengths(algorithms: readonly string[]): LengthOf {
  let again = new Uint8Array(0);
  return (bytes, { algorithm, data }) => {
    const nth = algorithms.indexOf(algorithm) % STATED_LENGTHS;
    const stated = data === undefined ? undefined : statementOf(data);
    if (stated !== undefined) return valid(stated, nth, bytes.length);
    const read = readStatement(bytes);
    if (again.length !== bytes.length) again = new Uint8Array(bytes.length);
    fillStated(again, read.lengths, read.seed);
    const isWhole = Buffer.compare(again, bytes) === 0;
    return isWhole ? valid(read, nth, bytes.length) : bytes.length + 1;
  };
}

/** What a page states. */
interface Statement {
  readonly lengths: readonly number[];
  readonly seed: number;
}

function statementOf(data: Bytes): Statement | undefined {
  return "kind" in data && data.kind === "stated" ? data : undefined;
}

/** The words in which a page states lengths, whatever it is. */
function readStatement(bytes: Uint8Array): Statement {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const lengths = Array.from(
    { length: STATED_LENGTHS },
    (_, nth) => view.getUint32(8 + 4 * nth, true),
  );
  return { lengths, seed: view.getUint32(0, true) };
}

/** The length that is stated, or one more than the page where it states none. */
function valid(
  { lengths, seed }: Statement,
  nth: number,
  pageSize: number,
): number {
  const length = lengths[Math.min(nth, lengths.length - 1)];
  const isShort = length < STATEMENT_BYTES;
  const isRight = !isShort ||
    (length > 0 && seed < 256 && lengths.every((one) => one === length));
  return isRight && length <= pageSize ? length : pageSize + 1;
}
