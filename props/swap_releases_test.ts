/** What each release does on the swap path, where they differ. */
import { assert, assertEquals } from "@std/assert";
import {
  blockSwapDevice,
  type BlockSwapOptions,
  checkSwap,
  isBlocked,
  LINUX_3_12,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_16,
  LINUX_6_17,
  LINUX_6_18,
  LINUX_6_19,
  LINUX_7_0,
  LINUX_7_1,
  LINUX_7_2,
  LINUX_7_3,
  Memory,
  NO_PAGE,
  type Profile,
  RamBackingDevice,
  randomFrom,
  runToEnd,
  type Stop,
  stopText,
  Swap,
  swapLayerOf,
  type SwapOptions,
  Zram,
  zramSwapDevice,
} from "../mod.ts";

const PAGE = 4096;
/** Every release that has a kernel of Debian's. */
const RELEASES = [
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_16,
  LINUX_6_17,
  LINUX_6_18,
  LINUX_6_19,
  LINUX_7_0,
  LINUX_7_1,
  LINUX_7_2,
  LINUX_7_3,
];
const BEFORE_6_8 = [LINUX_5_10, LINUX_6_1];
const BEFORE_7_0 = RELEASES.slice(0, 7);
const SINCE_7_0 = RELEASES.slice(7);

/** A page of `noise` random bytes, then ones. */
function noisy(noise: number, seed = 1): Uint8Array {
  const random = randomFrom(seed);
  const page = new Uint8Array(PAGE).fill(1);
  for (let at = 0; at < noise; at++) page[at] = random(256);
  return page;
}

function read(swap: Swap, number: number): Uint8Array | string {
  const into = new Uint8Array(PAGE);
  return swap.read(1, number, into) ?? into;
}

/** Goes on until it waits for what the text says; answers whether it does. */
function runUntil(steps: Generator<Stop, unknown>, text: string): boolean {
  let at = steps.next();
  while (!at.done && !stopText(at.value).includes(text)) at = steps.next();
  return !at.done;
}

interface DiskOptions extends BlockSwapOptions, SwapOptions {
  /** Its pages, the header's among them. */
  readonly pages?: number;
}

/** A swap path with one disk, whose requests fail while told to. */
function onDisk(
  profile: Profile,
  { pages = 64, zswap, memory, ...device }: DiskOptions = {},
): { swap: Swap; fails: { read: boolean; write: boolean } } {
  const fails = { read: false, write: false };
  const disk = new RamBackingDevice(pages, PAGE, {
    failRequest: (kind) => fails[kind],
  });
  const swap = new Swap(profile, { zswap, memory });
  swap.swapon(blockSwapDevice(disk, device));
  return { swap, fails };
}

const WITH_ZSWAP = { zswap: { totalRamPages: 100 } };

/** Writes a page and pages it out. */
function putOut(swap: Swap, number: number, data: Uint8Array): void {
  assertEquals(swap.write(1, number, data), undefined);
  assertEquals(swap.swapOut(1, number), "swapped-out");
}

Deno.test("up to 6.7 a page that zswap stored is under writeback for a moment; since then it is only unlocked (swap_writepage, page_io.c, 6.1.192, 6.12.118)", () => {
  const seen = RELEASES.filter((profile) => {
    const { swap } = onDisk(profile, WITH_ZSWAP);
    swap.write(1, 0, noisy(500));
    return runUntil(swap.swapOutSteps(1, 0), "under writeback");
  });
  assertEquals(seen, [LINUX_5_10, LINUX_6_1]);
});

Deno.test("a page under writeback is copied by who writes it where its device must not see it change, and else changed in place (do_swap_page, memory.c, 6.1.192; reuse_swap_page, swapfile.c, 5.10.262)", () => {
  for (const profile of [LINUX_3_12, ...RELEASES]) {
    for (const stableWrites of [false, true]) {
      const { swap } = onDisk(profile, { stableWrites });
      swap.write(1, 0, noisy(500));
      const out = swap.swapOutSteps(1, 0);
      assert(runUntil(out, "under writeback"));
      swap.write(1, 0, noisy(600));
      runToEnd(out);
      checkSwap(swap);
      // 3.12 knows of no such device.
      const isCopied = stableWrites && profile !== LINUX_3_12;
      assertEquals(swap.typeOf(0).inUse, isCopied ? 0 : 1);
      assertEquals(swap.memory.allocatedPages, 1);
      assertEquals(swap.swapOut(1, 0), "swapped-out");
      assertEquals(swap.stats.pswpout, 2);
      assertEquals(read(swap, 0), noisy(600));
    }
  }
});

