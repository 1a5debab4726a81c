/** Pages of steps as bytes, made once for all who look at a step. */
import { type Bytes, expandBytes } from "../bytes.ts";

/**
 * The pages of the step that is at hand: whoever asks for those of the same
 * step is given the same arrays, which nobody may write to.
 */
export class ExpandedPages {
  #given: unknown;
  #pageSize = 0;
  #pages: readonly Uint8Array[] = [];

  /** A step's one page. */
  of(data: Bytes, pageSize: number): Uint8Array {
    return this.#expanded(data, pageSize, () => [data])[0];
  }

  /** A step's pages. */
  all(pages: readonly Bytes[], pageSize: number): readonly Uint8Array[] {
    return this.#expanded(pages, pageSize, () => pages);
  }

  #expanded(
    given: unknown,
    pageSize: number,
    pagesOf: () => readonly Bytes[],
  ): readonly Uint8Array[] {
    if (this.#given !== given || this.#pageSize !== pageSize) {
      this.#given = given;
      this.#pageSize = pageSize;
      this.#pages = pagesOf().map((data) => expandBytes(data, pageSize));
    }
    return this.#pages;
  }
}
