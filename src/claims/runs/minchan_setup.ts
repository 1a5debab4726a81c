/** What the scenarios of 2013 are set up with: swap devices, and where files are. */
import { createDmCache } from "../../dm_cache/create.ts";
import type { DmCache } from "../../dm_cache/dm_cache.ts";
import type { Errno } from "../../linux/errno.ts";
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { blockSwapDevice, zramSwapDevice } from "../../swap/device.ts";
import { type BackingDevice, RamBackingDevice } from "../../zram/backing.ts";
import { zramBlockDevice } from "../../zram/block_device.ts";
import { Zram } from "../../zram/device.ts";
import { type BuildSizes, type Files, scaledPages } from "./kernel_build.ts";
import { STATED_LZO } from "./page_lengths.ts";
import { SmallFileSystem } from "./small_file_system.ts";
import type { NewPages, SmallMachine } from "./small_machine.ts";
import { Tmpfs } from "./tmpfs.ts";

/** Where pages are swapped to. */
export type SwapOn =
  /** A zram device. */
  | "zram"
  /** A dm-cache of zram, its metadata on zram too, before a disk. */
  | "dm-cache"
  /**
   * A zram device that writes pages back: those stored whole, by `huge_idle`,
   * and where that is not enough all others, by `idle`.
   */
  | "zram with writeback"
  /** The disk, with nothing before it: what the others are held against. */
  | "disk";

/** Sizes in MiB of the machine of 1 GiB that is scaled down. */
export interface MinchanSizes extends BuildSizes {
  /** The hog: "allocates random data up to 800M". */
  readonly hog: number;
  /** The kernel, and what runs beside. */
  readonly kernel: number;
  /** The swap device, the disk behind it, and that of the file system: "1G". */
  readonly disk: number;
  /** "zram-cache 1G": as large as the disk. */
  readonly cache: number;
  /** "zram-meta 10M". */
  readonly metadata: number;
}

/** The sizes of the letter where it says any; the rest is what such work takes. */
export const MINCHAN_SIZES: MinchanSizes = {
  // 800 and 550 MB, of a million bytes.
  hog: 763,
  kernel: 16,
  disk: 1024,
  cache: 1024,
  metadata: 10,
  tree: 525,
  objects: 320,
  compiler: 32,
  linker: 128,
};

/** A kernel as these scenarios need it. */
export interface MinchanKernel {
  /** The kernel. */
  readonly profile: Profile;
  /** On which list new pages come. */
  readonly newPages: NewPages;
}

/** The kernel of the letter's time, and today's; both with lzo. */
export const MINCHAN_KERNELS: readonly MinchanKernel[] = [
  { profile: LINUX_3_12, newPages: "active" },
  { profile: LINUX_7_3, newPages: "inactive" },
];

/** A swap device, and what is behind it. */
export interface SwapStack {
  /** The zram device. */
  readonly zram?: Zram;
  /** The disk. */
  readonly disk?: CountedDisk;
  /** The dm-cache of the two. */
  readonly dmCache?: DmCache;
}

/** A disk that counts its writes. */
export class CountedDisk extends RamBackingDevice {
  /** Pages that were written. */
  writes = 0;

  /** Writes a block; EIO beyond the end. */
  override writePage(block: number, data: Uint8Array): Errno | undefined {
    this.writes++;
    return super.writePage(block, data);
  }
}

/** What a scenario is set up with. */
export interface Setup {
  /** The kernel. */
  readonly kernel: MinchanKernel;
  /** Sizes in MiB of 1 GiB. */
  readonly sizes: MinchanSizes;
  /** Frames that stand for 1 GiB. */
  readonly frames: number;
  /** Requests that the dm-cache's disk has at a time. */
  readonly requestsInFlight: number;
}

/** A zram device on the machine's memory; its table is taken from that. */
export function zramOn(
  machine: SmallMachine,
  { profile }: MinchanKernel,
  pages: number,
  disk?: BackingDevice,
): Zram {
  const zram = new Zram(profile, {
    memory: machine.memory,
    codecs: STATED_LZO,
    backingDevices: new Map(disk === undefined ? [] : [["/dev/disk", disk]]),
  });
  if (disk !== undefined) zram.setBackingDev("/dev/disk");
  if (zram.algorithm !== "lzo") zram.setAlgorithm("lzo");
  const errno = zram.setDisksize(pages * profile.pageSize);
  if (errno !== undefined) throw new Error(`Cannot set zram up: ${errno}`);
  machine.keep(zram.tableBytes / profile.pageSize);
  return zram;
}

/** Swaps the devices of a scenario on. */
export function swapOn(
  machine: SmallMachine,
  on: SwapOn,
  run: Setup,
): SwapStack {
  const pages = scaledPages(run.frames, run.sizes.disk);
  const disk = on === "zram" ? undefined : new CountedDisk(pages, 4096);
  if (on === "disk" && disk !== undefined) {
    machine.swap.swapon(blockSwapDevice(disk));
    return { disk };
  }
  if (on === "dm-cache" && disk !== undefined) {
    const cachePages = scaledPages(run.frames, run.sizes.cache);
    const zram = zramOn(machine, run.kernel, cachePages);
    const metadataPages = scaledPages(run.frames, run.sizes.metadata);
    const dmCache = createDmCache({
      metadata: zramBlockDevice(zramOn(machine, run.kernel, metadataPages)),
      cache: zramBlockDevice(zram),
      origin: disk,
      blockSectors: 64,
      requestsInFlight: run.requestsInFlight,
    });
    if (typeof dmCache === "string") throw new Error(`dm-cache: ${dmCache}`);
    machine.swap.swapon(blockSwapDevice(dmCache));
    return { zram, disk, dmCache };
  }
  const zram = zramOn(machine, run.kernel, pages, disk);
  machine.swap.swapon(zramSwapDevice(zram));
  return { zram, disk };
}

/** A file system on a zram device; a page of its cache is taken for each request. */
export function filesOnZram(machine: SmallMachine, zram: Zram): Files {
  const device = zramBlockDevice(zram);
  const system = new SmallFileSystem({
    ...device,
    writePage: (page, data) =>
      machine.makeRoom() ? device.writePage(page, data) : "ENOMEM",
  });
  // Without a page for its cache, it is the caller who is out of memory.
  return {
    create(name, pages) {
      const errno = system.create(name, pages);
      return errno === "ENOMEM" ? "OOM" : errno;
    },
    read(name) {
      const pages = system.read(name);
      return typeof pages === "string" ? pages : undefined;
    },
  };
}

/** A tmpfs; its files are read from memory, and that is not modelled. */
export function filesOnTmpfs(machine: SmallMachine): Files {
  const tmpfs = new Tmpfs(machine);
  return {
    create: (_name, pages) => tmpfs.append(pages),
    read: () => undefined,
  };
}