Deno.test("a page that cannot be read stays in the swap cache, and is not read again until reclaim drops it (do_swap_page, memory.c, 6.12.118)", () => {
  for (const profile of RELEASES) {
    const { swap, fails } = onDisk(profile);
    putOut(swap, 0, noisy(500));
    fails.read = true;
    assertEquals(read(swap, 0), "EIO");
    fails.read = false;
    assertEquals(read(swap, 0), "EIO");
    assertEquals(swap.write(1, 0, noisy(9)), "EIO");
    assertEquals(swap.stats.failedReads, 1);
    checkSwap(swap);
    swap.reclaim();
    assertEquals(read(swap, 0), noisy(500));
  }
});

Deno.test("a page that zswap cannot decompress is not asked of it again either, so decompress_fail rises once (swap_read_folio, page_io.c, 6.18.15)", () => {
  for (const profile of [LINUX_6_17, LINUX_6_18, LINUX_7_2, LINUX_7_3]) {
    const { swap } = onDisk(profile, WITH_ZSWAP);
    putOut(swap, 0, noisy(500));
    const { zswap } = swap;
    assert(zswap !== undefined);
    const [entry] = zswap.trees.get(0)?.entries.values() ?? [];
    const { length } = entry;
    // Of a page cut short the codec makes nothing.
    entry.length = 3;
    assertEquals([read(swap, 0), read(swap, 0)], ["EIO", "EIO"]);
    assertEquals(zswap.counters.decompress_fail, 1);
    entry.length = length;
    assertEquals(read(swap, 0), "EIO");
    swap.reclaim();
    assertEquals(read(swap, 0), noisy(500));
    assertEquals(zswap.counters.decompress_fail, 1);
  }
});

Deno.test("a page read past the swap cache is read again after an error; since 7.0 nothing is (swapin_sync, swap_state.c, 7.2.12)", () => {
  const again = RELEASES.filter((profile) => {
    const { swap, fails } = onDisk(profile, { synchronous: true });
    putOut(swap, 0, noisy(500));
    fails.read = true;
    assertEquals(read(swap, 0), "EIO");
    fails.read = false;
    const second = read(swap, 0);
    assertEquals(swap.memory.allocatedPages, 1);
    return second !== "EIO";
  });
  assertEquals(again, BEFORE_7_0);
});

Deno.test("since 7.0 a page on a fast device is in the swap cache while it is read, and its slot is free once it is mapped (should_try_to_free_swap, memory.c, 7.2.12)", () => {
  for (const profile of RELEASES) {
    const { swap } = onDisk(profile, { synchronous: true, ...WITH_ZSWAP });
    putOut(swap, 0, noisy(500));
    const [swapType] = swap.types.values();
    const into = new Uint8Array(PAGE);
    const reading = swap.readSteps(1, 0, into);
    assert(runUntil(reading, "_load, mm/"));
    assertEquals(swapType.cache.has(1), SINCE_7_0.includes(profile));
    runToEnd(reading);
    assertEquals(into, noisy(500));
    assertEquals([swapType.cache.size, swapType.inUse], [0, 0]);
    assertEquals(swap.zswap?.counters.stored_pages, 0);
    checkSwap(swap);
  }
});

Deno.test("pswpin and pswpout count what is sent, so failures too; since 7.3 a read that fails is not in pswpin (swap_read_end, page_io.c, 7.3.4)", () => {
  for (const profile of RELEASES) {
    const { swap, fails } = onDisk(profile);
    swap.write(1, 0, noisy(500));
    fails.write = true;
    assertEquals(swap.swapOut(1, 0), "refused");
    assertEquals(swap.stats.pswpout, 1);
    fails.write = false;
    assertEquals(swap.swapOut(1, 0), "swapped-out");
    fails.read = true;
    assertEquals(read(swap, 0), "EIO");
    assertEquals(swap.stats.pswpin, profile === LINUX_7_3 ? 0 : 1);
  }
});

