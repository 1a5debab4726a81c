/** What the lines of all transcripts have, and how they are read. */
import { assertText } from "../rules/argument.ts";
import {
  base64,
  brief,
  type Check,
  errno,
  Fields,
  matching,
  object,
  positive,
  whole,
} from "./fields.ts";
import { type Field, field, optional } from "./grammar.ts";
import type { PageData } from "./page_data.ts";

/** What every transcript's first line has: what was observed, and its geometry. */
export interface HeaderFields {
  /** The kernel that was observed, in free text. */
  readonly kernel: string;
  /** The name of the profile that describes it. */
  readonly profile: string;
  /** Bytes per page. */
  readonly pageSize: number;
  /** Bits per `unsigned long`. */
  readonly wordBits: number;
  /** The most pages a zspage chains. */
  readonly chainSize: number;
}

/** What every operation has. */
export interface ObservedFields {
  /** The line of the operation in its file, from 1. */
  readonly line: number;
  /** The error's symbolic name; without it the operation succeeded. */
  readonly errno?: string;
}

/** What is wrong with a line of a transcript. */
export class TranscriptError extends Error {
  /** The error's class, for those who cannot use `instanceof`. */
  override readonly name = "TranscriptError";
  /** The line at fault, from 1. */
  readonly line: number;

  /** `message` says what is wrong and what would be right. */
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** A line's fields; a line that is no JSON object is refused. */
export function parseLine(line: number, source: string): Fields {
  let json: unknown;
  try {
    json = JSON.parse(source);
  } catch {
    throw new TranscriptError(
      line,
      source.trim() === ""
        ? "the line is empty"
        : "the line is not JSON, or was cut off",
    );
  }
  const fields = object(json);
  const doubled = doubledField(source, json);
  if (doubled !== undefined) {
    throw new TranscriptError(line, `the field '${doubled}' is there twice`);
  }
  if (fields !== undefined) {
    return new Fields(fields, (message) => new TranscriptError(line, message));
  }
  throw new TranscriptError(line, `the line is ${brief(json)}, not an object`);
}

/** How many fields a value has, those of what is in it included. */
function countFields(json: unknown): number {
  if (typeof json !== "object" || json === null) return 0;
  const values = Object.values(json);
  const inner = values.reduce((sum, value) => sum + countFields(value), 0);
  return inner + (Array.isArray(json) ? 0 : values.length);
}

/**
 * A field that an object of a line has twice, of which JSON.parse keeps the
 * last: there are more names in the text then than in what it gave.
 */
function doubledField(source: string, json: unknown): string | undefined {
  const names = Array.from(
    source.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?/g),
    ([, name, colon]) => colon === undefined ? undefined : name,
  ).filter((name) => name !== undefined);
  if (names.length === countFields(json)) return undefined;
  return names.find((name, nth) => names.indexOf(name) < nth);
}

/** A text's lines, of which the last has a newline or none; at least one. */
export function linesOf(source: string): string[] {
  assertText("read a transcript", "source", source);
  const lines = source.split("\n");
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) throw new TranscriptError(1, "the file is empty");
  return lines;
}

/** Reads what every header has. */
export function parseHeaderFields(fields: Fields): HeaderFields {
  return {
    kernel: fields.text("kernel"),
    profile: fields.text("profile"),
    pageSize: fields.required("pageSize", positive, "a whole number of bytes"),
    wordBits: fields.required("wordBits", positive, "32 or 64"),
    chainSize: fields.required("chainSize", positive, "a whole number"),
  };
}

function pageDataOf(
  { pageSize, wordBits }: HeaderFields,
): Check<PageData> {
  const word = new RegExp(`^[0-9a-f]{${wordBits / 4}}$`);
  return (value) => {
    const data = object(value);
    if (data === undefined) return undefined;
    const names = Object.keys(data).sort().join();
    if (names === "word") {
      const digits = matching(word)(data.word);
      return digits === undefined ? undefined : { word: digits };
    }
    if (names === "bytes,xorshift") {
      const xorshift = positive(data.xorshift);
      const bytes = whole(data.bytes);
      if (xorshift === undefined || xorshift >= 2 ** 32) return undefined;
      if (bytes === undefined || bytes > pageSize) return undefined;
      return { xorshift, bytes };
    }
    if (names !== "b64") return undefined;
    const b64 = base64(data.b64);
    return b64?.length === pageSize ? { b64 } : undefined;
  };
}

/** The symbolic name of the error, where there was one. */
export const ERRNO: Field<string | undefined> = optional(
  field(errno, "an error's symbolic name"),
);

/** `crc32` of what was read. */
export const CRC32: Field<string> = field(
  matching(/^[0-9a-f]{8}$/),
  "8 hex digits",
);

/** A page of the header's size. */
export function pageField(header: HeaderFields): Field<PageData> {
  return field(
    pageDataOf(header),
    `{"word"}, {"xorshift","bytes"} or {"b64"} of a page of ${header.pageSize} bytes`,
  );
}

/**
 * A result, which is there exactly when the operation succeeded: `errno` is
 * read before it.
 */
export function result<Value>(
  { read, simpler }: Field<Value>,
): Field<Value | undefined> {
  return {
    read(fields, name, before) {
      if (before.errno === undefined) return read(fields, name, before);
      if (!fields.has(name)) return undefined;
      return fields.fail(
        `the field '${name}' is there though the operation failed`,
      );
    },
    simpler,
  };
}
