/** Pages that a letter stands for, and codecs that know them. */
import type { Codec } from "../../../codec/codec.ts";

export const PAGE_SIZE = 4096;

/** What is written: a page for each letter, small ones of which do not compress. */
const LETTERS = [..."ABCDEFGHabcdefgh"];

/** The page of a letter: no word is repeated in all of it. */
export const CONTENTS = new Map(
  LETTERS.map((letter) => {
    const page = new Uint8Array(PAGE_SIZE).fill(letter.charCodeAt(0));
    page[PAGE_SIZE - 1] = 1;
    return [letter, page] as const;
  }),
);
CONTENTS.set("0", new Uint8Array(PAGE_SIZE));

/** The letter of a page. */
export function letterOf(page: Uint8Array): string {
  const [first] = page;
  const letter = first === 0 ? "0" : String.fromCharCode(first);
  const isWhole = page[PAGE_SIZE / 2] === first &&
    page[PAGE_SIZE - 1] === (first === 0 ? 0 : 1);
  return isWhole ? letter : "parts of pages";
}

/** Knows the pages of letters alone, and makes so many bytes of one. */
export const letterCodec = (name: string, length: number): Codec => ({
  name,
  compress(page, into) {
    into[0] = page[0];
    return page[0] >= "a".charCodeAt(0) ? PAGE_SIZE : length;
  },
  decompress(compressed, page) {
    const contents = CONTENTS.get(String.fromCharCode(compressed[0]));
    if (contents === undefined) throw new Error("no letter was compressed");
    page.set(contents);
  },
});
