/** Lines to and from a child process, none of them without a bound. */
import { Buffer } from "node:buffer";
import { TargetFault } from "./target.ts";

/** Bytes of an answer beyond which a child is flooding: some thousand pages. */
const MAX_ANSWER_BYTES = 16 << 20;

const NEWLINE = 10;

/** How a child process ended. */
export interface ChildStatus {
  /** The exit status. */
  readonly code: number;
  /** The signal that ended it, if one did. */
  readonly signal: string | null;
}

/** A child's standard input and output, a line at a time. */
export class ChildLines {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #left: Uint8Array = new Uint8Array(0);
  /** The beginning of a line whose end has not come. */
  #begun: Uint8Array[] = [];

  /** Takes hold of both streams. */
  constructor(
    stdout: ReadableStream<Uint8Array>,
    stdin: WritableStream<Uint8Array>,
  ) {
    this.#reader = stdout.getReader();
    this.#writer = stdin.getWriter();
  }

  /**
   * Writes a line. That the child does not read it is told by no answer: a
   * failure is left to who waits for that.
   */
  send(line: string): void {
    this.#writer.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
  }

  /**
   * The next line, without its newline; `undefined` at the end. Throws a
   * {@linkcode TargetFault} where the child writes without an end, more than
   * one line, no text, or ends its output in the middle of a line.
   */
  async receive(): Promise<string | undefined> {
    const parts: Uint8Array[] = [];
    this.#begun = parts;
    let bytes = 0;
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) {
        const unfinished = this.unfinished();
        if (unfinished !== undefined) throw unfinished;
        return undefined;
      }
      const end = value.indexOf(NEWLINE);
      parts.push(end < 0 ? value : value.subarray(0, end));
      bytes += value.length;
      if (end >= 0) {
        this.#begun = [];
        this.#left = value.slice(end + 1);
        return textOf(parts);
      }
      if (bytes > MAX_ANSWER_BYTES) {
        throw new TargetFault(
          "flood",
          `it wrote ${bytes} bytes without an end of the line`,
        );
      }
    }
  }

  /** That the child has begun a line and not ended it, if it has. */
  unfinished(): TargetFault | undefined {
    if (this.#begun.length === 0) return undefined;
    return new TargetFault(
      "malformed",
      `it wrote no newline after ${shortened(textOf(this.#begun))}`,
    );
  }

  /** Throws where the child has written what nobody asked for. */
  assertNothingLeft(): void {
    if (this.#left.length === 0) return;
    throw new TargetFault(
      "out of turn",
      `it wrote more than one line: ${shortened(textOf([this.#left]))}`,
    );
  }

  /** Ends the child's input, and waits until its output ends. */
  async end(): Promise<void> {
    this.#writer.close().catch(() => {});
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      this.#left = value;
    }
  }

  /** Lets both streams go. */
  async cancel(): Promise<void> {
    this.#writer.abort().catch(() => {});
    await this.#reader.cancel().catch(() => {});
  }
}

function textOf(parts: readonly Uint8Array[]): string {
  return new TextDecoder().decode(Buffer.concat(parts));
}

/** A line's beginning, for messages. */
export function shortened(line: string): string {
  return line.length <= 80 ? line : `${line.slice(0, 80)}…`;
}
