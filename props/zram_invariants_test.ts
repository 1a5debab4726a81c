import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkZram,
  DEVICE_INVARIANTS,
  InvariantError,
  LIMIT_INVARIANTS,
  limitsBefore,
  LINUX_6_18,
  type Profile,
  RamBackingDevice,
  SLOT_INVARIANTS,
  type Violation,
  writeAttribute,
  Zram,
  ZRAM_6_1,
  ZRAM_6_18_FULL,
  ZRAM_HUGE,
  ZRAM_IDLE,
  ZRAM_INCOMPRESSIBLE,
  ZRAM_INVARIANTS,
  ZRAM_PP_SLOT,
  ZRAM_SAME,
} from "../mod.ts";
import { CODECS } from "./zram_codecs.ts";

const FULL: Profile = { ...LINUX_6_18, zram: ZRAM_6_18_FULL };
const OLD: Profile = { ...LINUX_6_18, zram: ZRAM_6_1 };

/** Pages of a device: same-filled, an object, written back, and none. */
const SAME = 0;
const OBJECT = 1;
const BACK = 2;
const EMPTY = 3;

function makeZram(profile: Profile): Zram {
  const zram = new Zram(profile, {
    codecs: CODECS,
    backingDevices: new Map([["/dev/sda", new RamBackingDevice(8, 4096)]]),
  });
  zram.setAlgorithm("lz4");
  zram.setBackingDev("/dev/sda");
  zram.setDisksize(4 * 4096);
  zram.write(SAME, new Uint8Array(4096));
  const page = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);
  zram.write(OBJECT, page);
  zram.write(BACK, page);
  assertEquals(zram.writeback(`page_index=${BACK}`), undefined);
  return zram;
}

/** For each rule something that breaks it. */
const BREAKS: Readonly<Record<string, (zram: Zram) => void>> = {
  "zram/slot-object": ({ slots }) => slots.setObject(EMPTY, 8000, 100, 0),
  "zram/one-place": ({ slots }) => slots.setFlag(BACK, ZRAM_SAME),
  "zram/object-size": ({ slots }) => slots.setFlag(OBJECT, ZRAM_HUGE),
  "zram/empty-slot": ({ slots }) => slots.setFlag(EMPTY, ZRAM_IDLE),
  "zram/idle": ({ slots }) => slots.setFlag(BACK, ZRAM_IDLE),
  "zram/block": ({ slots, backing }) => backing?.freeBlock(slots.block(BACK)),
  "zram/priority": ({ slots }) => slots.setPriority(OBJECT, 3),
  "zram/incompressible": ({ slots }) =>
    slots.setFlag(BACK, ZRAM_INCOMPRESSIBLE),
  "zram/operation-marks": ({ slots }) => slots.setFlag(OBJECT, ZRAM_PP_SLOT),
  "zram/access-time": ({ slots }) => slots.setAcTime(OBJECT, 1),
  "zram/counters": ({ stats }) => stats.pagesStored++,
  "zram/objects": ({ pool }) => pool?.malloc(100),
  "zram/blocks": ({ backing }) => backing?.allocBlock(),
  "zram/bd-count": ({ stats }) => stats.bdCount++,
  "zram/bd-writes": ({ stats }) => stats.bdWrites = 0,
  "zram/mem-used-max": ({ stats }) => stats.maxUsedPages = 0,
  "zram/huge-pages-since": ({ stats }) => stats.hugePages++,
};

/** How a device breaks a rule of either list, if it does. */
function violationOf(id: string, zram: Zram): Violation | undefined {
  const ofSlots = SLOT_INVARIANTS.find((rule) => rule.id === id);
  const slots = Array.from({ length: zram.slots.length }, (_, slot) => slot);
  const ofDevice = DEVICE_INVARIANTS.find((rule) => rule.id === id);
  return slots.map((slot) => ofSlots?.check(zram, slot))
    .find((violation) => violation !== undefined) ??
    ofDevice?.check(zram, zram);
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
  for (const [id, breakRule] of Object.entries(BREAKS)) {
    // Recompression is free to leave mem_used_max behind; 6.1 has none.
    const zram = makeZram(id === "zram/mem-used-max" ? OLD : FULL);
    checkZram(zram);
    assertEquals(violationOf(id, zram), undefined, id);
    breakRule(zram);
    assert(violationOf(id, zram) !== undefined, id);
    assertThrows(() => checkZram(zram), InvariantError);
  }
});

Deno.test("a pool that grew beyond its limit, and pages written beyond theirs, are found", () => {
  const [memLimit, writebackLimit] = LIMIT_INVARIANTS;
  const zram = makeZram(OLD);
  writeAttribute(zram, "mem_limit", "4096");
  const before = limitsBefore(zram);
  assertEquals(memLimit.check(before, zram), undefined);
  for (let nth = 0; nth < 9; nth++) zram.pool?.malloc(4096);
  assertEquals(memLimit.check(before, zram)?.where, "mem_used_total");

  writeAttribute(zram, "writeback_limit", "1");
  writeAttribute(zram, "writeback_limit_enable", "1");
  const enabled = limitsBefore(zram);
  zram.stats.bdWrites++;
  assertEquals(writebackLimit.check(enabled, zram), undefined);
  zram.stats.bdWrites++;
  assertEquals(
    writebackLimit.check(enabled, zram)?.where,
    "pages written back",
  );
});
