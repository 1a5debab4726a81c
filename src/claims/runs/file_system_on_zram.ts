/** zram as a disk for a file system: what it gives back when files are deleted. */
import type { Errno } from "../../linux/errno.ts";
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { type Random, randomFrom, shuffle } from "../../programs/random.ts";
import { assertWhole } from "../../rules/argument.ts";
import { zramBlockDevice } from "../../zram/block_device.ts";
import { Zram } from "../../zram/device.ts";
import { drawLength, makePage, STATED_LZO } from "./page_lengths.ts";
import { SmallFileSystem } from "./small_file_system.ts";

/** How the device learns which blocks are free. */
export type Discards =
  /** Not at all. */
  | "none"
  /** As files are deleted. */
  | "mount -o discard"
  /** All at once, after that. */
  | "fstrim";

/** What the experiment is told. */
export interface FileSystemOptions {
  /** What everything random is made from. */
  readonly seed: number;
  /** Pages of the disk. Default 8192: 32 MiB. */
  readonly pages?: number;
  /** Kernels. Default: 3.12 and 7.3. */
  readonly profiles?: readonly Profile[];
}

/** What the device holds, and what holds that, at one moment. */
export interface FileSystemUse {
  /** Bytes of the files. */
  readonly files: number;
  /** `orig_data_size` in bytes: pages that zram keeps. */
  readonly origDataSize: number;
  /** `compr_data_size` in bytes. */
  readonly comprDataSize: number;
  /** `mem_used_total` in bytes. */
  readonly memUsedTotal: number;
}

/** What came of one kernel and one way of discarding. */
export interface FileSystemRun {
  /** The kernel. */
  readonly kernel: string;
  /** How the device learns what is free. */
  readonly discards: Discards;
  /** What the device answers to a discard, where it cannot. */
  readonly refused?: Errno;
  /** Four fifths of the disk are full of files. */
  readonly filled: FileSystemUse;
  /** Half of the files are deleted, at random. */
  readonly deleted: FileSystemUse;
  /** The free blocks are discarded, by `fstrim`; else as before. */
  readonly trimmed: FileSystemUse;
  /** The pool is compacted, where the kernel can; else as before. */
  readonly compacted: FileSystemUse;
  /** As many files are written again as were deleted. */
  readonly refilled: FileSystemUse;
}

/** The share of the disk that files fill at first; the tables take some, too. */
const FILLED = 0.8;
/** The largest file in pages; they have as often each number from 1 on. */
const MOST_FILE_PAGES = 16;

/** A file system on a zram device, and what is in it. */
class Mounted {
  readonly zram: Zram;
  readonly system: SmallFileSystem;
  readonly #random: Random;
  readonly #sizes = new Map<string, number>();
  #nth = 0;

  constructor(
    profile: Profile,
    pages: number,
    discards: Discards,
    random: Random,
  ) {
    this.zram = new Zram(profile, { codecs: STATED_LZO });
    if (this.zram.algorithm !== "lzo") this.zram.setAlgorithm("lzo");
    const errno = this.zram.setDisksize(pages * profile.pageSize);
    if (errno !== undefined) throw new Error(`Cannot set zram up: ${errno}`);
    const discard = discards === "mount -o discard";
    this.system = new SmallFileSystem(zramBlockDevice(this.zram), { discard });
    this.#random = random;
  }

  /** Pages of the files. */
  get pages(): number {
    return [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  /** Writes files until `pages` are full. */
  fill(pages: number): void {
    while (this.pages < pages) {
      const most = Math.min(MOST_FILE_PAGES, pages - this.pages);
      const size = 1 + this.#random(most);
      const data = Array.from(
        { length: size },
        () => makePage("source", this.#random, drawLength),
      );
      const name = `${this.#nth++}`;
      const errno = this.system.create(name, data);
      if (errno !== undefined) throw new Error(`Cannot write a file: ${errno}`);
      this.#sizes.set(name, size);
    }
  }

  /** Deletes a random half of the files. */
  deleteHalf(): void {
    const names = shuffle([...this.#sizes.keys()], this.#random);
    for (const name of names.slice(0, names.length >> 1)) {
      const errno = this.system.unlink(name);
      if (errno !== undefined) throw new Error(`Cannot delete: ${errno}`);
      this.#sizes.delete(name);
    }
  }

  use(): FileSystemUse {
    const stat = this.zram.mmStat();
    return {
      files: this.pages * this.zram.profile.pageSize,
      origDataSize: stat.orig_data_size,
      comprDataSize: stat.compr_data_size,
      memUsedTotal: stat.mem_used_total,
    };
  }
}

/** Discards what is still to be; answers the error of a device that cannot. */
const DISCARD: Readonly<
  Record<Discards, (mounted: Mounted) => Errno | undefined>
> = {
  none: () => undefined,
  "mount -o discard": ({ zram }) => zramBlockDevice(zram).discard(0, 0),
  fstrim: ({ system }) => system.trim(),
};

/** Runs one kernel with one way of discarding. */
function runFileSystem(
  profile: Profile,
  discards: Discards,
  pages: number,
  seed: number,
): FileSystemRun {
  const mounted = new Mounted(profile, pages, discards, randomFrom(seed));
  const full = Math.floor(pages * FILLED);
  mounted.fill(full);
  const filled = mounted.use();
  mounted.deleteHalf();
  const deleted = mounted.use();
  const refused = DISCARD[discards](mounted);
  const trimmed = mounted.use();
  if (profile.compaction !== "none") mounted.zram.compact();
  const compacted = mounted.use();
  mounted.fill(full);
  return {
    kernel: profile.name,
    discards,
    refused,
    filled,
    deleted,
    trimmed,
    compacted,
    refilled: mounted.use(),
  };
}

/**
 * Fills a file system on zram with files, deletes half of them, discards or
 * not, compacts, and fills it again; for each kernel, with each way of
 * discarding. Pages compress as those of a kernel's sources.
 *
 * @example
 * ```ts
 * import { fileSystemOnZram } from "./file_system_on_zram.ts";
 * import { assert } from "@std/assert";
 *
 * const runs = fileSystemOnZram({ seed: 1, pages: 1024 });
 * for (const { discards, filled, deleted } of runs) {
 *   // To delete a file gives nothing back, unless the device is told.
 *   const isLess = deleted.memUsedTotal < filled.memUsedTotal;
 *   assert(!isLess || discards === "mount -o discard");
 * }
 * ```
 */
export function fileSystemOnZram(
  { seed, pages = 8192, profiles = [LINUX_3_12, LINUX_7_3] }: FileSystemOptions,
): readonly FileSystemRun[] {
  assertWhole("run a file system on zram", "pages", pages, 256);
  const ways: readonly Discards[] = ["none", "mount -o discard", "fstrim"];
  return profiles.flatMap((profile) =>
    ways.map((discards) => runFileSystem(profile, discards, pages, seed))
  );
}
