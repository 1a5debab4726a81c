/**
 * What an observer of a running kernel needs of it: to read and write its
 * files, and to move pages to and from its block devices past the page cache.
 */
import type { Refusal } from "../targets/target.ts";

/**
 * A running kernel's files and block devices: of this machine, or of a guest.
 * What the kernel refuses is a value; what keeps the observer from asking it
 * throws.
 */
export interface Kernel {
  /** Reads a whole file, as `cat` does. */
  readFile(path: string): Promise<{ readonly text: string } | Refusal>;
  /** Writes a text to a file by one `write`, as `printf %s TEXT >` does. */
  writeFile(path: string, text: string): Promise<Refusal | undefined>;
  /**
   * Reads `bytes` bytes of a block device from the byte `offset` on, O_DIRECT.
   * EIO where the disk ends before: `pread` says so by its result.
   */
  readBlocks(
    device: string,
    offset: number,
    bytes: number,
  ): Promise<{ readonly data: Uint8Array } | Refusal>;
  /** Writes whole blocks to a block device from the byte `offset` on, O_DIRECT. */
  writeBlocks(
    device: string,
    offset: number,
    data: Uint8Array,
  ): Promise<Refusal | undefined>;
  /** BLKDISCARD of `bytes` bytes from the byte `offset` on. */
  discardBlocks(
    device: string,
    offset: number,
    bytes: number,
  ): Promise<Refusal | undefined>;
  /**
   * Closes the block device that is open. Each stays so from its first request
   * on, and no device is reset while it is open.
   */
  closeDevice(): Promise<void>;
  /** Lets its clock go on by so many seconds. */
  sleep(seconds: number): Promise<void>;
}
