/** Reads the fields of a transcript's lines, and refuses what is not right. */
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

/** What a line's JSON is. */
export type Json = Readonly<Record<string, unknown>>;

/** Checks one field's value and returns it as what it should be. */
export type Check<Value> = (value: unknown) => Value | undefined;

/** Any text. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A whole number from 0 on. */
export function whole(value: unknown): number | undefined {
  const isWhole = Number.isSafeInteger(value) && Number(value) >= 0;
  return isWhole ? Number(value) : undefined;
}

/** One from 1 on. */
export function positive(value: unknown): number | undefined {
  return whole(value) || undefined;
}

/** A text of some form. */
export function matching(pattern: RegExp): Check<string> {
  return (value) =>
    typeof value === "string" && pattern.test(value) ? value : undefined;
}

/** So many whole numbers. */
export function wholes(count: number): Check<number[]> {
  return (value) =>
    Array.isArray(value) && value.length === count &&
      value.every((one) => whole(one) !== undefined)
      ? value
      : undefined;
}

/** A reader of one line's fields; what it was not asked for is refused. */
export class Fields {
  readonly #line: number;
  readonly #json: Json;
  readonly #asked = new Set<string>();

  /** The fields of the line with that number. */
  constructor(line: number, json: Json) {
    this.#line = line;
    this.#json = json;
  }

  /** Refuses the line. */
  fail(message: string): never {
    throw new TranscriptError(this.#line, message);
  }

  /** A field that must be there, and pass `check`; `right` says what it should be. */
  required<Value>(name: string, check: Check<Value>, right: string): Value {
    const value = this.optional(name, check, right);
    if (value === undefined) this.fail(`the field '${name}' is missing`);
    return value;
  }

  /** A field that passes `check` where it is there. */
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

  /** Refuses what was not asked for. */
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
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TranscriptError(
      line,
      `the line is ${brief(json)}, not an object`,
    );
  }
  return new Fields(line, json as Json);
}

/** Reads what every header has. */
export function parseHeaderFields(fields: Fields): HeaderFields {
  return {
    kernel: fields.required("kernel", text, "text"),
    profile: fields.required("profile", text, "text"),
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

/** Reads the fields of one operation: those that several operations have. */
export class OperationFields {
  /** The line's own fields. */
  readonly fields: Fields;
  readonly #header: HeaderFields;
  readonly #errno: string | undefined;

  /** The fields of an operation under a header. */
  constructor(fields: Fields, header: HeaderFields) {
    this.fields = fields;
    this.#header = header;
    this.#errno = fields.optional(
      "errno",
      matching(/^E[A-Z0-9]+$/),
      "an error's symbolic name",
    );
  }

  /** The error, if there was one. */
  get errno(): string | undefined {
    return this.#errno;
  }

  /** `op`. */
  op(): string {
    return this.fields.required("op", text, "text");
  }

  /** `page`. */
  page(): number {
    return this.fields.required("page", whole, "a whole number from 0 on");
  }

  /** `attr`. */
  attr(): string {
    return this.fields.required("attr", text, "an attribute's name");
  }

  /** `data`: a page of the header's size. */
  data(): PageData {
    return this.fields.required(
      "data",
      pageDataOf(this.#header),
      `{"word"}, {"xorshift","bytes"} or {"b64"} of a page of ${this.#header.pageSize} bytes`,
    );
  }

  /** `crc32` of what was read. */
  crc32(): string | undefined {
    return this.result("crc32", matching(/^[0-9a-f]{8}$/), "8 hex digits");
  }

  /** A result, which is there exactly when the operation succeeded. */
  result<Value>(
    name: string,
    check: Check<Value>,
    right: string,
  ): Value | undefined {
    if (this.#errno === undefined) {
      return this.fields.required(name, check, right);
    }
    if (this.fields.optional(name, check, right) !== undefined) {
      this.fields.fail(
        `the field '${name}' is there though the operation failed`,
      );
    }
    return undefined;
  }
}
