/** Buffers for compressed pages. */

/**
 * One buffer for each operation under way, as the kernel has one for each CPU
 * (`zswap_dstmem`, since 6.8 `acomp_ctx->buffer`): an operation that is stopped
 * keeps its own.
 */
export class Buffers {
  readonly #length: number;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** Buffers of `length` bytes each. */
  constructor(length: number) {
    this.#length = length;
  }

  /** A buffer that nobody else has, with anything in it. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(this.#length);
  }

  /** Gives a buffer back. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    this.#free.push(buffer);
  }

  /** Has something done with a buffer, which is given back at its end. */
  lend<Result>(use: (buffer: Uint8Array<ArrayBuffer>) => Result): Result {
    const buffer = this.take();
    try {
      return use(buffer);
    } finally {
      this.give(buffer);
    }
  }
}
