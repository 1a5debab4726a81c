import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  blockSwapDevice,
  checkSwap,
  InvariantError,
  LINUX_3_12,
  LINUX_6_1,
  LINUX_6_18,
  Memory,
  NO_PAGE,
  type Profile,
  pseudoSwapDevice,
  RamBackingDevice,
  randomFrom,
  runToEnd,
  Swap,
  SWAP_INVARIANTS,
  type SwapOptions,
  Zram,
  zramSwapDevice,
  zswapCounters,
} from "../mod.ts";

const SWAPPED_3_12: Profile = {
  ...LINUX_6_1,
  zswap: LINUX_3_12.zswap,
  swap: LINUX_3_12.swap,
};
const PAGE = 4096;

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

/** A swap path with a disk of 63 slots whose requests fail while told to. */
function swapWithDisk(
  profile: Profile,
  options: SwapOptions = { zswap: { totalRamPages: 100 } },
): { swap: Swap; fails: { read: boolean; write: boolean } } {
  const fails = { read: false, write: false };
  const disk = new RamBackingDevice(64, PAGE, {
    failRequest: (kind) => fails[kind],
  });
  const swap = new Swap(profile, options);
  swap.swapon(blockSwapDevice(disk));
  return { swap, fails };
}

Deno.test("after writeback a page is on the device and nowhere else, and comes back from there", () => {
  for (const profile of [SWAPPED_3_12, LINUX_6_1, LINUX_6_18]) {
    const { swap } = swapWithDisk(profile, { zswap: { totalRamPages: 30 } });
    const pages = Array.from({ length: 40 }, (_, nth) => noisy(1500, nth + 1));
    pages.forEach((page, number) => {
      swap.write(1, number, page);
      assertEquals(swap.swapOut(1, number), "swapped-out");
      checkSwap(swap);
    });
    const counters = swap.zswap && zswapCounters(swap.zswap);
    assert((counters?.written_back_pages ?? 0) > 0);
    const [swapType] = swap.types.values();
    assertEquals(
      swapType.onDevice.size + (counters?.stored_pages ?? 0),
      pages.length,
    );
    pages.forEach((page, number) => assertEquals(read(swap, number), page));
    checkSwap(swap);
  }
});

Deno.test("a page whose writeback fails is no longer zswap's and stays in the swap cache, dirty", () => {
  const { swap, fails } = swapWithDisk(SWAPPED_3_12, {
    zswap: { totalRamPages: 5 },
  });
  for (let nth = 0; nth < 3; nth++) {
    swap.write(1, nth, noisy(1500, nth + 1));
    swap.swapOut(1, nth);
  }
  fails.write = true;
  swap.write(1, 3, noisy(100));
  assertEquals(swap.swapOut(1, 3), "swapped-out");
  const [swapType] = swap.types.values();
  assertEquals([...swapType.cache.values()].map(({ dirty }) => dirty), [
    true,
    true,
  ]);
  assertEquals(swap.stats.failedWrites, 2);
  assertEquals(swap.zswap?.counters.written_back_pages, 2);
  checkSwap(swap);
  assertEquals(swap.swapOut(1, 0), "swapped-out");
  fails.write = false;
  for (let nth = 0; nth < 3; nth++) {
    assertEquals(read(swap, nth), noisy(1500, nth + 1));
  }
});

Deno.test("3.12 loses a page: written under writeback, refused, and overwritten by the older one", () => {
  const { swap } = swapWithDisk(SWAPPED_3_12);
  const [older, newer] = [noisy(500), noisy(PAGE)];
  swap.write(1, 0, older);
  const out = swap.swapOutSteps(1, 0);
  while (!String(out.next().value).includes("under writeback"));
  // The page is changed where it is, in the swap cache, and keeps its slot.
  swap.write(1, 0, newer);
  runToEnd(out);
  // zswap refuses the newer one, and has the older one still.
  assertEquals(swap.swapOut(1, 0), "swapped-out");
  const error = assertThrows(() => checkSwap(swap), InvariantError);
  assertEquals(error.id, "swap/one-place");
  const pool = swap.zswap?.pools.list[0];
  assertEquals(pool?.zpool.shrink(1).errno, undefined);
  assertEquals(read(swap, 0), older);
});

Deno.test("a page read into the swap cache and not written is swapped out again without being stored", () => {
  for (const [profile, stores] of [[LINUX_6_1, 1], [LINUX_6_18, 2]] as const) {
    const { swap } = swapWithDisk(profile);
    let compressed = 0;
    const { zswap } = swap;
    if (zswap === undefined) throw new Error("no zswap");
    swap.write(1, 0, noisy(500));
    swap.swapOut(1, 0);
    const store = zswap.storeSteps.bind(zswap);
    zswap.storeSteps = (...args) => {
      compressed++;
      return store(...args);
    };
    assertEquals(read(swap, 0), noisy(500));
    assertEquals(swap.pageOf(1, 0)?.slot?.offset, 1);
    // 6.18 gave its entry up when the page came in: the page is dirty.
    assertEquals(swap.swapOut(1, 0), "swapped-out");
    assertEquals(1 + compressed, stores);
    checkSwap(swap);
  }
});