/** What zswap gets for a slot that somebody reads past the swap cache. */
function allocWhileRead(profile: Profile): string {
  const { swap } = onDisk(profile, { synchronous: true });
  putOut(swap, 0, noisy(500));
  const reading = swap.readSteps(1, 0, new Uint8Array(PAGE));
  assert(runUntil(reading, "bio submitted"));
  const alloc = swapLayerOf(swap).allocSwapCachePage(0, 1);
  let at = alloc.next();
  while (!at.done && !isBlocked(at.value)) at = alloc.next();
  const during = at.done ? at.value : "waits";
  runToEnd(reading);
  while (!at.done) at = alloc.next();
  return `${during}, ${at.value}`;
}

Deno.test("zswap's writeback waits for who reads the page in 6.1, gives up at once since 6.8, and finds it in the swap cache since 7.0 (__read_swap_cache_async, swap_state.c, 6.1.192, 6.12.118; swap_cache_alloc_folio, 7.2.12)", () => {
  assertEquals(allocWhileRead(LINUX_6_1), "waits, no-memory");
  for (const profile of BEFORE_7_0.slice(2)) {
    assertEquals(allocWhileRead(profile), "no-memory, no-memory");
  }
  for (const profile of SINCE_7_0) {
    assertEquals(allocWhileRead(profile), "exists, exists");
  }
  // 5.10 does not know that somebody reads it.
  assertEquals(allocWhileRead(LINUX_5_10), "new, new");
});

Deno.test("a page that comes into the swap cache while zswap waits for a frame is there already, but for 6.8 to 6.19, which look no more (skip_if_exists, swap_state.c, 6.12.118)", () => {
  for (const profile of RELEASES) {
    const { swap } = onDisk(profile);
    putOut(swap, 0, noisy(500));
    const alloc = swapLayerOf(swap).allocSwapCachePage(0, 1);
    assert(runUntil(alloc, "may sleep"));
    assertEquals(read(swap, 0), noisy(500));
    const skips = BEFORE_7_0.slice(2).includes(profile);
    assertEquals(runToEnd(alloc), skips ? "no-memory" : "exists");
    assertEquals(swap.memory.allocatedPages, 1);
  }
});

Deno.test("a slot that is free gives zswap no page, which since 7.2 is ENOENT; a device that is off gives none, which since 6.13 is EEXIST (swap_cache_alloc_folio, swap_state.c, 7.2.12; zswap_writeback_entry, zswap.c, 6.17.8)", () => {
  for (const profile of RELEASES) {
    const { swap } = onDisk(profile);
    const layer = swapLayerOf(swap);
    const saysSo = profile === LINUX_7_2 || profile === LINUX_7_3;
    const free = saysSo ? "no-slot" : "no-memory";
    assertEquals(runToEnd(layer.allocSwapCachePage(0, 1)), free);
    putOut(swap, 0, noisy(500));
    const alloc = layer.allocSwapCachePage(0, 1);
    assert(runUntil(alloc, "may sleep"));
    const swapoff = swap.swapoffSteps(0);
    // Who has a reference of the device is waited for; 6.1 keeps none meanwhile.
    const isKept = runUntil(swapoff, "waits for who has the device");
    assertEquals(isKept, !BEFORE_6_8.includes(profile));
    assertEquals(runToEnd(alloc), free);
    if (isKept) assertEquals(runToEnd(swapoff), undefined);
    const before = [LINUX_5_10, LINUX_6_1, LINUX_6_12].includes(profile);
    const off = before ? "no-memory" : "exists";
    assertEquals(runToEnd(layer.allocSwapCachePage(0, 1)), off);
    assertEquals(swap.memory.allocatedPages, 1);
  }
});

/** A swap path on a zram of 63 slots, with a backing device if it is to have one. */
function onZram(
  profile: Profile,
  { isBacked = false, slots = 63 } = {},
): { swap: Swap; zram: Zram } {
  const zram = new Zram(profile, {
    backingDevices: new Map([["/dev/sda1", new RamBackingDevice(16, PAGE)]]),
  });
  if (isBacked) zram.setBackingDev("/dev/sda1");
  zram.setAlgorithm("lz4");
  zram.setDisksize((slots + 1) * PAGE);
  const swap = new Swap(profile);
  swap.swapon(zramSwapDevice(zram));
  return { swap, zram };
}

