/** How large a zram device may be, for data like a sample's and a machine's RAM. */
import type { Profile } from "../linux/profile.ts";
import { zramTableBytes } from "../zram/table.ts";
import { filledDevice, objectBytes } from "./filled.ts";
import type { Mix } from "./measuring.ts";
import { type Aged, agePool } from "./size_aging.ts";
import {
  afterWriteback,
  inProportion,
  largest,
  poolBytes,
} from "./size_mix.ts";
import { UsageError } from "./usage.ts";

/** The unit of disksize and mem_limit here, which is zram-generator's. */
const MIB = 1 << 20;
/** Disks are looked for up to so many times the RAM. */
export const MOST_DISK = 64;

/** What a device is to fit into. */
export interface SizeRequest {
  /** The kernel. */
  readonly profile: Profile;
  /** Bytes of RAM. */
  readonly ram: number;
  /** The share of it that zram may take. */
  readonly share: number;
  /** Bytes of a backing device, if there is to be one. */
  readonly backing: number | undefined;
  /** How the pool ages. */
  readonly seed: number;
}

/** When zram first answers EIO. */
export interface FirstEio {
  /**
   * Pages of such data that a new pool holds within mem_limit, were the disk
   * large enough: the next is refused. Nothing where that is never.
   */
  readonly heldPages: number | undefined;
  /** Chunks that are free then: pages of these sizes are taken still. */
  readonly freeChunks: number;
  /** Data that compresses by less is refused before the disk is full. */
  readonly belowRatio: number;
}

/** What a backing device makes of it. */
export interface Backed {
  /** Pages that it takes. */
  readonly blocks: number;
  /** Bytes of the disk that there may be then. */
  readonly disksize: number;
  /** Bytes of its table of slots. */
  readonly tableBytes: number;
  /** Bytes of the limit, which its larger table makes smaller. */
  readonly memLimit: number;
  /** When there is an EIO, if nothing was written back by then. */
  readonly firstEio: FirstEio;
}

/** A device for data of one algorithm. */
export interface SizePlan {
  /** Bytes of the disk. */
  readonly disksize: number;
  /** Bytes of the limit. */
  readonly memLimit: number;
  /** Bytes of the table of slots. */
  readonly tableBytes: number;
  /** Bytes of the objects, the disk being full of such data. */
  readonly objectBytes: number;
  /** Bytes of the pool then, if it is new. */
  readonly poolBytes: number;
  /** How the pool ages. */
  readonly aged: Aged;
  /** When there is an EIO. */
  readonly firstEio: FirstEio;
  /** With a backing device, if there is one. */
  readonly backed?: Backed;
}

/**
 * The largest disk, in MiB, whose pages leave zram within its share of RAM when
 * all are written: the pool, aged, and the table of slots. The limit is what
 * the table leaves of that share. `step` is told how many rounds of aging are
 * done.
 */
export function planSize(
  request: SizeRequest,
  sample: Mix,
  step?: (rounds: number) => void,
): SizePlan {
  const { profile, ram, share, backing, seed } = request;
  const aged = agePool(profile, sample, ram * share, seed, step);
  const none = fittingDisk(request, sample, aged, 0);
  const mix = inProportion(sample, none.disksize / profile.pageSize);
  const plan = {
    ...none,
    objectBytes: objectBytes(mix),
    poolBytes: poolBytes(profile, mix),
    aged,
    firstEio: firstEio(request, sample, none),
  };
  if (backing === undefined) return plan;
  const blocks = blocksOf(profile, backing);
  const disk = fittingDisk(request, sample, aged, blocks);
  return {
    ...plan,
    backed: { blocks, ...disk, firstEio: firstEio(request, sample, disk) },
  };
}

/** Blocks of a backing device that can be used: up to 6.18 all but the first. */
export function blocksOf(
  { pageSize, zram: { writebackOrder } }: Profile,
  bytes: number,
): number {
  const blocks = Math.floor(bytes / pageSize);
  return writebackOrder === "in-batches" ? blocks : blocks - 1;
}

/** A disk, its table and its limit. */
type Disk = Pick<SizePlan, "disksize" | "memLimit" | "tableBytes">;

/** The largest disk that is looked for, in MiB. */
const mostMebibytes = (ram: number) => Math.floor(MOST_DISK * ram / MIB);

/** Whether a disk is as large as any that is looked for. */
export function isMostDisk(
  { ram }: SizeRequest,
  { disksize }: Pick<SizePlan, "disksize">,
): boolean {
  return disksize === mostMebibytes(ram) * MIB;
}

/** The largest disk of which the pages, but for `blocks`, are within the share. */
function fittingDisk(
  { profile, ram, share }: SizeRequest,
  sample: Mix,
  { full }: Aged,
  blocks: number,
): Disk {
  const budget = ram * share;
  const diskOf = (mebibytes: number): Disk => {
    const disksize = mebibytes * MIB;
    const tableBytes = zramTableBytes(profile, disksize);
    const left = Math.floor((budget - tableBytes) / MIB) * MIB;
    return { disksize, tableBytes, memLimit: left };
  };
  const fits = (mebibytes: number) => {
    const { disksize, memLimit } = diskOf(mebibytes);
    const mix = inProportion(sample, disksize / profile.pageSize);
    const inMemory = afterWriteback(profile, mix, blocks);
    return poolBytes(profile, inMemory) * full <= memLimit;
  };
  const disk = diskOf(largest(mostMebibytes(ram), fits));
  if (disk.disksize > 0 && disk.memLimit > 0) return disk;
  throw new UsageError(
    `The RAM is ${ram} bytes: ${
      100 * share
    }% of it is too little for a disk of a mebibyte`,
  );
}

/** Where a new pool of such data reaches the limit, the disk being no bound. */
function firstEio(
  { profile, ram }: SizeRequest,
  sample: Mix,
  { disksize, memLimit }: Disk,
): FirstEio {
  const most = Math.floor(MOST_DISK * ram / profile.pageSize);
  const held = largest(
    most,
    (pages) => poolBytes(profile, inProportion(sample, pages)) <= memLimit,
  );
  const { classes } = filledDevice(profile, inProportion(sample, held));
  return {
    heldPages: held === most ? undefined : held,
    freeChunks: classes.reduce(
      (sum, { objectsAllocated, objectsUsed }) =>
        sum + objectsAllocated - objectsUsed,
      0,
    ),
    belowRatio: disksize / memLimit,
  };
}