Deno.test("a device as fast as memory is read past the swap cache: the slot is free at once", () => {
  for (const profile of [LINUX_6_1, LINUX_6_18]) {
    const swap = new Swap(profile, { zswap: { totalRamPages: 100 } });
    const disk = new RamBackingDevice(64, PAGE);
    swap.swapon(blockSwapDevice(disk, { synchronous: true }));
    swap.write(1, 0, noisy(500));
    swap.swapOut(1, 0);
    assertEquals(read(swap, 0), noisy(500));
    assertEquals(swap.types.get(0)?.inUse, 0);
    assertEquals(swap.zswap?.counters.stored_pages, 0);
  }
});

Deno.test("pages of zeros are bits in 6.18 and take no object and no write", () => {
  const { swap } = swapWithDisk(LINUX_6_18);
  swap.write(1, 0, new Uint8Array(PAGE));
  assertEquals(swap.swapOut(1, 0), "swapped-out");
  assertEquals(swap.types.get(0)?.zeromap.size, 1);
  assertEquals(swap.memory.allocatedPages, 0);
  assertEquals(read(swap, 0), new Uint8Array(PAGE));
});

Deno.test("the bit of an older page of zeros goes when its slot is stored again", () => {
  const { swap } = swapWithDisk(LINUX_6_18);
  swap.write(1, 0, noisy(500));
  swap.typeOf(0).zeromap.add(1);
  assertEquals(swap.swapOut(1, 0), "swapped-out");
  assertEquals(swap.pageOf(1, 0)?.slot?.offset, 1);
  assertEquals(read(swap, 0), noisy(500));
});

Deno.test("zram and zswap without writeback refuse when full, keep what they have and lose nothing", () => {
  const pages = Array.from({ length: 60 }, (_, nth) => noisy(1500, nth + 1));
  const zram = new Zram(LINUX_6_18);
  zram.setAlgorithm("lz4");
  zram.setDisksize(64 * PAGE);
  zram.limitPages = 16;
  const onZram = new Swap(LINUX_6_18);
  onZram.swapon(zramSwapDevice(zram));
  const alone = { totalRamPages: 80, writeback: false, compressor: "lz4" };
  const machines = [
    onZram,
    ...[LINUX_6_1, LINUX_6_18].map((profile) => {
      const zpool = "zsmalloc" as const;
      const swap = new Swap(profile, { zswap: { ...alone, zpool } });
      swap.swapon(pseudoSwapDevice(64));
      return swap;
    }),
  ];
  const places = machines.map((swap) => {
    const outcomes = pages.map((page, number) => {
      swap.write(1, number, page);
      const outcome = swap.swapOut(1, number);
      checkSwap(swap);
      return outcome;
    });
    const held = outcomes.indexOf("refused");
    assert(outcomes.slice(held).every((outcome) => outcome === "refused"));
    assert(held > 20 && held < 50);
    const [swapType] = swap.types.values();
    const dirty = [...swapType.cache.values()].filter(({ dirty }) => dirty);
    assertEquals(dirty.length, pages.length - held);
    pages.forEach((page, number) => assertEquals(read(swap, number), page));
    return swap.stats.failedWrites > 0 ? "tried" : "kept back";
  });
  // zram is written to and fails; zswap of 6.18 keeps its pages from the device.
  assertEquals(places, ["tried", "tried", "kept back"]);
});

Deno.test("a slot that is free is freed in zram at once, and its blocks of the backing device with it", () => {
  const backing = new RamBackingDevice(16, PAGE);
  const zram = new Zram(LINUX_6_1, {
    backingDevices: new Map([["/dev/sda1", backing]]),
  });
  zram.setBackingDev("/dev/sda1");
  zram.setAlgorithm("lz4");
  zram.setDisksize(32 * PAGE);
  const swap = new Swap(LINUX_6_1);
  swap.swapon(zramSwapDevice(zram));
  for (let nth = 0; nth < 8; nth++) {
    swap.write(1, nth, noisy(PAGE, nth + 1));
    swap.swapOut(1, nth);
  }
  zram.writeback("huge");
  assertEquals(zram.backing?.used, 8);
  assertEquals(read(swap, 0), noisy(PAGE, 1));
  assertEquals(zram.backing?.used, 7);
  swap.exit(1);
  assertEquals(zram.backing?.used, 0);
  assertEquals(zram.mmStat().orig_data_size, 0);
  checkSwap(swap);
});

