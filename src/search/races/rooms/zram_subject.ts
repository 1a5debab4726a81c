/** A zram device as programs of races find it: a disk of few pages. */
import type { Errno } from "../../../linux/errno.ts";
import type { Profile } from "../../../linux/profile.ts";
import { Memory } from "../../../memory/memory.ts";
import { createLock, type Lock, NOBODY } from "../../../rules/lock.ts";
import type { BackingDevice } from "../../../zram/backing.ts";
import { Zram } from "../../../zram/device.ts";
import { letterCodec, PAGE_SIZE } from "./zram_letters.ts";
import { smallOf } from "./small.ts";

/** Pages of the disk, and of each backing device one more: block 0 is not used up to 6.18. */
export const PAGES = 3;

/** Blocks in memory, which answer at once, and how often each was written. */
export class Blocks implements BackingDevice {
  readonly pages = PAGES + 1;
  holder: object | undefined;
  /** How often each block was written. */
  readonly writes: number[] = Array(PAGES + 1).fill(0);
  readonly #blocks: (Uint8Array | undefined)[] = [];

  readPage(block: number, into: Uint8Array): Errno | undefined {
    if (block >= this.pages) return "EIO";
    const held = this.#blocks[block];
    if (held === undefined) into.fill(0);
    else into.set(held);
  }

  writePage(block: number, data: Uint8Array): Errno | undefined {
    if (block >= this.pages) return "EIO";
    this.writes[block]++;
    this.#blocks[block] = data.slice();
  }

  /** What brings the device back to what it is now. */
  remember(): () => void {
    const { holder } = this;
    const blocks = [...this.#blocks];
    return () => {
      this.holder = holder;
      // A block's bytes are replaced, not changed.
      this.#blocks.splice(0, Infinity, ...blocks);
    };
  }
}

/** A device, and what the program did with it. */
export interface ZramSubject {
  readonly zram: Zram;
  readonly devices: ReadonlyMap<string, Blocks>;
  /** Requests that somebody waits for, who has the disk open. */
  requests: number;
  /** Pages that the swap layer gave up: what is in them is nobody's concern. */
  readonly notified: Set<number>;
  /** The address space of two threads that swap pages in, and its lock. */
  readonly mapped: Map<number, string>;
  readonly ptl: Lock;
  /** Whether there is no memory for the pool of a disk. */
  readonly failslab: { isSet: boolean };
}

const BACKING = "sdb";

/** The second algorithm, where there is one. */
function secondOf({ zram }: Profile): string | undefined {
  return zram.multiComp
    ? zram.compAlgorithms.find((name) => name !== zram.defaultAlgorithm)
    : undefined;
}

/** Bytes that pages are compressed to at first, and when recompressed. */
const [LENGTH, SHORTER] = [600, 16];

/** A disk in use, of three pages, with what its kernel can be given. */
export function createZramSubject(profile: Profile): ZramSubject {
  const devices = new Map(
    [BACKING, "sdc"].map((name) => [name, new Blocks()]),
  );
  const second = secondOf(profile);
  const codecs = [letterCodec(profile.zram.defaultAlgorithm, LENGTH)];
  if (second !== undefined) codecs.push(letterCodec(second, SHORTER));
  const failslab = { isSet: false };
  const zram = new Zram(smallOf(profile), {
    codecs,
    failPool: () => failslab.isSet,
    memory: new Memory({ pageSize: PAGE_SIZE, initialFrames: 12 }),
    backingDevices: devices,
  });
  if (profile.zram.writeback) zram.setBackingDev(BACKING);
  if (second !== undefined) zram.setAlgorithm(second, 1);
  zram.setDisksize(PAGES * PAGE_SIZE);
  zram.open();
  return {
    zram,
    devices,
    requests: 0,
    notified: new Set(),
    mapped: new Map(),
    ptl: createLock("ptl", "spinlock"),
    failslab,
  };
}

/** What brings a device back to what the program had made of it at first. */
export function rememberZramSubject(subject: ZramSubject): () => void {
  const { zram, devices, notified, mapped, ptl, failslab } = subject;
  const parts = [zram, ...devices.values()].map((part) => part.remember());
  const [pages, ptes] = [[...notified], [...mapped]];
  const { isSet } = failslab;
  return () => {
    for (const restore of parts) restore();
    subject.requests = 0;
    notified.clear();
    for (const page of pages) notified.add(page);
    mapped.clear();
    for (const [page, letter] of ptes) mapped.set(page, letter);
    ptl.holder = NOBODY;
    failslab.isSet = isSet;
  };
}
