/** The three targets as child processes: what answers must look like. */
import { Child, type ChildAnswer, type ChildOptions } from "./child.ts";
import { shortened } from "./child_lines.ts";
import {
  type Refusal,
  TargetFault,
  type ZramTarget,
  type ZsmallocTarget,
  type ZswapStored,
  type ZswapTarget,
  type ZswapWritten,
} from "./target.ts";

/** A target that is a process, and can be ended. */
export interface Ending {
  /** Ends its input; throws a `TargetFault` where it does not end too. */
  end(): Promise<void>;
  /** Kills it. */
  restart(): Promise<void>;
}

/** Reads an answer's fields; throws where one is not as the protocol has it. */
class AnswerFields {
  readonly #answer: ChildAnswer;

  constructor(answer: ChildAnswer) {
    this.#answer = answer;
  }

  field<Value>(
    name: string,
    read: (value: unknown) => Value | undefined,
    right: string,
  ): Value {
    const found = this.#answer[name];
    const value = read(found);
    if (value !== undefined) return value;
    const shown = found === undefined
      ? "is missing"
      : `is ${shortened(JSON.stringify(found))}, not ${right}`;
    throw new TargetFault("malformed", `the field '${name}' ${shown}`);
  }

  whole(name: string): number {
    return this.field(name, wholeOf, "a whole number from 0 on");
  }

  text(name: string): string {
    return this.field(name, textOf, "text");
  }

  bytes(name: string): Uint8Array {
    return this.field(name, bytesOf, "base64");
  }
}

const wholeOf = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined;

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;

const handleOf = (value: unknown): string | undefined =>
  typeof value === "string" && /^(0x)?[0-9a-f]+$/i.test(value)
    ? value
    : undefined;

const errnoOf = (value: unknown): string | undefined =>
  typeof value === "string" && /^E[A-Z0-9]+$/.test(value) ? value : undefined;

function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== "string") return undefined;
  try {
    return Uint8Array.fromBase64(value, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}

function writtenOf(value: unknown): ZswapWritten[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const written: ZswapWritten[] = [];
  for (const row of value) {
    if (!Array.isArray(row) || row.length !== 3) return undefined;
    const [type, offset] = [wholeOf(row[0]), wholeOf(row[1])];
    const data = bytesOf(row[2]);
    if (type === undefined || offset === undefined || data === undefined) {
      return undefined;
    }
    written.push([type, offset, data]);
  }
  return written;
}

/** Asks, and reads what comes: the result's fields, or `error`. */
function asker(child: Child) {
  return async <Result>(
    request: ChildAnswer,
    read: (fields: AnswerFields) => Result,
  ): Promise<Result | Refusal> => {
    const answer = await child.ask(request);
    const fields = new AnswerFields(answer);
    try {
      if (Object.hasOwn(answer, "error")) {
        const error = fields.field("error", errnoOf, "an errno's name");
        return { error };
      }
      return read(fields);
    } catch (error) {
      await child.restart();
      throw error;
    }
  };
}

const nothing = () => {};
const base64 = (data: Uint8Array): string => data.toBase64();

function processOf(child: Child) {
  return {
    restart: () => child.restart(),
    hurry: (isHurried: boolean) => child.hurry(isHurried),
    end: () => child.end(),
  };
}

/** An allocator in a child process. */
export function childZsmalloc(options: ChildOptions): ZsmallocTarget & Ending {
  const child = new Child(options);
  const ask = asker(child);
  return {
    ...processOf(child),
    create: ({ pageSize, wordBits, chainSize }) =>
      ask({ op: "create", pageSize, wordBits, chainSize }, nothing),
    malloc: (size) =>
      ask({ op: "malloc", size }, (fields) => ({
        handle: fields.field("handle", handleOf, "a number in text"),
      })),
    free: (handle) => ask({ op: "free", handle }, nothing),
    write: (handle, data) =>
      ask({ op: "write", handle, data: base64(data) }, nothing),
    read: (handle, length) =>
      ask(
        { op: "read", handle, length },
        (fields) => ({ data: fields.bytes("data") }),
      ),
    compact: () =>
      ask({ op: "compact" }, (fields) => ({
        pagesFreed: fields.whole("pagesFreed"),
      })),
    stats: () =>
      ask({ op: "stats" }, (fields) => ({
        totalPages: fields.whole("totalPages"),
        pagesCompacted: fields.whole("pagesCompacted"),
      })),
  };
}

/** A compressed block device in a child process. */
export function childZram(options: ChildOptions): ZramTarget & Ending {
  const child = new Child(options);
  const ask = asker(child);
  return {
    ...processOf(child),
    create: () => ask({ op: "create" }, nothing),
    set: (attr, value) => ask({ op: "set", attr, value }, nothing),
    get: (attr) =>
      ask({ op: "get", attr }, (fields) => ({ value: fields.text("value") })),
    write: (page, data) =>
      ask(
        { op: "write", page, data: base64(data) },
        (fields) => ({ stored: fields.whole("stored") }),
      ),
    read: (page) =>
      ask({ op: "read", page }, (fields) => ({ data: fields.bytes("data") })),
    discard: (page, pages) => ask({ op: "discard", page, pages }, nothing),
  };
}

/** A compressed swap cache in a child process. */
export function childZswap(options: ChildOptions): ZswapTarget & Ending {
  const child = new Child(options);
  const ask = asker(child);
  return {
    ...processOf(child),
    create: (setup) => ask({ op: "create", ...setup }, nothing),
    store: (type, offset, data) =>
      ask({ op: "store", type, offset, data: base64(data) }, storedOf),
    load: (type, offset) => ask({ op: "load", type, offset }, pageOf),
    invalidate: (type, offset) =>
      ask({ op: "invalidate", type, offset }, nothing),
    writeback: (entries) =>
      ask({ op: "writeback", entries }, (fields) => ({
        written: fields.field(
          "written",
          writtenOf,
          "rows [type, offset, base64]",
        ),
      })),
    stats: () =>
      ask({ op: "stats" }, (fields) => ({
        storedPages: fields.whole("storedPages"),
        poolTotalSize: fields.whole("poolTotalSize"),
        writtenBackPages: fields.whole("writtenBackPages"),
      })),
  };
}

/** The page of a load; `null` where the cache has none. */
function pageOf(fields: AnswerFields): { readonly data: Uint8Array | null } {
  return fields.field("data", (value) => {
    const data = value === null ? null : bytesOf(value);
    return data === undefined ? undefined : { data };
  }, "base64 or null");
}

function storedOf(fields: AnswerFields): ZswapStored {
  const isStored = fields.field(
    "stored",
    (value) => typeof value === "boolean" ? value : undefined,
    "true or false",
  );
  if (isStored) return { stored: true };
  return { stored: false, reason: fields.text("reason") };
}
