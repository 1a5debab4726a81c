/** Ways to break the rules about slots and devices, one by one. */
import { assertEquals } from "@std/assert";
import {
  LINUX_6_18_FULL,
  LINUX_7_3,
  type Profile,
  RamBackingDevice,
  Zram,
  ZRAM_HUGE,
  ZRAM_IDLE,
  ZRAM_INCOMPRESSIBLE,
  ZRAM_LOCK,
  ZRAM_PP_SLOT,
  ZRAM_SAME,
  ZRAM_UNDER_WB,
} from "../mod.ts";
import { CODECS } from "./zram_codecs.ts";

/** Pages of a device: same-filled, an object, written back, and none. */
export const SAME = 0;
export const OBJECT = 1;
export const BACK = 2;
export const EMPTY = 3;

/** A page that compresses. */
export const PAGE: Uint8Array<ArrayBuffer> = Uint8Array.from(
  { length: 4096 },
  (_, at) => at % 251,
);

/** A device of those four pages. */
export function makeZram(profile: Profile): Zram {
  const zram = new Zram(profile, {
    codecs: CODECS,
    backingDevices: new Map([["/dev/sda", new RamBackingDevice(8, 4096)]]),
  });
  zram.setAlgorithm("lz4");
  zram.setBackingDev("/dev/sda");
  zram.setDisksize(4 * 4096);
  zram.write(SAME, new Uint8Array(4096));
  zram.write(OBJECT, PAGE);
  zram.write(BACK, PAGE);
  assertEquals(zram.writeback(`page_index=${BACK}`), undefined);
  return zram;
}

/** Ways to break a rule. */
export type Break = (zram: Zram) => void;

/** For each rule everything that breaks it. */
export const BREAKS: Readonly<Record<string, readonly Break[]>> = {
  "zram/slot-object": [
    ({ slots }) => slots.setObject(EMPTY, 8000, 100, 0),
    ({ slots, pool }) => pool?.free(slots.handle(OBJECT)),
  ],
  "zram/one-place": [({ slots }) => slots.setFlag(BACK, ZRAM_SAME)],
  "zram/object-size": [
    ({ slots }) => slots.setFlag(OBJECT, ZRAM_HUGE),
    ({ slots }) => slots.setObject(SAME, 0, 100, 0),
    (zram) => zram.wholeFrom = zram.slots.size(OBJECT),
  ],
  "zram/object-class": [
    ({ slots }) => slots.setObject(OBJECT, slots.handle(OBJECT), 2048, 0),
  ],
  "zram/empty-slot": [
    ({ slots }) => slots.setFlag(EMPTY, ZRAM_IDLE),
    ({ slots }) => slots.setPriority(EMPTY, 1),
    ({ slots }) => slots.setObject(EMPTY, 1, 0, 0),
  ],
  "zram/same-word": [({ slots }) => slots.setSame(SAME, 1, 1)],
  "zram/idle": [({ slots }) => slots.setFlag(BACK, ZRAM_IDLE)],
  "zram/block": [
    ({ slots, backing }) => backing?.freeBlock(slots.block(BACK)),
    ({ slots }) => slots.setBlock(BACK, 8),
    ({ slots }) => slots.setBlock(BACK, 0),
  ],
  // The block has the page itself.
  "zram/block-tail": [(zram) => zram.compressedWb = true],
  "zram/priority": [
    ({ slots }) => slots.setPriority(OBJECT, 3),
    ({ slots }) => slots.setPriority(BACK, 1),
  ],
  "zram/incompressible": [
    ({ slots }) => slots.setFlag(BACK, ZRAM_INCOMPRESSIBLE),
    ({ slots }) => slots.setFlag(OBJECT, ZRAM_INCOMPRESSIBLE),
  ],
  "zram/operation-marks": [
    ({ slots }) => slots.setFlag(OBJECT, ZRAM_PP_SLOT),
    ({ slots }) => slots.setFlag(OBJECT, ZRAM_LOCK),
    ({ slots }) => slots.setFlag(EMPTY, ZRAM_UNDER_WB),
  ],
  "zram/access-time": [({ slots }) => slots.setAcTime(OBJECT, 1)],
  "zram/disksize": [
    (zram) => zram.disksize += 4096,
    (zram) => zram.pool = undefined,
  ],
  "zram/counters": [
    ({ stats }) => stats.pagesStored++,
    ({ stats }) => stats.comprDataSize--,
    ({ stats }) => stats.samePages++,
    ({ stats }) => stats.hugePages++,
  ],
  "zram/objects": [
    ({ pool }) => pool?.malloc(100),
    (zram) => {
      // The written page's object is the other slot's, and its own is lost.
      zram.write(EMPTY, PAGE);
      const size = zram.slots.size(OBJECT);
      zram.slots.clear(EMPTY);
      zram.slots.setObject(EMPTY, zram.slots.handle(OBJECT), size, 0);
    },
  ],
  "zram/blocks": [
    ({ backing }) => backing?.allocBlock(),
    ({ slots, stats }) => {
      slots.setBlock(EMPTY, slots.block(BACK));
      stats.pagesStored++;
    },
  ],
  "zram/bd-count": [
    ({ stats }) => stats.bdCount++,
    ({ slots, backing }) => backing?.freeBlock(slots.block(BACK)),
  ],
  "zram/bd-writes": [({ stats }) => stats.bdWrites = 0],
  "zram/bd-reads": [
    (zram) => zram.backing = undefined,
    (zram) => {
      zram.reset();
      zram.stats.bdReads++;
    },
  ],
  "zram/backing-holder": [
    ({ backing }) => {
      if (backing !== undefined) backing.device.holder = undefined;
    },
  ],
  "zram/mem-used-total": [({ stats }) => stats.comprDataSize = 1 << 20],
  "zram/mem-used-max": [({ stats }) => stats.maxUsedPages = 0],
  "zram/huge-pages-since": [({ stats }) => stats.hugePages++],
  "zram/failed-io": [
    ({ ioStat }) => ioStat.failedReads = ioStat.numReads + 1,
    ({ ioStat }) => ioStat.failedWrites = ioStat.numWrites + 1,
    ({ ioStat }) => ioStat.missFree++,
  ],
  "zram/post-processing": [
    (zram) => zram.ppInProgress = true,
    (zram) => zram.initLockReaders = 1,
  ],
};

/** Kernels in which a rule can be broken, where not in every one. */
export const KERNELS: Readonly<Record<string, Profile>> = {
  "zram/same-word": { ...LINUX_6_18_FULL, wordBits: 32, physBits: 32 },
  "zram/block-tail": LINUX_7_3,
};
