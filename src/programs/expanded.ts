/** Pages of steps as bytes, made once for all who look at a step. */
import { type Bytes, expandBytes } from "./bytes.ts";

/**
 * The pages of the step that is at hand: whoever asks for those of the same
 * step, the target first and then its judges, is given the same arrays, which
 * nobody may write to.
 */
export class ExpandedPages {
  #given: unknown;
  #pageSize = 0;
  #pages: readonly Uint8Array[] = [];

  /** A step's one page. */
  of(data: Bytes, pageSize: number): Uint8Array {
    if (this.#isOther(data, pageSize)) {
      this.#pages = [expandBytes(data, pageSize)];
    }
    return this.#pages[0];
  }

  /** A step's pages. */
  all(pages: readonly Bytes[], pageSize: number): readonly Uint8Array[] {
    if (this.#isOther(pages, pageSize)) {
      this.#pages = pages.map((data) => expandBytes(data, pageSize));
    }
    return this.#pages;
  }

  #isOther(given: unknown, pageSize: number): boolean {
    if (this.#given === given && this.#pageSize === pageSize) return false;
    this.#given = given;
    this.#pageSize = pageSize;
    return true;
  }
}