Deno.test("swapoff brings every page in, fails without memory for them, and loses those that cannot be read", () => {
  const memory = new Memory({ maxPages: 6 });
  const { swap, fails } = swapWithDisk(LINUX_6_1, { memory });
  for (let nth = 0; nth < 6; nth++) {
    swap.write(1, nth, noisy(PAGE, nth + 1));
    swap.swapOut(1, nth);
  }
  swap.write(2, 0, noisy(10));
  assertEquals(swap.swapoff(0), "ENOMEM");
  checkSwap(swap);
  assertEquals(swap.swapOut(2, 0), "swapped-out");
  swap.free(2, 0);
  fails.read = true;
  swap.swapOut(1, 5);
  const last = swap.pageOf(1, 5);
  assertEquals(swap.swapoff(0), undefined);
  assertEquals([last?.lost, last?.pfn], [true, NO_PAGE]);
  assertEquals(read(swap, 5), "EIO");
  checkSwap(swap);
});

Deno.test("without a free slot a page stays mapped; the next device is used when the first is full", () => {
  const swap = new Swap(LINUX_6_1);
  swap.swapon(blockSwapDevice(new RamBackingDevice(2, PAGE)));
  swap.write(1, 0, noisy(100));
  swap.write(1, 1, noisy(100));
  assertEquals(swap.swapOut(1, 0), "swapped-out");
  assertEquals(swap.swapOut(1, 1), "no-slot");
  swap.swapon(blockSwapDevice(new RamBackingDevice(2, PAGE)));
  assertEquals(swap.swapOut(1, 1), "swapped-out");
  assertEquals(swap.pageOf(1, 1)?.slot, { type: 1, offset: 1 });
  assertEquals(swap.swapOut(1, 7), "busy");
});

Deno.test("a page that goes to a device or is asked of it is counted, whether that fails or not", () => {
  for (const profile of [SWAPPED_3_12, LINUX_6_1, LINUX_6_18]) {
    const { swap, fails } = swapWithDisk(profile, {});
    swap.write(1, 0, noisy(500));
    fails.write = true;
    assertEquals(swap.swapOut(1, 0), "refused");
    assertEquals([swap.stats.pswpout, swap.stats.failedWrites], [1, 1]);
    fails.write = false;
    assertEquals(swap.swapOut(1, 0), "swapped-out");
    assertEquals([swap.stats.pswpout, swap.stats.failedWrites], [2, 1]);
    fails.read = true;
    assertEquals(read(swap, 0), "EIO");
    assertEquals([swap.stats.pswpin, swap.stats.failedReads], [1, 1]);
    fails.read = false;
    swap.reclaim();
    assertEquals(read(swap, 0), noisy(500));
    assertEquals([swap.stats.pswpin, swap.stats.failedReads], [2, 1]);
    checkSwap(swap);
  }
});

Deno.test("a page that is read back keeps its slot until more than half of all slots are in use", () => {
  const kept = [2, 3].map((others) => {
    const swap = new Swap(LINUX_6_1);
    swap.swapon(blockSwapDevice(new RamBackingDevice(7, PAGE)));
    for (let number = 0; number <= others; number++) {
      swap.write(1, number, noisy(500, number + 1));
      assertEquals(swap.swapOut(1, number), "swapped-out");
    }
    // Six slots, of which three or four are in use.
    assertEquals(read(swap, 0), noisy(500, 1));
    return swap.pageOf(1, 0)?.slot !== undefined;
  });
  assertEquals(kept, [true, false]);
});

/** What breaks each rule about the swap path. */
const BREAKS: Readonly<Record<string, (swap: Swap) => void>> = {
  "swap/slot-users": (swap) => {
    swap.typeOf(0).map[1]++;
  },
  "swap/one-place": (swap) => {
    swap.typeOf(0).onDevice.add(1);
  },
  "swap/free-slot": (swap) => {
    swap.typeOf(0).onDevice.add(9);
  },
  "swap/mapped": (swap) => swap.mapped.delete(swap.pageOf(1, 1)?.pfn ?? 0),
  "swap/frames": (swap) => {
    swap.memory.allocPage();
  },
  "swap/failed-io": ({ stats }) => {
    stats.failedReads++;
  },
  "swap/in-use": (swap) => {
    swap.typeOf(0).inUse++;
  },
};

Deno.test("each rule about the swap path is broken by what it forbids", () => {
  const ids = SWAP_INVARIANTS.map(({ id }) => id);
  assertEquals(Object.keys(BREAKS), ids);
  for (const [id, breakIt] of Object.entries(BREAKS)) {
    const { swap } = swapWithDisk(LINUX_6_1);
    swap.write(1, 0, noisy(500));
    swap.write(1, 1, noisy(500));
    swap.swapOut(1, 0);
    checkSwap(swap);
    breakIt(swap);
    assertEquals(assertThrows(() => checkSwap(swap), InvariantError).id, id);
  }
});