Deno.test("up to 6.2 a page that zram refuses is sent once more with a bio, and counts twice; pswpout counts it once (__swap_writepage, page_io.c, 6.1.192)", () => {
  for (const profile of RELEASES) {
    for (const isBacked of [false, true]) {
      const { swap, zram } = onZram(profile, { isBacked });
      zram.limitPages = 4;
      const outcomes = Array.from({ length: 8 }, (_, nth) => {
        swap.write(1, nth, noisy(3000, nth + 1));
        return swap.swapOut(1, nth);
      });
      const refused = outcomes.filter((one) => one === "refused").length;
      assert(refused > 0 && refused < 8);
      const twice = profile === LINUX_6_1 ||
        profile === LINUX_5_10 && !isBacked;
      assertEquals(zram.ioStat.failedWrites, refused * (twice ? 2 : 1));
      assertEquals(swap.stats.failedWrites, refused);
      assertEquals(swap.stats.pswpout, 8);
    }
  }
});

Deno.test("6.1 cannot read a page that zram wrote back without a bio, counts that as a failed read, and reads it with one (zram_bvec_read, zram_drv.c, 6.1.192)", () => {
  for (const profile of RELEASES) {
    const { swap, zram } = onZram(profile, { isBacked: true });
    putOut(swap, 0, noisy(PAGE));
    zram.writeback("huge");
    assertEquals(zram.backing?.used, 1);
    const reads = zram.ioStat.numReads;
    assertEquals(read(swap, 0), noisy(PAGE));
    const isTwice = profile === LINUX_6_1;
    assertEquals(zram.ioStat.failedReads, isTwice ? 1 : 0);
    assertEquals(zram.ioStat.numReads - reads, isTwice ? 2 : 1);
    assertEquals(swap.stats.pswpin, 1);
    assertEquals(swap.stats.failedReads, 0);
  }
});

Deno.test("5.10 takes a zram with a backing device for a slow one: a page that is read keeps its slot (zram_wb_devops, zram_drv.c, 5.10.262)", () => {
  const kept = RELEASES.filter((profile) => {
    const { swap } = onZram(profile, { isBacked: true });
    putOut(swap, 0, noisy(500));
    assertEquals(read(swap, 0), noisy(500));
    return swap.typeOf(0).inUse === 1;
  });
  assertEquals(kept, [LINUX_5_10]);
});

Deno.test("while rw_page writes a page, who wants it waits for its lock (bdev_write_page, 5.10.262)", () => {
  const { swap } = onZram(LINUX_6_1);
  swap.write(1, 0, noisy(500));
  const out = swap.swapOutSteps(1, 0);
  assert(runUntil(out, "page locked and under writeback"));
  const reading = swap.readSteps(1, 0, new Uint8Array(PAGE));
  assert(runUntil(reading, "waits for the page's lock"));
  runToEnd(out);
  runToEnd(reading);
  checkSwap(swap);
});

Deno.test("from 4.11 to 6.14 a processor keeps free slots while more than 320 are free: the device, and up to 6.8 zswap, learn with the 65th (free_swap_slot, swap_slots.c, 5.10.262, 6.12.118)", () => {
  for (const profile of RELEASES) {
    const { swap } = onDisk(profile, {
      pages: 1001,
      synchronous: true,
      zswap: { totalRamPages: 1000 },
    });
    const stored = () => swap.zswap?.counters.stored_pages;
    for (let nth = 0; nth < 65; nth++) putOut(swap, nth, noisy(100, nth + 1));
    assertEquals(stored(), 65);
    const { inUse } = swap.typeOf(0);
    const isKept = [LINUX_5_10, LINUX_6_1, LINUX_6_12].includes(profile);
    // 65 of the 128 that were taken, 64 at a time.
    assertEquals(inUse, isKept ? 128 : 65);
    for (let nth = 0; nth < 64; nth++) swap.free(1, nth);
    const isLate = isKept && profile !== LINUX_6_12;
    assertEquals(stored(), isLate ? 65 : 1);
    assertEquals(swap.typeOf(0).inUse, isKept ? 128 : 1);
    swap.free(1, 64);
    assertEquals(stored(), isLate ? 1 : 0);
    assertEquals(swap.typeOf(0).inUse, isKept ? 64 : 0);
    checkSwap(swap);
    assertEquals(swap.swapoff(0), undefined);
    assertEquals(swap.memory.allocatedPages, 0);
  }
});

