/** Backing devices: where pages go that are written back. */
import type { Errno } from "../linux/errno.ts";
import { assertLength, assertWhole } from "../rules/argument.ts";

/**
 * A block device as zram uses it: pages by number, each read and written
 * whole. An implementation may be short, slow to fail or always failing; what
 * it answers is what `submit_bio_wait` would.
 */
export interface BackingDevice {
  /** Its size in whole pages. */
  readonly pages: number;
  /** Who has it open exclusively (`bd_holder`), or `undefined`. */
  holder: object | undefined;
  /** Fills `into` with a block of a page's size, or answers the error. */
  readPage(block: number, into: Uint8Array): Errno | undefined;
  /** Writes a block of a page's size, or answers the error. */
  writePage(block: number, data: Uint8Array): Errno | undefined;
  /** What a block has, without a request for it; nothing where that cannot be seen. */
  contents?(block: number): Uint8Array | undefined;
}

/** What a {@linkcode RamBackingDevice} can be told when it is made. */
export interface RamBackingDeviceOptions {
  /**
   * Fault injection: called before each request with its kind, block and
   * number from 0 on; where it answers true, the request ends with EIO. Linux:
   * `fail_make_request`.
   */
  failRequest?: (
    kind: "read" | "write",
    block: number,
    nth: number,
  ) => boolean;
}

/**
 * A backing device in memory: what was not written reads as zeros.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RamBackingDevice } from "zspec";
 *
 * const device = new RamBackingDevice(2, 4096);
 * assertEquals(device.writePage(2, new Uint8Array(4096)), "EIO");
 * ```
 */
export class RamBackingDevice implements BackingDevice {
  /** Its size in whole pages. */
  readonly pages: number;
  /** Who has it open exclusively. */
  holder: object | undefined;
  readonly #pageSize: number;
  readonly #failRequest: RamBackingDeviceOptions["failRequest"];
  readonly #blocks = new Map<number, Uint8Array>();
  #requests = 0;

  /** A device of `pages` pages of `pageSize` bytes. */
  constructor(
    pages: number,
    pageSize: number,
    options: RamBackingDeviceOptions = {},
  ) {
    assertWhole("make a backing device", "pages", pages);
    assertWhole("make a backing device", "pageSize", pageSize, 1);
    this.pages = pages;
    this.#pageSize = pageSize;
    this.#failRequest = options.failRequest;
  }

  /** Fills `into` with a block; EIO beyond the end or where injected. */
  readPage(block: number, into: Uint8Array): Errno | undefined {
    assertWhole("read a block", "block", block);
    assertLength(`read block ${block}`, into, this.#pageSize);
    if (this.#fails("read", block)) return "EIO";
    into.set(this.#blocks.get(block) ?? new Uint8Array(this.#pageSize));
  }

  /** Writes a block; EIO beyond the end or where injected. */
  writePage(block: number, data: Uint8Array): Errno | undefined {
    assertWhole("write a block", "block", block);
    assertLength(`write block ${block}`, data, this.#pageSize);
    if (this.#fails("write", block)) return "EIO";
    this.#blocks.set(block, data.slice());
  }

  /** What was written to a block last, without a request for it. */
  contents(block: number): Uint8Array | undefined {
    return this.#blocks.get(block);
  }

  #fails(kind: "read" | "write", block: number): boolean {
    const injected = this.#failRequest?.(kind, block, this.#requests++);
    return injected === true || block >= this.pages;
  }
}

/** Up to 6.18 block 0 is never used: a slot with 0 in it holds nothing. */
const FIRST_BLOCK = 1;

/**
 * A backing device that is set on a zram device, with a bit for each block in
 * use. Specifies `zram->backing_dev`, `bdev`, `bitmap` and `nr_pages`.
 */
export class AttachedBacking {
  /** The path by which it was set. */
  readonly path: string;
  /** The device itself. */
  readonly device: BackingDevice;
  /** Blocks in use, one bit each. */
  readonly #bitmap: Uint32Array<ArrayBuffer>;
  #used = 0;

  /** All blocks are free. */
  constructor(path: string, device: BackingDevice) {
    this.path = path;
    this.device = device;
    this.#bitmap = new Uint32Array(Math.ceil(device.pages / 32));
  }

  /** Whether a block is in use. */
  isUsed(block: number): boolean {
    return (this.#bitmap[block >>> 5] >>> (block & 31) & 1) === 1;
  }

  /** Blocks in use. */
  get used(): number {
    return this.#used;
  }

  /** Takes the first free block from 1 on, or 0 (`alloc_block_bdev`). */
  allocBlock(): number {
    return this.#take(FIRST_BLOCK) ?? 0;
  }

  /**
   * Takes the first free block from 0 on, if there is one
   * (`zram_reserve_bdev_block`, since 6.19).
   */
  reserveBlock(): number | undefined {
    return this.#take(0);
  }

  #take(first: number): number | undefined {
    let block = first;
    while (block < this.device.pages && this.isUsed(block)) {
      // A whole word of used blocks is passed over at once.
      block = this.#bitmap[block >>> 5] === 0xffffffff
        ? ((block >>> 5) + 1) << 5
        : block + 1;
    }
    if (block >= this.device.pages) return undefined;
    this.#bitmap[block >>> 5] |= 1 << (block & 31);
    this.#used++;
    return block;
  }

  /** What brings the bits back to what they are now. */
  remember(): () => void {
    const bitmap = this.#bitmap.slice();
    const used = this.#used;
    return () => {
      this.#bitmap.set(bitmap);
      this.#used = used;
    };
  }

  /** Gives a block back (`free_block_bdev`). */
  freeBlock(block: number): void {
    assertWhole("free a block", "block", block);
    if (!this.isUsed(block)) {
      throw new Error(`Cannot free block ${block}: it is not in use`);
    }
    this.#bitmap[block >>> 5] &= ~(1 << (block & 31));
    this.#used--;
  }
}
