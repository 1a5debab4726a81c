/** Pages that programs write, each made once. */
import { type Bytes, expandBytes } from "../bytes.ts";

/**
 * Makes the pages that bytes stand for, of `pageSize` bytes each. To make a
 * page takes longer than to page it out: the same object stands for the same
 * page, which nobody may write to.
 */
export function pageExpander(pageSize: number): (data: Bytes) => Uint8Array {
  const pages = new WeakMap<Bytes, Uint8Array>();
  return (data) => {
    const made = pages.get(data);
    if (made !== undefined) return made;
    const page = expandBytes(data, pageSize);
    pages.set(data, page);
    return page;
  };
}
