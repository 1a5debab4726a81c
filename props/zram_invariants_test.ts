import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkLimits,
  checkZram,
  DEVICE_INVARIANTS,
  InvariantError,
  LIMIT_INVARIANTS,
  limitsBefore,
  LINUX_6_18_FULL,
  type Profile,
  RamBackingDevice,
  SLOT_INVARIANTS,
  type Violation,
  violationOf,
  writeAttribute,
  Zram,
  ZRAM_HUGE,
  ZRAM_IDLE,
  ZRAM_INCOMPRESSIBLE,
  ZRAM_INVARIANTS,
  ZRAM_LOCK,
  ZRAM_PP_SLOT,
  ZRAM_SAME,
  ZRAM_UNDER_WB,
} from "../mod.ts";
import { CODECS } from "./zram_codecs.ts";

/** Pages of a device: same-filled, an object, written back, and none. */
const SAME = 0;
const OBJECT = 1;
const BACK = 2;
const EMPTY = 3;

const PAGE = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);

function makeZram(profile: Profile): Zram {
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
type Break = (zram: Zram) => void;

/** For each rule everything that breaks it. */
const BREAKS: Readonly<Record<string, readonly Break[]>> = {
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
const KERNELS: Readonly<Record<string, Profile>> = {
  "zram/same-word": { ...LINUX_6_18_FULL, wordBits: 32, physBits: 32 },
};

/** How a device breaks a rule of either list, if it does. */
function brokenBy(id: string, zram: Zram): Violation | undefined {
  const ofSlots = SLOT_INVARIANTS.find((rule) => rule.id === id);
  const slots = Array.from({ length: zram.slots.length }, (_, slot) => slot);
  const ofDevice = DEVICE_INVARIANTS.find((rule) => rule.id === id);
  return slots.map((slot) => violationOf(ofSlots?.check(zram, slot)))
    .find((violation) => violation !== undefined) ??
    violationOf(ofDevice?.check(zram, zram));
}

Deno.test("every rule about zram has an id of its own, a sentence and a source", () => {
  const ids = ZRAM_INVARIANTS.map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
  for (const { id, sentence, source } of ZRAM_INVARIANTS) {
    assert(/^zram\/[a-z-]+$/.test(id), id);
    assert(sentence.endsWith("."), id);
    assert(source.includes("zram_drv"), id);
  }
});

Deno.test("every rule about slots and devices holds, and says where it is broken", () => {
  const rules = [...SLOT_INVARIANTS, ...DEVICE_INVARIANTS];
  assertEquals(rules.map(({ id }) => id), Object.keys(BREAKS));
  for (const [id, breaks] of Object.entries(BREAKS)) {
    for (const [nth, breakRule] of breaks.entries()) {
      const zram = makeZram(KERNELS[id] ?? LINUX_6_18_FULL);
      checkZram(zram);
      assertEquals(brokenBy(id, zram), undefined, id);
      breakRule(zram);
      assert(brokenBy(id, zram) !== undefined, `${id}, break ${nth}`);
      assertThrows(() => checkZram(zram), InvariantError);
    }
  }
});

Deno.test("pages of zeros alone are same-filled up to 4.10", () => {
  const zram = { ...LINUX_6_18_FULL.zram, sameFilled: "zeros" as const };
  const old = makeZram({ ...LINUX_6_18_FULL, zram });
  checkZram(old);
  old.slots.setSame(SAME, 1, 0);
  assertEquals(brokenBy("zram/same-word", old)?.where, "same-filled slot 0");
});

/** For each rule about limits what is set, and then what breaks it. */
const LIMIT_BREAKS: Readonly<Record<string, readonly [Break, Break]>> = {
  "zram/mem-limit": [
    (zram) => writeAttribute(zram, "mem_limit", "4096"),
    ({ pool }) => pool?.malloc(4096),
  ],
  "zram/writeback-limit": [
    (zram) => limitWriteback(zram, 1n),
    ({ stats }) => stats.bdWrites += 2,
  ],
  "zram/writeback-charge": [
    (zram) => limitWriteback(zram, 5n),
    ({ stats }) => stats.bdWrites++,
  ],
  "zram/events": [
    () => {},
    ({ ioStat }) => ioStat.numWrites--,
  ],
  "zram/pages-compacted": [
    () => {},
    (zram) => zram.initialisedPool.pagesCompacted++,
  ],
  "zram/mem-used-max-written": [
    () => {},
    (zram) => {
      zram.write(EMPTY, PAGE);
      zram.stats.maxUsedPages++;
    },
  ],
  "zram/mem-used-max-kept": [
    () => {},
    ({ stats }) => stats.maxUsedPages++,
  ],
  "zram/writestall": [
    () => {},
    ({ ioStat }) => ioStat.writestall++,
  ],
  "zram/reset-gives-back": [
    () => {},
    (zram) => zram.pool = undefined,
  ],
};

function limitWriteback(zram: Zram, limit: bigint): void {
  writeAttribute(zram, "writeback_limit", String(limit));
  writeAttribute(zram, "writeback_limit_enable", "1");
}

Deno.test("an operation that breaks a limit, or takes a counter back, is found", () => {
  assertEquals(
    LIMIT_INVARIANTS.map(({ id }) => id),
    Object.keys(LIMIT_BREAKS),
  );
  for (const rule of LIMIT_INVARIANTS) {
    const [set, breakRule] = LIMIT_BREAKS[rule.id];
    const zram = makeZram(LINUX_6_18_FULL);
    set(zram);
    const before = limitsBefore(zram);
    checkLimits(before, zram);
    breakRule(zram);
    assert(rule.check(before, zram) !== undefined, rule.id);
    assertThrows(() => checkLimits(before, zram), InvariantError);
  }
});

Deno.test("a writeback within its limit is charged to it, and a reset starts every counter anew", () => {
  const zram = makeZram(LINUX_6_18_FULL);
  limitWriteback(zram, 5n);
  const before = limitsBefore(zram);
  assertEquals(zram.writeback(`page_index=${OBJECT}`), undefined);
  checkLimits(before, zram);
  assertEquals(zram.wbLimit, 4n);
  zram.reset();
  checkLimits(before, zram);
});
