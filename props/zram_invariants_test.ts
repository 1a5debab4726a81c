import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkLimits,
  checkZram,
  DEVICE_INVARIANTS,
  InvariantError,
  LIMIT_INVARIANTS,
  limitsBefore,
  LINUX_6_18_FULL,
  Reach,
  SLOT_INVARIANTS,
  SlotsTally,
  type Violation,
  violationOf,
  writeAttribute,
  Zram,
  ZRAM_INVARIANTS,
} from "../mod.ts";
import {
  type Break,
  BREAKS,
  EMPTY,
  KERNELS,
  makeZram,
  OBJECT,
  PAGE,
  SAME,
} from "./zram_breaks.ts";

/** How a device breaks a rule of either list, if it does. */
function brokenBy(id: string, zram: Zram): Violation | undefined {
  const ofSlots = SLOT_INVARIANTS.find((rule) => rule.id === id);
  const slots = Array.from({ length: zram.slots.length }, (_, slot) => slot);
  const ofDevice = DEVICE_INVARIANTS.find((rule) => rule.id === id);
  const tally = new SlotsTally(zram);
  for (const slot of slots) tally.count(slot);
  return slots.map((slot) => violationOf(ofSlots?.check(zram, slot)))
    .find((violation) => violation !== undefined) ??
    violationOf(ofDevice?.check(zram, tally));
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
  "zram/temporary-pages": [
    () => {},
    ({ memory }) => memory.allocPage(),
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
    const violation = violationOf(rule.check(before, zram));
    assert(violation !== undefined, rule.id);
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

Deno.test("rules are silent about what a device has not", () => {
  const countsOf = (zram: Zram) => {
    const reach = new Reach();
    checkZram(zram, reach);
    checkLimits(limitsBefore(zram), zram, reach);
    return reach.counts();
  };
  const zram = new Zram(LINUX_6_18_FULL);
  assertEquals(countsOf(zram), { "zram/disksize": 1 });
  zram.setDisksize(2 * 4096);
  const empty = {
    "zram/bd-reads": 1,
    "zram/counters": 1,
    "zram/disksize": 1,
    "zram/empty-slot": 2,
    "zram/objects": 1,
    "zram/temporary-pages": 1,
  };
  assertEquals(countsOf(zram), empty);
  zram.write(0, new Uint8Array(4096));
  assertEquals(countsOf(zram), {
    ...empty,
    "zram/empty-slot": 1,
    "zram/object-size": 1,
    "zram/one-place": 1,
    "zram/operation-marks": 1,
    "zram/same-word": 1,
    "zram/slot-object": 1,
  });
});

Deno.test("that a limit is kept counts where the limit was met", () => {
  const zram = makeZram({
    ...LINUX_6_18_FULL,
    zram: { ...LINUX_6_18_FULL.zram, multiComp: false },
  });
  const [limit] = LIMIT_INVARIANTS;
  const reach = new Reach();
  const write = (data: Uint8Array) => {
    const before = limitsBefore(zram);
    zram.write(EMPTY, data);
    checkLimits(before, zram, reach);
    return reach.of(limit);
  };
  const noise = new Uint8Array(4096);
  for (let at = 0; at < 4096; at++) noise[at] = at * at * 31 >> 5;
  assertEquals(write(noise), 0, "no limit");
  zram.slotFreeNotify(EMPTY);
  writeAttribute(zram, "mem_limit", "4096");
  assertEquals(write(new Uint8Array(4096)), 0, "nothing was stored");
  assertEquals(write(noise), 1, "it was refused");
});
