/** Transcripts as text, as `parseTranscript` reads them. */
import type { PageData } from "./page_data.ts";
import type { Operation, TranscriptHeader } from "./transcript.ts";

/** An operation with what was observed, its line not yet known. */
export type Recorded<One = Operation> = One extends Operation
  ? Omit<One, "line">
  : never;

/** A transcript's first line, with its newline. */
export function headerLine(header: TranscriptHeader): string {
  return JSON.stringify({ zspec: "transcript/1", ...header }) + "\n";
}

/**
 * An operation's line, with its newline.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { operationLine } from "zspec";
 *
 * const data = { xorshift: 7, bytes: 100 };
 * assertEquals(
 *   operationLine({ op: "write", page: 3, data, errno: "EIO" }),
 *   `{"op":"write","page":3,"data":{"xorshift":7,"bytes":100},"errno":"EIO"}\n`,
 * );
 * ```
 */
export function operationLine(operation: Recorded): string {
  const json = operation.op === "write"
    ? { ...operation, data: dataJson(operation.data) }
    : operation;
  return JSON.stringify(json) + "\n";
}

function dataJson(data: PageData): unknown {
  return "b64" in data ? { b64: data.b64.toBase64() } : data;
}
