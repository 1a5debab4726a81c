/** A zram device of a running kernel, as a target. */
import type { Profile } from "../linux/profile.ts";
import type { Kernel } from "./kernel.ts";
import {
  isRefusal,
  type Refusal,
  type ZramOptional,
  type ZramTarget,
} from "../targets/target.ts";

/** Where `compr_data_size` is in `mm_stat`. */
const COMPR_DATA_SIZE = 1;
/** How often a reset is tried that others keep from: openers come and go. */
const RESET_TRIES = 50;
/** Milliseconds between two tries. */
const RESET_PAUSE = 20;

/** What a reset leaves of writeback, as it is in a device that was just added. */
const FRESH_WRITEBACK: readonly [attr: string, value: string][] = [
  ["writeback_limit_enable", "0"],
  ["writeback_limit", "0"],
  ["writeback_batch_size", "32"],
  ["compressed_writeback", "0"],
];

/** The error of what should have gone well. */
function unexpected(what: string, { error }: Refusal): Error {
  return new Error(`Cannot ${what}: the kernel answers ${error}`);
}

/**
 * The device `/dev/NAME` of a kernel: attributes by its files in sysfs, pages
 * by direct I/O. It must be nobody else's.
 *
 * What a request beyond the disk is refused with is of the device's file and
 * does not come from zram: ENOSPC for a write, EIO for a read, EINVAL for a
 * discard.
 */
export class LiveZram implements ZramTarget {
  readonly #kernel: Kernel;
  readonly #name: string;
  readonly #profile: Profile;
  /**
   * What each page counts in `compr_data_size`, where it is stored; nothing of
   * one that may have been recompressed.
   */
  readonly #stored = new Map<number, number | undefined>();

  /** The device `name`, such as `zram0`, of a kernel that `profile` describes. */
  constructor(kernel: Kernel, name: string, profile: Profile) {
    this.#kernel = kernel;
    this.#name = name;
    this.#profile = profile;
  }

  /**
   * Resets the device, and sets what a reset leaves to what a device has that
   * was just added, as far as the kernel has it. Throws where others keep it
   * open.
   */
  async create(): Promise<void> {
    await this.#reset();
    this.#stored.clear();
    const { zram } = this.#profile;
    const fresh = [["comp_algorithm", zram.defaultAlgorithm]];
    if (zram.writeback) fresh.push(...FRESH_WRITEBACK);
    for (const [attr, value] of fresh) {
      const refusal = await this.set(attr, value);
      if (refusal !== undefined && refusal.error !== "ENOENT") {
        throw unexpected(`set ${attr} of /dev/${this.#name}`, refusal);
      }
    }
  }

  /** Writes a sysfs attribute, the device's file being closed meanwhile. */
  async set(attr: string, value: string): Promise<Refusal | undefined> {
    await this.#kernel.closeDevice();
    const refusal = await this.#kernel.writeFile(this.#sysfs(attr), value);
    // Even one that failed may have written pages back before.
    if (attr === "writeback") await this.#forgetWrittenBack();
    if (attr === "recompress") await this.#forgetRecompressed();
    if (attr === "reset" && refusal === undefined) this.#stored.clear();
    return refusal;
  }

  /** Reads a sysfs attribute. */
  async get(attr: string): Promise<{ value: string } | Refusal> {
    const shown = await this.#kernel.readFile(this.#sysfs(attr));
    return isRefusal(shown) ? shown : { value: shown.text };
  }

  /**
   * Writes a page; what it counts is what `compr_data_size` grew by, unless the
   * page before was recompressed: what that counted is not shown.
   */
  async write(
    page: number,
    data: Uint8Array,
  ): Promise<{ stored?: number } | Refusal> {
    const before = await this.#comprDataSize();
    const refusal = await this.#kernel.writeBlocks(
      this.#device,
      page * this.#profile.pageSize,
      data,
    );
    if (refusal !== undefined) return refusal;
    const grown = await this.#comprDataSize() - before;
    const isTold = this.tellsStored(page);
    const stored = isTold ? grown + (this.#stored.get(page) ?? 0) : undefined;
    this.#stored.set(page, stored);
    return stored === undefined ? {} : { stored };
  }

