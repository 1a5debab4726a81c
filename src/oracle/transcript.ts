/**
 * Transcripts: what one target did, operations in order, each with what was
 * observed after it. One JSON object a line; the first is the header. A reader
 * rejects what it does not know.
 */
import type { PageData } from "./page_data.ts";

/** The first line: what was observed, and with which geometry. */
export interface TranscriptHeader {
  /** What kind of target the operations are for. */
  readonly target: "zram";
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
  /** Pages of the backing device that can be attached as `/dev/loop0`. */
  readonly backingPages?: number;
}

/** What can be observed after any operation. */
export interface Observed {
  /** The line of the operation in its file, from 1. */
  readonly line: number;
  /** The error's symbolic name; without it the operation succeeded. */
  readonly errno?: string;
  /** The nine numbers of `mm_stat`. */
  readonly mm_stat?: readonly number[];
  /** The three numbers of `bd_stat`. */
  readonly bd_stat?: readonly number[];
}

/** One operation and what was observed. */
export type Operation =
  & Observed
  & (
    | { readonly op: "set"; readonly attr: string; readonly value: string }
    | { readonly op: "get"; readonly attr: string; readonly value?: string }
    | {
      readonly op: "write";
      readonly page: number;
      readonly data: PageData;
      readonly stored?: number;
    }
    | { readonly op: "read"; readonly page: number; readonly crc32?: string }
    | { readonly op: "discard"; readonly page: number; readonly pages: number }
    | {
      readonly op: "block_state";
      readonly state?: readonly (readonly [number, string])[];
    }
  );

/** A whole transcript. */
export interface Transcript {
  /** Its first line. */
  readonly header: TranscriptHeader;
  /** The lines after it. */
  readonly operations: readonly Operation[];
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

type Json = Readonly<Record<string, unknown>>;

/** Checks one field's value and returns it as what it should be. */
type Check<Value> = (value: unknown) => Value | undefined;

const text: Check<string> = (value) =>
  typeof value === "string" ? value : undefined;
const whole: Check<number> = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined;
const positive: Check<number> = (value) => whole(value) || undefined;
const matching = (pattern: RegExp): Check<string> => (value) =>
  typeof value === "string" && pattern.test(value) ? value : undefined;
const wholes = (count: number): Check<number[]> => (value) =>
  Array.isArray(value) && value.length === count &&
    value.every((one) => whole(one) !== undefined)
    ? value
    : undefined;

/** A reader of one line's fields; what it was not asked for is refused. */
class Fields {
  readonly #line: number;
  readonly #json: Json;
  readonly #asked = new Set<string>();

  constructor(line: number, json: Json) {
    this.#line = line;
    this.#json = json;
  }

