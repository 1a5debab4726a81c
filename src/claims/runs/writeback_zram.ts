/** What zram's writeback takes: frames, decompressions, requests. */
import { lzo } from "../../codec/lzo.ts";
import { Swap } from "../../swap/swap.ts";
import { zramSwapDevice } from "../../swap/device.ts";
import { writeAttribute } from "../../zram/sysfs.ts";
import { countedCodec, CountedDisk, CountedMemory } from "./counting.ts";
import { PROCESS, swapOutByAge } from "./swap_by_age.ts";
import { limitedZram } from "./swap_machine.ts";
import {
  countPlain,
  type Pages,
  sequentialShare,
  type Written,
} from "./writeback_written.ts";

/** All that is measured of zram. */
export interface ZramWriteback {
  /** What `writeback` answers that is asked for idle pages. */
  readonly errno: string | undefined;
  /** Pages that were written to the device before anybody asked for it. */
  readonly unasked: number;
  /** What was written, as pages and, where the kernel can, as objects. */
  readonly written: readonly Written[];
}

/** The attribute that has pages written back as they are stored. */
const COMPRESSED = "compressed_writeback";

/** A zram with a backing device, on which all pages went out and are idle. */
function filled({ profile, data, seed }: Pages, isCompressed: boolean) {
  const { pageSize, zram: { attributes } } = profile;
  const memory = new CountedMemory({ pageSize });
  const disk = new CountedDisk(data.length + 2, pageSize);
  const codec = countedCodec(lzo);
  const hasBacking = "backing_dev" in attributes;
  const zram = limitedZram(profile, codec, {
    pages: data.length + 1,
    limitPages: 2 * data.length,
    backing: hasBacking ? disk : undefined,
    memory,
    compressedWriteback: isCompressed,
  });
  const swap = new Swap(profile);
  swap.swapon(zramSwapDevice(zram));
  swapOutByAge(swap, data, seed, (page) => swap.swapOut(PROCESS, page));
  writeAttribute(zram, "idle", "all");
  return { zram, memory, disk, codec };
}

/** Pages that are written back with so many frames free. */
function writtenWith(pages: Pages, compressed: boolean, frames: number) {
  const { zram, memory } = filled(pages, compressed);
  memory.left = frames;
  writeAttribute(zram, "writeback", "idle");
  return zram.stats.bdWrites;
}

function measureWritten(pages: Pages, isCompressed: boolean): Written {
  const { zram, memory, disk, codec } = filled(pages, isCompressed);
  const decompressed = codec.decompressions;
  const before = memory.allocatedPages;
  memory.count();
  writeAttribute(zram, "writeback", "idle");
  return {
    name: isCompressed ? "zram, compressed_writeback" : "zram",
    pages: zram.stats.bdWrites,
    decompressions: codec.decompressions - decompressed,
    requests: disk.written.length,
    framesTaken: memory.taken,
    framesAtATime: memory.most - before,
    framesFreed: before - memory.allocatedPages,
    sequential: sequentialShare(disk.written),
    plain: countPlain(pages, disk, disk.written),
    withoutFrames: writtenWith(pages, isCompressed, 0),
    withOneFrame: writtenWith(pages, isCompressed, 1),
  };
}

/** Measures zram's writeback, where the kernel has it. */
export function measureZram(pages: Pages): ZramWriteback {
  const { zram, disk } = filled(pages, false);
  const unasked = disk.written.length;
  const errno = writeAttribute(zram, "writeback", "idle");
  if (errno !== undefined) return { errno, unasked, written: [] };
  const modes = COMPRESSED in pages.profile.zram.attributes
    ? [false, true]
    : [false];
  const written = modes.map((mode) => measureWritten(pages, mode));
  return { errno, unasked, written };
}
