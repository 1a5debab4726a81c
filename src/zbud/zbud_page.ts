/**
 * Zbud pages: a header in the first chunk and room for two objects, the first
 * behind the header, the last at the page's end. Whichever of them is freed,
 * the room between header, other object and end is one piece.
 *
 * ```text
 * chunk  0        1                                              63
 *       | header | first object … |     free      | … last object |
 * ```
 */
import type { ZbudRelease } from "../linux/buddy_profile.ts";
import type { Memory } from "../memory/memory.ts";
import { NCHUNKS_ORDER } from "./driver.ts";

/** `enum buddy`: which of a page's two objects. */
export type Buddy = "FIRST" | "LAST";

/** Both, in the order in which reclaim evicts them. */
export const BUDDIES: readonly Buddy[] = ["FIRST", "LAST"];

/**
 * Where `struct zbud_header` has its fields, in bytes from the frame's start.
 * A list_head is `next` and `prev`, one `unsigned long` each; the counts are
 * 32-bit, the mark is one byte.
 *
 * ```text
 * 64-bit  0      16   32            36           40             (48 bytes)
 * 32-bit  0      8    16            20           24             (28 bytes)
 *         buddy  lru  first_chunks  last_chunks  under_reclaim
 * ```
 *
 * Since 6.5 there is neither `lru` nor `under_reclaim`.
 */
export interface ZbudHeaderLayout {
  /** `buddy`: links the page into the buddied or an unbuddied list. */
  readonly buddy: number;
  /** `lru`: links the page into the pool's LRU list, where there is one. */
  readonly lru: number | undefined;
  /** `first_chunks`: chunks of the first object, 0 where there is none. */
  readonly firstChunks: number;
  /** `last_chunks`: chunks of the last object, 0 where there is none. */
  readonly lastChunks: number;
  /** `under_reclaim`: reclaim holds the page, whoever frees must not. */
  readonly underReclaim: number | undefined;
}

/** The header of a kernel with `unsigned long`s of `wordBits`: 32 or 64. */
export function zbudHeaderLayout(
  wordBits: number,
  { reclaims }: ZbudRelease,
): ZbudHeaderLayout {
  const listHead = 2 * wordBits / 8;
  const chunks = reclaims ? 2 * listHead : listHead;
  return {
    buddy: 0,
    lru: reclaims ? listHead : undefined,
    firstChunks: chunks,
    lastChunks: chunks + 4,
    underReclaim: reclaims ? chunks + 8 : undefined,
  };
}

/**
 * What is done inside a single zbud page. Knows headers, chunks and handles;
 * knows no list. Specifies the helpers of `mm/zbud.c`, 3.11 to 6.12.
 */
export class ZbudPages {
  /** The frames below. */
  readonly memory: Memory;
  /** Bits per `unsigned long`: 32 or 64. */
  readonly wordBits: number;
  /** Where headers have their fields. */
  readonly layout: ZbudHeaderLayout;
  /** CHUNK_SIZE: bytes of a chunk, and of what the header takes. */
  readonly chunkSize: number;
  /** NCHUNKS: chunks for objects in a page. */
  readonly nchunks: number = (1 << NCHUNKS_ORDER) - 1;
  /**
   * Bytes of the largest object. It leaves a chunk for another one: a page that
   * holds one compressed page only wins nothing. So since 3.11; the patches
   * that were posted before it let an object have that chunk too.
   */
  readonly maxSize: number;

  /** `wordBits` are those of the kernel's `unsigned long`. */
  constructor(memory: Memory, wordBits: number, release: ZbudRelease) {
    this.memory = memory;
    this.wordBits = wordBits;
    this.layout = zbudHeaderLayout(wordBits, release);
    this.chunkSize = memory.pageSize >> NCHUNKS_ORDER;
    this.maxSize = memory.pageSize - 2 * this.chunkSize;
  }

  /** Chunks that `size` bytes take (`size_to_chunks`). */
  sizeToChunks(size: number): number {
    return Math.ceil(size / this.chunkSize);
  }

  /** Chunks of one of a page's objects, 0 where there is none. */
  chunks(pfn: number, buddy: Buddy): number {
    return this.memory.words[this.#chunksWord(pfn, buddy)];
  }

  /** Writes the count of chunks of one of a page's objects. */
  setChunks(pfn: number, buddy: Buddy, chunks: number): void {
    this.memory.words[this.#chunksWord(pfn, buddy)] = chunks;
  }

  /** Whether reclaim holds the page. */
  underReclaim(pfn: number): boolean {
    const at = this.#underReclaimAt(pfn);
    return at !== undefined && this.memory.bytes[at] === 1;
  }

  /** Marks a page as held by reclaim, or no longer. */
  setUnderReclaim(pfn: number, underReclaim: boolean): void {
    const at = this.#underReclaimAt(pfn);
    if (at !== undefined) this.memory.bytes[at] = underReclaim ? 1 : 0;
  }

  /** Clears a new page's counts and mark (`init_zbud_page`, lists aside). */
  init(pfn: number): void {
    for (const buddy of BUDDIES) this.setChunks(pfn, buddy, 0);
    this.setUnderReclaim(pfn, false);
  }

  /** How many objects a page has: 0, 1 or 2. */
  countObjects(pfn: number): number {
    return BUDDIES.filter((buddy) => this.chunks(pfn, buddy) > 0).length;
  }

  /** Chunks between a page's objects (`num_free_chunks`). */
  numFreeChunks(pfn: number): number {
    return this.nchunks - this.chunks(pfn, "FIRST") - this.chunks(pfn, "LAST");
  }

  /**
   * The handle of one of a page's objects: the physical address of its first
   * byte. It is not 0, for there is a header below. Specifies `encode_handle`.
   */
  encodeHandle(pfn: number, buddy: Buddy): number {
    const { pageSize } = this.memory;
    const offset = buddy === "FIRST"
      ? this.chunkSize
      : pageSize - this.chunks(pfn, "LAST") * this.chunkSize;
    return pfn * pageSize + offset;
  }

  /** The page of a handle's object (`handle_to_zbud_header`). */
  pfnOf(handle: number): number {
    return Math.floor(handle / this.memory.pageSize);
  }

  /** Which of its page's objects a handle names, as `zbud_free` tells. */
  buddyOf(handle: number): Buddy {
    const offset = handle % this.memory.pageSize;
    return offset === this.chunkSize ? "FIRST" : "LAST";
  }

  #chunksWord(pfn: number, buddy: Buddy): number {
    const { firstChunks, lastChunks } = this.layout;
    const offset = buddy === "FIRST" ? firstChunks : lastChunks;
    return (pfn * this.memory.pageSize + offset) / 4;
  }

  #underReclaimAt(pfn: number): number | undefined {
    const { underReclaim } = this.layout;
    return underReclaim === undefined
      ? undefined
      : pfn * this.memory.pageSize + underReclaim;
  }
}