  fail(message: string): never {
    throw new TranscriptError(this.#line, message);
  }

  required<Value>(name: string, check: Check<Value>, right: string): Value {
    const value = this.optional(name, check, right);
    if (value === undefined) this.fail(`the field '${name}' is missing`);
    return value;
  }

  optional<Value>(
    name: string,
    check: Check<Value>,
    right: string,
  ): Value | undefined {
    this.#asked.add(name);
    if (!Object.hasOwn(this.#json, name)) return undefined;
    const found = this.#json[name];
    return check(found) ??
      this.fail(`the field '${name}' is ${brief(found)}, not ${right}`);
  }

  end(): void {
    for (const name of Object.keys(this.#json)) {
      if (!this.#asked.has(name)) this.fail(`unknown field '${name}'`);
    }
  }
}

function brief(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length <= 40 ? json : json.slice(0, 37) + "…";
}

function parseLine(line: number, source: string): Fields {
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
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TranscriptError(
      line,
      `the line is ${brief(json)}, not an object`,
    );
  }
  return new Fields(line, json as Json);
}

const KNOWN_TARGETS = /^zram$/;

function parseHeader(fields: Fields): TranscriptHeader {
  fields.required("zspec", matching(/^transcript\/1$/), `"transcript/1"`);
  fields.required("target", matching(KNOWN_TARGETS), `"zram"`);
  const header: TranscriptHeader = {
    target: "zram",
    kernel: fields.required("kernel", text, "text"),
    profile: fields.required("profile", text, "text"),
    pageSize: fields.required("pageSize", positive, "a whole number of bytes"),
    wordBits: fields.required("wordBits", positive, "32 or 64"),
    chainSize: fields.required("chainSize", positive, "a whole number"),
    backingPages: fields.optional("backingPages", positive, "a whole number"),
  };
  fields.end();
  return header;
}

function parsePageData(header: TranscriptHeader): Check<PageData> {
  const { pageSize, wordBits } = header;
  const word = new RegExp(`^[0-9a-f]{${wordBits / 4}}$`);
  return (value) => {
    if (typeof value !== "object" || value === null) return undefined;
    const data = value as Json;
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
    if (names === "b64" && typeof data.b64 === "string") {
      const b64 = decodeBase64(data.b64);
      return b64?.length === pageSize ? { b64 } : undefined;
    }
    return undefined;
  };
}

function decodeBase64(source: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(source);
  } catch {
    return undefined;
  }
}

const blockState: Check<[number, string][]> = (value) => {
  if (!Array.isArray(value)) return undefined;
  const isRow = (row: unknown) =>
    Array.isArray(row) && row.length === 2 && whole(row[0]) !== undefined &&
    typeof row[1] === "string";
  return value.every(isRow) ? value : undefined;
};

/** The fields of each operation, without what all have. */
function parseOperation(
  fields: Fields,
  header: TranscriptHeader,
  failed: boolean,
) {
  const page = () => fields.required("page", whole, "a whole number from 0 on");
  const attr = () => fields.required("attr", text, "an attribute's name");
  /** A result is there exactly when the operation succeeded. */
  const result = <Value>(name: string, check: Check<Value>, right: string) => {
    const value = failed
      ? fields.optional(name, check, right)
      : fields.required(name, check, right);
    if (failed && value !== undefined) {
      fields.fail(`the field '${name}' is there though the operation failed`);
    }
    return value;
  };
  const op = fields.required("op", text, "text");
  switch (op) {
    case "set":
      return {
        op,
        attr: attr(),
        value: fields.required("value", text, "text"),
      };
    case "get":
      return { op, attr: attr(), value: result("value", text, "text") };
    case "write": {
      const { pageSize } = header;
      const stored: Check<number> = (value) => {
        const bytes = whole(value);
        return bytes !== undefined && bytes <= pageSize ? bytes : undefined;
      };
      return {
        op,
        page: page(),
        data: fields.required(
          "data",
          parsePageData(header),
          `{"word"}, {"xorshift","bytes"} or {"b64"} of a page of ${pageSize} bytes`,
        ),
        stored: result("stored", stored, `a whole number up to ${pageSize}`),
      };
    }
    case "read":
      return {
        op,
        page: page(),
        crc32: result("crc32", matching(/^[0-9a-f]{8}$/), "8 hex digits"),
      };
    case "discard":
      return {
        op,
        page: page(),
        pages: fields.required("pages", positive, "a whole number from 1 on"),
      };
    case "block_state":
      return {
        op,
        state: result("state", blockState, "rows of a page and its flags"),
      };
    default:
      return fields.fail(
        `unknown op '${op}', not set, get, write, read, discard or block_state`,
      );
  }
}

function parseLineOperation(
  line: number,
  source: string,
  header: TranscriptHeader,
): Operation {
  const fields = parseLine(line, source);
  const errno = fields.optional(
    "errno",
    matching(/^E[A-Z0-9]+$/),
    "an error's symbolic name",
  );
  const operation = parseOperation(fields, header, errno !== undefined);
  const observed: Observed = {
    line,
    errno,
    mm_stat: fields.optional("mm_stat", wholes(9), "nine whole numbers"),
    bd_stat: fields.optional("bd_stat", wholes(3), "three whole numbers"),
  };
  fields.end();
  return { ...operation, ...observed };
}

/**
 * Reads a transcript. Throws a {@linkcode TranscriptError} with the line of
 * the first thing that is not as the format has it.
 */
export function parseTranscript(source: string): Transcript {
  const lines = source.split("\n");
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) throw new TranscriptError(1, "the file is empty");
  const header = parseHeader(parseLine(1, lines[0]));
  const operations = lines.slice(1).map((line, nth) =>
    parseLineOperation(nth + 2, line, header)
  );
  return { header, operations };
}
