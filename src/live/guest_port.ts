/** What goes over a guest's virtio port. */
import type { Refusal } from "../targets/target.ts";

/** One request as the guest's program reads it. */
export interface Request {
  readonly name: string;
  readonly path?: string;
  readonly a?: number;
  readonly b?: number;
  readonly data?: Uint8Array;
}

/** What the guest answers: bytes, or an errno. */
export type GuestAnswer = { readonly data: Uint8Array<ArrayBuffer> } | Refusal;

/** A request as it is sent: its line, its path, its data. */
export function requestParts({ name, ...request }: Request): Uint8Array[] {
  const { a = 0, b = 0, data = new Uint8Array(0) } = request;
  const path = new TextEncoder().encode(request.path ?? "");
  const line = `${name} ${a} ${b} ${path.length} ${data.length}\n`;
  return [new TextEncoder().encode(line), path, data];
}

/** The bytes that a guest sends, in the portions that are asked for. */
export class Incoming {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.getReader();
  }

  /** The bytes up to the next newline, as text. */
  async line(): Promise<string> {
    let end: number;
    while ((end = this.#rest.indexOf(0x0a)) < 0) await this.#more();
    const line = new TextDecoder().decode(this.#rest.subarray(0, end));
    this.#rest = this.#rest.subarray(end + 1);
    return line;
  }

  /** So many bytes. */
  async bytes(count: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#rest.length < count) await this.#more();
    const bytes = this.#rest.slice(0, count);
    this.#rest = this.#rest.subarray(count);
    return bytes;
  }

  async #more(): Promise<void> {
    const { value } = await this.#reader.read();
    if (value === undefined) throw new Error("the guest is gone");
    const joined = new Uint8Array(this.#rest.length + value.length);
    joined.set(this.#rest);
    joined.set(value, this.#rest.length);
    this.#rest = joined;
  }
}
