/** Free links: what the first word of a free chunk says of the next one. */
import { type Memory, PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import type { Locations } from "./location.ts";
import type { FrameChains, ObjIndexing } from "./obj_index.ts";

/** No next free chunk. */
export const NO_OBJ = 0xffffffff;

/** A tag's bits below a link, where links are indices (OBJ_TAG_BITS). */
const LINK_SHIFT = 1;

/** Writes and reads links at an index of `memory.words`. */
export interface FreeLinks {
  /** What a link reads as where the list ends. */
  readonly ends: readonly number[];
  /** The link to chunk `objIndex` of a zspage, or to none: one of `ends`. */
  write(word: number, zspage: number, objIndex: number, size: number): void;
  /** The link that ends the list of a new zspage. */
  writeEnd(word: number): void;
  /** The index of the chunk linked to, or one of `ends`. */
  read(word: number, size: number): number;
}

/**
 * The next chunk's index, shifted past the tag. Specifies `set_freeobj` and
 * the links of `init_zspage`, `mm/zsmalloc.c`, since 4.8.
 */
export function indexLinks(memory: Memory, wordBits: number): FreeLinks {
  const isLong = wordBits === 64;
  return {
    // All ones, shifted past the tag, read as an unsigned int. Once written
    // again from one, they are a bit fewer.
    ends: [NO_OBJ, NO_OBJ >>> LINK_SHIFT],
    write(word, _zspage, objIndex) {
      memory.words[word] = objIndex << LINK_SHIFT;
      if (isLong) memory.words[word + 1] = 0;
    },
    writeEnd(word) {
      memory.words[word] = NO_OBJ << LINK_SHIFT;
      if (isLong) memory.words[word + 1] = NO_OBJ;
    },
    read(word) {
      const low = memory.words[word] >>> LINK_SHIFT;
      if (!isLong) return low;
      return (low | (memory.words[word + 1] << 31)) >>> 0;
    },
  };
}

/**
 * The next chunk's location, its index counted from `firstIndex`; null at the
 * end. Counted from 0, the first chunk of frame 0 is null too: in its zspage the
 * end reads as that chunk, as it does to the kernel, which asks for no chunk of
 * a zspage that is full. Specifies `struct link_free` and `init_zspage`,
 * `mm/zsmalloc.c`, up to 4.7.
 */
export function locationLinks(
  zspages: FrameChains,
  locations: Locations,
  indexing: ObjIndexing,
  firstIndex: number,
): FreeLinks {
  const { memory } = zspages;
  const writeEnd = (word: number) => {
    memory.words.fill(0, word, word + locations.words);
  };
  /** Whether the word is in a frame of the zspage that has frame 0. */
  const isBesideFrame0 = (word: number) => {
    const pfn = word >>> (memory.pageShift - 2);
    const { page } = memory;
    return page[pfn * PAGE_STRIDE + PAGE_PRIVATE] === page[PAGE_PRIVATE];
  };
  return {
    ends: [NO_OBJ],
    write(word, zspage, objIndex, size) {
      if (objIndex === NO_OBJ) return writeEnd(word);
      const pfn = zspages.pageAt(zspage, objIndex * size);
      const index = indexing.encode(pfn, objIndex, size) + firstIndex;
      locations.write(memory.words, word, pfn, index);
    },
    writeEnd,
    read(word, size) {
      const { words } = memory;
      const pfn = locations.pfn(words, word);
      const index = locations.index(words, word) - firstIndex;
      const isNull = pfn === 0 &&
        (index < 0 || (index === 0 && !isBesideFrame0(word)));
      return isNull ? NO_OBJ : indexing.decode(pfn, index, size);
    },
  };
}