Deno.test("a slot that the processor keeps gives zswap's writeback no page at once, and asks for no frame (__read_swap_cache_async, swap_state.c, 6.1.192)", () => {
  for (const profile of [LINUX_5_10, LINUX_6_1]) {
    const { swap } = onDisk(profile, { pages: 1001 });
    putOut(swap, 0, noisy(500));
    swap.free(1, 0);
    assert(swap.typeOf(0).kept.has(1));
    const alloc = swapLayerOf(swap).allocSwapCachePage(0, 1);
    const stops: string[] = [];
    let at = alloc.next();
    for (; !at.done; at = alloc.next()) stops.push(stopText(at.value));
    assertEquals(at.value, "no-memory");
    assert(!stops.some((stop) => stop.includes("may sleep")));
  }
});

Deno.test("zram learns late of a slot that is free while the processor keeps it, and at once on a device of 320 slots or fewer (THRESHOLD_ACTIVATE_SWAP_SLOTS_CACHE, swap_slots.h, 6.12.118)", () => {
  for (const slots of [320, 321]) {
    const { swap, zram } = onZram(LINUX_6_12, { slots });
    putOut(swap, 0, noisy(500));
    swap.free(1, 0);
    assertEquals(zram.ioStat.notifyFree, slots === 320 ? 1 : 0);
    assertEquals(zram.mmStat().orig_data_size, slots === 320 ? 0 : PAGE);
  }
});

Deno.test("fewer than 128 free slots end that: all that the processor keeps is free (deactivate_swap_slots_cache, swap_slots.c, 6.1.192)", () => {
  const { swap } = onDisk(LINUX_6_1, { pages: 401, synchronous: true });
  for (let nth = 0; nth < 10; nth++) putOut(swap, nth, noisy(100, nth + 1));
  for (let nth = 0; nth < 10; nth++) swap.free(1, nth);
  assertEquals(swap.typeOf(0).inUse, 64);
  let pages = 0;
  while (swap.slotCache.active) putOut(swap, pages++, noisy(100, pages));
  assertEquals(swap.typeOf(0).inUse, pages);
  assertEquals(swap.typeOf(0).kept.size, 0);
  checkSwap(swap);
});

/** Whether a page has its slot still after a process has written it, and how. */
function afterWrite(profile: Profile, isReadFirst: boolean): string {
  const { swap } = onDisk(profile, WITH_ZSWAP);
  putOut(swap, 0, noisy(500));
  if (isReadFirst) assertEquals(read(swap, 0), noisy(500));
  const frames = swap.memory.allocatedPages;
  assertEquals(swap.write(1, 0, noisy(600)), undefined);
  checkSwap(swap);
  const { slot } = swap.pageOf(1, 0) ?? {};
  const isCopied = isReadFirst && swap.memory.allocatedPages > frames;
  const inUse = swap.typeOf(0).inUse;
  assertEquals(swap.swapOut(1, 0), "swapped-out");
  assertEquals(read(swap, 0), noisy(600));
  if (slot !== undefined) return "keeps its slot";
  return isCopied ? `copied, ${inUse} in use` : `none, ${inUse} in use`;
}

Deno.test("a page that a write brings in gives its slot up, but for 7.0 to 7.2, where it is nobody else's (do_swap_page, memory.c, 6.1.192, 7.2.12, 7.3.4)", () => {
  const keep = RELEASES.filter((profile) =>
    afterWrite(profile, false) === "keeps its slot"
  );
  assertEquals(keep, [LINUX_7_0, LINUX_7_1, LINUX_7_2]);
});

Deno.test("a page that is written after it was read leaves the swap cache in 3.12, is copied in 5.10, and keeps its slot since 5.19 (do_wp_page, memory.c, 5.10.262, 6.1.192)", () => {
  assertEquals(afterWrite(LINUX_3_12, true), "none, 0 in use");
  assertEquals(afterWrite(LINUX_5_10, true), "copied, 1 in use");
  for (const profile of RELEASES.slice(1)) {
    assertEquals(afterWrite(profile, true), "keeps its slot");
  }
});