  /** Whether it can tell how a page is stored that is written next. */
  tellsStored(page: number): boolean {
    return !this.#stored.has(page) || this.#stored.get(page) !== undefined;
  }

  /** Reads a page. */
  async read(page: number): Promise<{ data: Uint8Array } | Refusal> {
    const { pageSize } = this.#profile;
    return await this.#kernel.readBlocks(
      this.#device,
      page * pageSize,
      pageSize,
    );
  }

  /** Discards pages. */
  async discard(page: number, pages: number): Promise<Refusal | undefined> {
    const { pageSize } = this.#profile;
    const refusal = await this.#kernel.discardBlocks(
      this.#device,
      page * pageSize,
      pages * pageSize,
    );
    if (refusal !== undefined) return refusal;
    for (let nth = 0; nth < pages; nth++) this.#stored.delete(page + nth);
  }

  /**
   * Lets the kernel's clock go on, by which pages come of age. It goes on
   * without that too, so a random program asks for none, see `optional`.
   */
  async wait(seconds: number): Promise<void> {
    await this.#kernel.sleep(seconds);
  }

  /** What random programs ask for beyond what every device can do. */
  optional(): Promise<readonly ZramOptional[]> {
    return Promise.resolve(["block_state"]);
  }

  /** The numbers of `mm_stat`, in its order. */
  mmStat(): Promise<number[]> {
    return this.#numbers("mm_stat");
  }

  /** The numbers of `bd_stat`, in its order. */
  bdStat(): Promise<number[]> {
    return this.#numbers("bd_stat");
  }

  /** Pages that are stored and their flags, from debugfs `block_state`. */
  async blockState(): Promise<[number, string][] | Refusal> {
    const path = `/sys/kernel/debug/zram/${this.#name}/block_state`;
    const shown = await this.#kernel.readFile(path);
    if (isRefusal(shown)) return shown;
    return shown.text.trim().split("\n").filter(Boolean).map((row) => {
      const [page, , flags] = row.trim().split(/\s+/);
      return [Number(page), flags];
    });
  }

  get #device(): string {
    return `/dev/${this.#name}`;
  }

  #sysfs(attr: string): string {
    return `/sys/block/${this.#name}/${attr}`;
  }

  async #comprDataSize(): Promise<number> {
    return (await this.mmStat())[COMPR_DATA_SIZE];
  }

  async #numbers(attr: string): Promise<number[]> {
    const shown = await this.get(attr);
    if (isRefusal(shown)) {
      throw unexpected(`read ${attr} of ${this.#device}`, shown);
    }
    return shown.value.trim().split(/\s+/).map(Number);
  }

  async #reset(): Promise<void> {
    let refusal: Refusal | undefined;
    for (let nth = 0; nth < RESET_TRIES; nth++) {
      refusal = await this.set("reset", "1");
      if (refusal?.error !== "EBUSY") break;
      await new Promise((resolve) => setTimeout(resolve, RESET_PAUSE));
    }
    if (refusal !== undefined) {
      throw unexpected(`reset ${this.#device}`, refusal);
    }
  }

  /** Forgets what pages counted that have left the pool. */
  async #forgetWrittenBack(): Promise<void> {
    const state = await this.blockState();
    // There is none to show before the disk is made.
    if (isRefusal(state)) return;
    for (const [page, flags] of state) {
      if (flags.includes("w")) this.#stored.delete(page);
    }
  }

  /**
   * What pages count that may have been recompressed is not known any more:
   * those that `block_state` shows as such, or all where there is none.
   */
  async #forgetRecompressed(): Promise<void> {
    const state = await this.blockState();
    const pages = isRefusal(state)
      ? this.#stored.keys()
      : state.flatMap(([page, flags]) => flags.includes("r") ? [page] : []);
    for (const page of pages) {
      if (this.#stored.has(page)) this.#stored.set(page, undefined);
    }
  }
}
