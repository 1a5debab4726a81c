/** How programs write bytes: as transcripts do, or as what they are made from. */
import { STATED_LENGTHS } from "../codec/stated.ts";
import { type Contents, expandContents } from "./contents.ts";
import {
  base64,
  type Json,
  matching,
  object,
  positive,
  whole,
} from "./fields.ts";
import { fillPageData, type PageData } from "./page_data.ts";

/** Bytes as a small JSON value: a transcript's forms, or contents. */
export type Bytes =
  | Exclude<PageData, { readonly b64: Uint8Array }>
  | { readonly b64: string }
  | Weyl
  | Contents;

/**
 * The words of a Weyl sequence, 32 bits each, from a seed: bytes that cost next
 * to nothing to make, no two words of them alike.
 */
export interface Weyl {
  /** The seed, from 0 to 2^32 - 1. */
  readonly weyl: number;
}

/** A transcript's page as programs write it. */
export function pageBytes(data: PageData): Bytes {
  return "b64" in data ? { b64: data.b64.toBase64() } : data;
}

/** The `length` bytes that `bytes` stands for. */
export function expandBytes(
  bytes: Bytes,
  length: number,
): Uint8Array<ArrayBuffer> {
  if ("kind" in bytes) return expandContents(bytes, length);
  const into = new Uint8Array(length);
  if ("weyl" in bytes) {
    fillWeyl(into, bytes.weyl);
  } else if ("b64" in bytes) {
    into.set(Uint8Array.fromBase64(bytes.b64).subarray(0, length));
  } else if ("word" in bytes) {
    fillPageData(into, bytes);
  } else {
    const { xorshift } = bytes;
    fillPageData(into, { xorshift, bytes: Math.min(bytes.bytes, length) });
  }
  return into;
}

/** An odd step: 2^32 divided by the golden ratio. */
const WEYL_STEP = 0x9e3779b9;

/** Fills `into` with the bytes of {@linkcode Weyl}. */
export function fillWeyl(into: Uint8Array, seed: number): void {
  let word = Math.imul(seed ^ seed >>> 15, 0x2c1b3c6d);
  const isAligned = into.byteOffset % 4 === 0;
  const whole = isAligned ? into.length >>> 2 : 0;
  const words = new Uint32Array(
    into.buffer,
    isAligned ? into.byteOffset : 0,
    whole,
  );
  for (let at = 0; at < whole; at++) {
    word = word + WEYL_STEP | 0;
    words[at] = word;
  }
  for (let at = 4 * whole; at < into.length; at++) {
    if (at % 4 === 0) word = word + WEYL_STEP | 0;
    into[at] = word >>> 8 * (at % 4);
  }
}

/** Simpler bytes that could take the place of these. */
export function simplerBytes(bytes: Bytes): readonly Bytes[] {
  if ("word" in bytes) return [];
  const word = { word: "0101010101010101" };
  if ("weyl" in bytes) {
    return bytes.weyl === 1 ? [word] : [word, { weyl: 1 }];
  }
  if ("kind" in bytes && bytes.kind === "stated") {
    return [word, ...simplerStated(bytes)];
  }
  if (!("xorshift" in bytes)) return [word, { xorshift: 1, bytes: 65536 }];
  const { xorshift } = bytes;
  return xorshift === 1 ? [word] : [word, { ...bytes, xorshift: 1 }];
}

/** One length for all priorities, and no seed. */
function simplerStated(
  stated: Extract<Contents, { kind: "stated" }>,
): readonly Bytes[] {
  const { lengths, seed } = stated;
  const alike = [...new Set(lengths)]
    .filter(() => lengths.length > 1)
    .map((length) => ({ ...stated, lengths: [length] }));
  return seed === 0 ? alike : [...alike, { ...stated, seed: 0 }];
}

/** Whether a value is a list of whole numbers, not an empty one. */
function isList(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((one) => Number.isInteger(one));
}

/** Whether a JSON object is one that {@linkcode expandBytes} takes. */
function isBytes(json: Json): json is Json & Bytes {
  const isWhole = (name: string) => whole(json[name]) !== undefined;
  switch (Object.keys(json).sort().join()) {
    case "word":
      return matching(/^([0-9a-f]{8}){1,2}$/)(json.word) !== undefined;
    case "weyl":
      return isWhole("weyl");
    case "bytes,xorshift":
      return isWhole("bytes") && isWhole("xorshift");
    case "b64":
      return base64(json.b64) !== undefined;
    case "bytes,kind":
      return json.kind === "repeated" && isList(json.bytes);
    case "bytes,kind,last":
      return json.kind === "almost" && isList(json.bytes) && isWhole("last");
    case "kind,seed,symbols":
      return json.kind === "symbols" && isWhole("seed") && isWhole("symbols");
    case "at,kind,noise,period,random,seed":
      return json.kind === "mixed" && positive(json.period) !== undefined &&
        ["at", "noise", "random", "seed"].every(isWhole);
    case "block,distance,kind,seed":
      return json.kind === "far" && isWhole("block") &&
        positive(json.distance) !== undefined && isWhole("seed");
    case "kind,lengths,seed":
      return json.kind === "stated" && isList(json.lengths) &&
        json.lengths.length <= STATED_LENGTHS &&
        json.lengths.every((one) => positive(one) !== undefined) &&
        isWhole("seed");
    default:
      return false;
  }
}

/** Bytes in one of their forms. */
export function bytes(value: unknown): Bytes | undefined {
  const json = object(value);
  return json !== undefined && isBytes(json) ? json : undefined;
}