Deno.test("what 5.10 leaves in the swap cache goes with reclaim, with swapoff, or for a slot while more than half are in use (scan_swap_map_slots, swapfile.c, 5.10.262)", () => {
  const leave = () => {
    const { swap } = onDisk(LINUX_5_10, { pages: 6, ...WITH_ZSWAP });
    putOut(swap, 0, noisy(500));
    assertEquals(read(swap, 0), noisy(500));
    swap.write(1, 0, noisy(600));
    assertEquals([swap.typeOf(0).inUse, swap.typeOf(0).unused.size], [1, 1]);
    return swap;
  };
  const reclaimed = leave();
  reclaimed.reclaim();
  assertEquals(reclaimed.typeOf(0).inUse, 0);
  const off = leave();
  assertEquals(off.swapoff(0), undefined);
  assertEquals(off.memory.allocatedPages, 1);
  const full = leave();
  putOut(full, 1, noisy(100, 2));
  putOut(full, 2, noisy(100, 3));
  assertEquals(full.typeOf(0).unused.size, 1);
  putOut(full, 3, noisy(100, 4));
  assertEquals(full.typeOf(0).unused.size, 0);
  assertEquals(full.pageOf(1, 3)?.slot?.offset, 1);
  checkSwap(full);
});

Deno.test("a page mapped under a writeback that must not see it change may be somebody else's: the next write takes it from the swap cache (wp_can_reuse_anon_folio, memory.c, 7.2.12)", () => {
  for (const profile of [LINUX_6_1, LINUX_6_12, LINUX_7_3]) {
    const { swap } = onDisk(profile, { stableWrites: true });
    swap.write(1, 0, noisy(500));
    const out = swap.swapOutSteps(1, 0);
    assert(runUntil(out, "under writeback"));
    assertEquals(read(swap, 0), noisy(500));
    assertEquals(swap.pageOf(1, 0)?.exclusive, false);
    runToEnd(out);
    assertEquals(swap.typeOf(0).inUse, 1);
    swap.write(1, 0, noisy(600));
    assertEquals(swap.typeOf(0).inUse, 0);
    assertEquals(swap.pageOf(1, 0)?.exclusive, true);
    checkSwap(swap);
  }
});

Deno.test("swapoff of 5.10 maps a page that it could not read, with whatever the frame had; since 5.19 it is lost (unuse_pte, swapfile.c, 5.10.262, 6.1.192)", () => {
  for (const profile of RELEASES) {
    const { swap, fails } = onDisk(profile, {
      synchronous: true,
      memory: new Memory({ maxPages: 1 }),
    });
    putOut(swap, 0, noisy(500));
    fails.read = true;
    assertEquals(swap.swapoff(0), undefined);
    const page = swap.pageOf(1, 0);
    const isLost = profile !== LINUX_5_10;
    assertEquals(page?.lost, isLost);
    assertEquals(page?.pfn === NO_PAGE, isLost);
    assertEquals(swap.memory.allocatedPages, isLost ? 0 : 1);
    assertEquals(read(swap, 0) === "EIO", isLost);
    checkSwap(swap);
  }
});

Deno.test("5.10 loses a page that two threads read past the swap cache, where one writes it and it is out in the same slot again (do_swap_page, memory.c, 5.10.262; mended in 6.8 and 6.1.81)", () => {
  const [older, newer] = [noisy(500), noisy(600, 2)];
  for (const profile of [LINUX_5_10, LINUX_6_1]) {
    const { swap } = onDisk(profile, { synchronous: true });
    putOut(swap, 0, older);
    const into = new Uint8Array(PAGE);
    const second = swap.readSteps(1, 0, into);
    assert(runUntil(second, "page table not locked yet"));
    const first = swap.writeSteps(1, 0, newer);
    if (profile === LINUX_6_1) {
      assert(runUntil(first, "waits for the page's lock, or whoever reads it"));
      runToEnd(second);
      runToEnd(first);
      assertEquals(read(swap, 0), newer);
      continue;
    }
    runToEnd(first);
    assertEquals(swap.swapOut(1, 0), "swapped-out");
    runToEnd(second);
    assertEquals(into, older);
    assertEquals(read(swap, 0), older);
  }
});
