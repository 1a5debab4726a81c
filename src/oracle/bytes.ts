/** How programs write bytes: as transcripts do, or as what they are made from. */
import { type Contents, expandContents } from "../explore/contents.ts";
import type { Arbitrary, FastCheck } from "../explore/fast_check.ts";
import { fillPageData, type PageData } from "./page_data.ts";

/** Bytes as a small JSON value: a transcript's forms, or contents. */
export type Bytes =
  | Exclude<PageData, { readonly b64: Uint8Array }>
  | { readonly b64: string }
  | Contents;

/** The `length` bytes that `bytes` stands for. */
export function expandBytes(
  bytes: Bytes,
  length: number,
): Uint8Array<ArrayBuffer> {
  if ("kind" in bytes) return expandContents(bytes, length);
  const into = new Uint8Array(length);
  if ("b64" in bytes) {
    into.set(Uint8Array.fromBase64(bytes.b64).subarray(0, length));
  } else if ("word" in bytes) {
    fillPageData(into, bytes);
  } else {
    const { xorshift } = bytes;
    fillPageData(into, { xorshift, bytes: Math.min(bytes.bytes, length) });
  }
  return into;
}

/** Random bytes for objects: noise, so that each object is like no other. */
export function anyNoise(fc: FastCheck, bytes: number): Arbitrary<Bytes> {
  return fc.integer({ min: 1, max: 9999 })
    .map((xorshift) => ({ xorshift, bytes }));
}

/** Simpler bytes that could take the place of these. */
export function simplerBytes(bytes: Bytes): readonly Bytes[] {
  if ("word" in bytes) return [];
  const word = { word: "0101010101010101" };
  if (!("xorshift" in bytes)) return [word, { xorshift: 1, bytes: 65536 }];
  const { xorshift } = bytes;
  return xorshift === 1 ? [word] : [word, { ...bytes, xorshift: 1 }];
}

/** Whether a JSON value is one that {@linkcode expandBytes} takes. */
export function isBytes(value: unknown): value is Bytes {
  if (typeof value !== "object" || value === null) return false;
  const bytes: Record<string, unknown> = { ...value };
  const isWhole = (name: string) =>
    Number.isSafeInteger(bytes[name]) && Number(bytes[name]) >= 0;
  switch (Object.keys(bytes).sort().join()) {
    case "word":
      return typeof bytes.word === "string" &&
        /^([0-9a-f]{8}){1,2}$/.test(bytes.word);
    case "bytes,xorshift":
      return isWhole("bytes") && isWhole("xorshift");
    case "b64":
      return typeof bytes.b64 === "string" && isBase64(bytes.b64);
    case "bytes,kind":
      return bytes.kind === "repeated" && Array.isArray(bytes.bytes) &&
        bytes.bytes.length > 0 &&
        bytes.bytes.every((one) => Number.isInteger(one));
    case "kind,seed,symbols":
      return bytes.kind === "symbols" && isWhole("seed") && isWhole("symbols");
    case "at,kind,noise,period,random,seed":
      return bytes.kind === "mixed" && isWhole("period") &&
        Number(bytes.period) > 0 &&
        ["at", "noise", "random", "seed"].every(isWhole);
    default:
      return false;
  }
}

function isBase64(text: string): boolean {
  try {
    Uint8Array.fromBase64(text);
    return true;
  } catch {
    return false;
  }
}
