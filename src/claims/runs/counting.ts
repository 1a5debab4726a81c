/** What a run asks of codecs, disks and memory, counted. */
import type { Codec } from "../../codec/codec.ts";
import type { Errno } from "../../linux/errno.ts";
import { Memory, NO_PAGE } from "../../memory/memory.ts";
import { RamBackingDevice } from "../../zram/backing.ts";

/** A codec that counts the pages that it is given. */
export interface CountedCodec extends Codec {
  /** Pages that were compressed. */
  compressions: number;
  /** Pages that were decompressed. */
  decompressions: number;
}

/** A codec, counted. */
export function countedCodec(codec: Codec): CountedCodec {
  return {
    name: codec.name,
    compressions: 0,
    decompressions: 0,
    compress(page, into) {
      this.compressions++;
      return codec.compress(page, into);
    },
    decompress(compressed, page) {
      this.decompressions++;
      codec.decompress(compressed, page);
    },
  };
}

/** A disk that counts its requests, each of a page. */
export class CountedDisk extends RamBackingDevice {
  /** Requests to read. */
  reads = 0;
  /** The blocks that were written, in the order of the requests. */
  readonly written: number[] = [];

  override readPage(block: number, into: Uint8Array): Errno | undefined {
    this.reads++;
    return super.readPage(block, into);
  }

  override writePage(block: number, data: Uint8Array): Errno | undefined {
    this.written.push(block);
    return super.writePage(block, data);
  }
}

/** Memory that counts what is taken from it, and that can be made to have no more. */
export class CountedMemory extends Memory {
  /** Frames that were taken. */
  taken = 0;
  /** Times that there was none. */
  refused = 0;
  /** The most frames that were taken at a time. */
  most = 0;
  /** Frames that can be taken still. */
  left: number = Infinity;

  override allocPage(): number {
    const pfn = this.left > 0 ? super.allocPage() : NO_PAGE;
    if (pfn === NO_PAGE) {
      this.refused++;
      return NO_PAGE;
    }
    this.left--;
    this.taken++;
    this.most = Math.max(this.most, this.allocatedPages);
    return pfn;
  }

  override freePage(pfn: number): void {
    super.freePage(pfn);
    this.left++;
  }

  /** Counts anew, from what is taken now. */
  count(): void {
    this.taken = 0;
    this.refused = 0;
    this.most = this.allocatedPages;
  }
}
